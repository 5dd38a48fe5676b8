import fs from 'node:fs'
import { Session } from 'node:inspector'
import { syncBuiltinESMExports } from 'node:module'
import { PerformanceObserver } from 'node:perf_hooks'
import { BroadcastChannel, isMainThread } from 'node:worker_threads'

/**
 * Loaded into every thread of a measured member (NODE_OPTIONS=--import=...): it measures how long
 * the consensus thread was away from its event loop, and how much of it was work: waiting for a core
 * or for the disk is what others on the machine cause as well. With QUORATE_BENCH_PROFILE=FOLDER it also writes a
 * CPU profile of the thread.
 */
export const stallChannel = 'bench-stalls'

/** The longest since the last question, milliseconds. Linux; elsewhere `ownMs` is as `wallMs`. */
export interface Stall {
  /** By the clock. */
  readonly wallMs: number
  /** The processor time of it: without waiting for a core, the disk, or a collector's helpers. */
  readonly ownMs: number
  /** One sync of a file or folder. */
  readonly syncMs: number
  /** One garbage collection, by the clock. */
  readonly gcMs: number
}

const periodMs = 5
const none: Stall = { wallMs: 0, ownMs: 0, syncMs: 0, gcMs: 0 }

if (!isMainThread) watch()

function watch(): void {
  const channel = new BroadcastChannel(stallChannel)
  const endProfile = beginProfile(process.env.QUORATE_BENCH_PROFILE)
  let worst = none
  const note = (found: Partial<Stall>) => {
    const most = { ...worst }
    for (const name of Object.keys(found) as (keyof Stall)[]) {
      most[name] = Math.max(worst[name], found[name] ?? 0)
    }
    worst = most
  }
  let lastAt = performance.now()
  let lastCpu = cpuMs()
  timeSyncs(ms => note({ syncMs: ms }))
  new PerformanceObserver(list => {
    for (const { duration } of list.getEntries()) note({ gcMs: duration })
  }).observe({ entryTypes: ['gc'] })
  setInterval(() => {
    const now = performance.now()
    const cpu = cpuMs()
    const wallMs = Math.max(0, now - lastAt - periodMs)
    note({ wallMs, ownMs: Math.min(wallMs, cpu - lastCpu) })
    lastAt = now
    lastCpu = cpu
  }, periodMs).unref()
  channel.onmessage = (event: unknown) => {
    const { data } = event as { readonly data: unknown }
    if (data !== 'ask' && data !== 'end') return
    if (data === 'end') endProfile()
    channel.postMessage(worst)
    worst = none
  }
  ;(channel as unknown as { unref(): void }).unref()
}

/** Times the calls that wait for the disk. */
function timeSyncs(onSync: (ms: number) => void): void {
  for (const name of ['fdatasyncSync', 'fsyncSync'] as const) {
    const original = fs[name]
    fs[name] = descriptor => {
      const at = performance.now()
      original(descriptor)
      onSync(performance.now() - at)
    }
  }
  syncBuiltinESMExports()
}

/** How long this thread has run since it began. Source: Linux sched-stats.rst. */
function cpuMs(): number {
  try {
    return Number(fs.readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ')[0]) / 1e6
  } catch {
    return performance.now()
  }
}

function beginProfile(folder: string | undefined): () => void {
  if (folder === undefined) return () => {}
  const session = new Session()
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.start')
  return () => {
    session.post('Profiler.stop', (_error, { profile }) => {
      fs.writeFileSync(`${folder}/consensus-${process.pid}.cpuprofile`, JSON.stringify(profile))
    })
  }
}
