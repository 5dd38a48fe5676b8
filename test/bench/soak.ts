import { readFileSync } from 'node:fs'
import { must } from '../../src/kernel/assert.ts'
import { storeSettings } from '../support/store-cluster.ts'
import type { StoreMemberOptions } from '../support/store-member.ts'
import { diskOf, textOf } from './keys.ts'
import { startQuorate } from './quorate.ts'
import type { EmbeddedSystem } from './systems.ts'

const store: StoreMemberOptions['store'] = {
  ...storeSettings,
  autoCompaction: { mode: 'revision', retention: 10_000 },
}

/** Writes under way; each writer has keys of its own: 100,000 in all. */
const writers = 400
const keysPerWriter = 250
/** Writes before anything is measured: each key was there, and the log has come round a few times. */
const warmUpWrites = 400_000
const sliceMs = 2_000
const lineMs = 60_000
/** What the last tenth may use, as a multiple of what the first tenth used. */
const growthMax = 1.5

/** The most that a member used. */
interface Use {
  readonly rssBytes: number
  readonly diskBytes: number
}

/**
 * Puts, deletes, empty values and locks at full load over 100,000 keys, with compactions going on:
 * `--writes N` (20 million). A line each minute. Nobody has a reason to elect after the first term. Fails when memory or disk go on
 * growing: the highest of the last tenth against the highest of the first, for both go up and down
 * with each snapshot.
 */
export async function benchSoak(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--writes')
  const writes = at < 0 ? 20_000_000 : Number(args[at + 1])
  const system = await startQuorate({ store })
  try {
    const [first, last] = await soak(system, writes)
    const { status } = await system.ask({ type: 'status' }, 'status')
    say(`elections since the start: ${status.term - 1}`)
    const memory = last.rssBytes / first.rssBytes
    const disk = last.diskBytes / first.diskBytes
    say(`last tenth against first: memory ${memory.toFixed(2)}x, disk ${disk.toFixed(2)}x`)
    if (memory > growthMax || disk > growthMax) {
      say(`it grows: more than ${growthMax}x`)
      process.exitCode = 1
    }
  } finally {
    await system.stop()
  }
}

/** The highest use in the first tenth and in the last. */
async function soak(system: EmbeddedSystem, writes: number): Promise<readonly [Use, Use]> {
  let first: Use = { rssBytes: 0, diskBytes: 0 }
  let last = first
  let done = -warmUpWrites
  let since = { at: performance.now(), done }
  while (done < writes) {
    const { perSecond, failed } = await system.measureInside(
      'mixed',
      writers,
      sliceMs,
      Math.floor((done + warmUpWrites) / writers),
      keysPerWriter,
    )
    if (failed > 0) say(`${failed} writes failed`)
    done += Math.round((perSecond * sliceMs) / 1_000)
    if (done <= 0) continue
    const use = usageOf(system)
    if (done <= writes / 10 || first.rssBytes === 0) first = higher(first, use)
    if (done > (writes / 10) * 9) last = higher(last, use)
    const now = performance.now()
    if (now - since.at < lineMs && done < writes) continue
    await line(system, done, ((done - since.done) * 1_000) / (now - since.at), use)
    since = { at: now, done }
  }
  return [first, last]
}

async function line(system: EmbeddedSystem, done: number, perSecond: number, use: Use) {
  const { status } = await system.ask({ type: 'status' }, 'status')
  const { stall } = await system.ask({ type: 'stall' }, 'stalled')
  const mega = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`
  say(
    [
      `${(done / 1e6).toFixed(2)} M writes`,
      `${perSecond.toFixed(0)} writes/s`,
      `RSS ${mega(use.rssBytes)}`,
      `db ${mega(status.dbBytes)}`,
      `log ${mega(status.walBytes)}`,
      `disk ${mega(use.diskBytes)}`,
      `term ${status.term}`,
      `tick late ${status.tickLateMs.max.toFixed(0)} ms`,
      `stall ${textOf(stall)} ms`,
    ].join(', '),
  )
}

function usageOf(system: EmbeddedSystem): Use {
  const uses = system.pids().map((pid, n) => {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8')
    const kilobytes = must(/VmRSS:\s+(\d+) kB/.exec(status)?.[1], 'VmRSS')
    return { rssBytes: Number(kilobytes) * 1_024, diskBytes: diskOf(system.dataOf(n)) }
  })
  return uses.reduce(higher)
}

function higher(left: Use, right: Use): Use {
  return {
    rssBytes: Math.max(left.rssBytes, right.rssBytes),
    diskBytes: Math.max(left.diskBytes, right.diskBytes),
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
