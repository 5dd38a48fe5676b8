import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../../src/kernel/assert.ts'
import * as kv from '../../src/store/etcd/rpc/kv.ts'
import { snapshotRequest } from '../../src/store/etcd/rpc/maintenance.ts'
import type { StoreMemberOptions } from '../support/store-member.ts'
import { until } from '../support/until.ts'
import { benchCalls } from './calls.ts'
import { etcdInstalled, startEtcd } from './etcd.ts'
import { leaderOf, statusOf } from './leader.ts'
import { LeanSession, type Target } from './lean/session.ts'
import { measure } from './measure.ts'
import { startQuorate } from './quorate.ts'
import type { Stall } from './stall-probe.ts'
import { leaderSessions } from './store.ts'
import type { EmbeddedSystem, System } from './systems.ts'
import { loadKeys, manyKeyOf, overGrpc, valueBytes, writeOverGrpc } from './workloads.ts'
import { worstPutDuring } from './worst-put.ts'

/** Figures of one system, by name of the row. */
type Column = Map<string, string>

const waitMs = 600_000

/** Snapshots come sooner than by default: the run has to see one. */
const storeOptions: StoreMemberOptions['store'] = {
  snapshotEntries: 3_000,
  quotaBytes: 8 * 2 ** 30,
  autoCompaction: { mode: 'off', retention: 1 },
}

/**
 * A large store: `--count N` keys (a million) of 256 B. Memory, disk, restart, an empty member that
 * joins, and how long the consensus thread and a writer are held up meanwhile; beside etcd. A stall
 * is printed as clock/own/sync/collection: the longest by the clock, its processor time, the longest
 * sync, the longest garbage collection by the clock. `--only quorate`: without etcd. `--calls`: only
 * the calls that touch much of a large store.
 */
export async function benchKeys(args: readonly string[]): Promise<void> {
  const at = args.indexOf('--count')
  const count = at < 0 ? 1_000_000 : Number(args[at + 1])
  const alone = args.includes('--only') || !etcdInstalled()
  const ours = () => startQuorate({ store: storeOptions })
  const starts = alone ? [ours] : [ours, () => startEtcd(false)]
  const columns: [string, Column][] = []
  for (const start of starts) {
    const system = await start()
    try {
      columns.push([system.name, await columnOf(system, count, args.includes('--calls'))])
    } finally {
      await system.stop()
    }
  }
  say(`\n${count} keys of ${valueBytes} B, 3 members, one after the other in one run`)
  const rows = columns[0]?.[1].keys() ?? []
  say(`${''.padEnd(40)}${columns.map(([name]) => name.padStart(22)).join('')}`)
  for (const row of rows) {
    say(`${row.padEnd(40)}${columns.map(([, c]) => (c.get(row) ?? '-').padStart(22)).join('')}`)
  }
}

async function columnOf(system: System, count: number, callsOnly: boolean): Promise<Column> {
  const column: Column = new Map()
  const set = (row: string, value: string) => {
    column.set(row, value)
    say(`${system.name}: ${row}: ${value}`)
  }
  const during = async (name: string, work: () => Promise<unknown>) => {
    await stalls(system)
    const { worstMs, tookMs } = await worstPutDuring(system, work)
    set(`${name}: time, s`, (tookMs / 1_000).toFixed(1))
    set(`${name}: stall, ms`, await stalls(system))
    set(`${name}: longest put, ms`, worstMs.toFixed(0))
  }
  await during('load', () => load(system, 0, count))
  set('memory of leader, followers, MB', memoryOf(system))
  set('disk of a member, MB', megabytes(diskOf(system.dataOf(0))))
  await during('nothing', () => new Promise(resolve => setTimeout(resolve, 5_000)))
  await benchCalls(system, during)
  if (callsOnly) return column
  await during('snapshot taking', () => untilSnapshot(system))
  await during('restart of a follower', () => restart(system, count))
  await during('Maintenance/Snapshot', () => streamSnapshot(system))
  await during('empty member', () => join4(system))
  await during('500,000 overwritten', () => load(system, 0, Math.min(count, 500_000)))
  await during('compaction', () => compact(system))
  set('memory at the end, MB', memoryOf(system))
  set('disk at the end, MB', megabytes(diskOf(system.dataOf(0))))
  return column
}

async function load(system: System, from: number, to: number): Promise<void> {
  if ('ask' in system) {
    await (system as EmbeddedSystem).ask({ type: 'load', from, to }, 'loaded')
    return
  }
  const sessions = await leaderSessions(system)
  await loadKeys({ from, to }, writeOverGrpc(sessions))
  for (const session of sessions) session.close()
}

/** The leader's longest stall since the last question; a running fourth member's as well. */
async function stalls(system: System): Promise<string> {
  if (!('ask' in system)) return '-'
  const { ask, pids } = system as EmbeddedSystem
  const all = [(await ask({ type: 'stall' }, 'stalled')).stall]
  if (pids().length > 3) all.push((await ask({ type: 'stall' }, 'stalled', 3)).stall)
  return all.map(textOf).join(', ')
}

/** Clock, own, longest sync, longest collection; milliseconds. */
export function textOf({ wallMs, ownMs, syncMs, gcMs }: Stall): string {
  return [wallMs, ownMs, syncMs, gcMs].map(ms => ms.toFixed(0)).join('/')
}

/** Small writes until the leader has written one more snapshot of its own accord. */
async function untilSnapshot(system: System): Promise<void> {
  if (!('ask' in system)) return
  const { n } = must(await leaderOf(system.targets), 'a leader')
  const found = () =>
    readdirSync(system.dataOf(n))
      .filter(name => name.endsWith('.snap'))
      .join()
  const before = found()
  const sessions = await leaderSessions(system)
  await until(
    'a snapshot',
    async () => {
      await measure(overGrpc(sessions, 'put'), 32, 500)
      const now = found()
      return now !== '' && now !== before
    },
    waitMs,
  )
  for (const session of sessions) session.close()
}

async function restart(system: System, count: number): Promise<void> {
  const leader = must(await leaderOf(system.targets), 'a leader').n
  const n = (leader + 1) % 3
  await system.kill(n)
  const begun = performance.now()
  await system.restart(n)
  await caughtUp(system, system.targets[n]!, manyKeyOf(count - 1))
  say(`${system.name}: a member that was killed serves after ${secondsSince(begun)} s`)
}

async function join4(system: System): Promise<void> {
  const sessions = await leaderSessions(system)
  let joined = false
  const writing = (async () => {
    while (!joined) await measure(overGrpc(sessions, 'put'), 16, 500)
  })()
  try {
    await caughtUp(system, await system.join(), manyKeyOf(0))
  } finally {
    joined = true
    await writing
    for (const session of sessions) session.close()
  }
}

/** Until `target` reads `key` and has the revision that the leader had when this was called. */
async function caughtUp(system: System, target: Target, key: string): Promise<void> {
  const { n } = must(await leaderOf(system.targets), 'a leader')
  const revision = must(await statusOf(system.targets[n]!), 'its status').revision
  const request = kv.rangeRequest.encode({ key, serializable: true })
  await until(
    'the member has caught up',
    async () => {
      const session = await LeanSession.open(target)
      try {
        const answer = kv.rangeResponse.decode(
          await session.unary('/etcdserverpb.KV/Range', request),
        )
        return answer.kvs.length > 0 && (answer.header?.revision ?? 0) >= revision
      } finally {
        session.close()
      }
    },
    waitMs,
  )
}

async function streamSnapshot(system: System): Promise<void> {
  const [session] = await leaderSessions(system, 1)
  await new Promise<void>(resolve => {
    const path = '/etcdserverpb.Maintenance/Snapshot'
    session!.stream(path, snapshotRequest.encode({}), () => {}, resolve)
  })
  session!.close()
}

async function compact(system: System): Promise<void> {
  const { n } = must(await leaderOf(system.targets), 'a leader')
  const { revision } = must(await statusOf(system.targets[n]!), 'its status')
  const [session] = await leaderSessions(system, 1)
  const request = kv.compactionRequest.encode({ revision, physical: true })
  await session!.unary('/etcdserverpb.KV/Compact', request)
  session!.close()
  // What goes on afterwards counts as well.
  await new Promise(resolve => setTimeout(resolve, 3_000))
}

function memoryOf(system: System): string {
  return system
    .pids()
    .map(pid => /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1])
    .map(kilobytes => Math.round(Number(kilobytes) / 1_024))
    .join(' ')
}

export function diskOf(folder: string): number {
  let bytes = 0
  for (const entry of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const stat = statSync(join(folder, entry), { throwIfNoEntry: false })
    // What was allotted: etcd's log is sparse at its end.
    if (stat?.isFile()) bytes += stat.blocks * 512
  }
  return bytes
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0)
}

function secondsSince(begun: number): string {
  return ((performance.now() - begun) / 1_000).toFixed(1)
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
