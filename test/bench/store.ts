import { must } from '../../src/kernel/assert.ts'
import { etcdInstalled, startEtcd } from './etcd.ts'
import { leaderOf } from './leader.ts'
import { LeanSession } from './lean/session.ts'
import { type Figures, measure, medianOf } from './measure.ts'
import { startQuorate } from './quorate.ts'
import type { EmbeddedSystem, System } from './systems.ts'
import { watchFigures } from './watch.ts'
import { overGrpc, valueBytes, type Workload, workloads } from './workloads.ts'

const levels = [1, 16, 128, 512]
const rounds = Number(process.env.QUORATE_BENCH_ROUNDS ?? 3)
const durationMs = Number(process.env.QUORATE_BENCH_MS ?? 2_000)
const connections = 8
const warmUpOutstanding = 64

/** One way to ask a system: what is compared. */
interface Way {
  readonly name: string
  /** The way whose figures are 1.00x. */
  readonly peer: string
  run(workload: Workload, outstanding: number): Promise<Figures>
}

/**
 * Puts, reads and transactions of 256 B through three members; then events to 100 watchers. Our
 * store is asked from within, as the API server asks it, beside an etcd without TLS; and over gRPC
 * with TLS, beside an etcd with TLS, by the same client.
 */
export async function benchStore(only: readonly string[]): Promise<void> {
  const ours = await startQuorate()
  const etcds: System[] = []
  if (etcdInstalled()) etcds.push(await startEtcd(false), await startEtcd(true))
  else say('etcd is not here (Debian: apt-get install etcd-server): no ratios')
  try {
    const ways = await waysOf(ours, etcds)
    for (const way of ways) await way.run('put', warmUpOutstanding)
    for (const workload of workloads) {
      if (only.length === 0 || only.includes(workload)) await compare(ways, workload)
    }
    if (only.length === 0 || only.includes('watch')) await watch([ours, ...etcds.slice(1)])
  } finally {
    for (const system of [ours, ...etcds]) await system.stop()
  }
}

async function waysOf(ours: EmbeddedSystem, etcds: readonly System[]): Promise<Way[]> {
  const ways: Way[] = [
    {
      name: 'quorate inside',
      peer: 'etcd plain',
      run: (workload, outstanding) => ours.measureInside(workload, outstanding, durationMs),
    },
    await overWire('quorate gRPC', 'etcd', ours),
  ]
  for (const etcd of etcds) ways.push(await overWire(etcd.name, etcd.name, etcd))
  return ways
}

async function overWire(name: string, peer: string, system: System): Promise<Way> {
  const sessions = await leaderSessions(system)
  return {
    ...{ name, peer },
    run: (workload, outstanding) => measure(overGrpc(sessions, workload), outstanding, durationMs),
  }
}

/** Connections to the member that leads. */
export async function leaderSessions(system: System, count = connections): Promise<LeanSession[]> {
  const { n } = must(await leaderOf(system.targets), `${system.name} has a leader`)
  return Promise.all(Array.from({ length: count }, () => LeanSession.open(system.targets[n]!)))
}

async function compare(ways: readonly Way[], workload: Workload): Promise<void> {
  say(`\n${workload}, ${valueBytes} B, 3 members, median of ${rounds} rounds of ${durationMs} ms`)
  say('outstanding  way                  /s   p50 ms   p99 ms   failed   ratio')
  for (const outstanding of levels) {
    const found = new Map<string, Figures[]>(ways.map(({ name }) => [name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const way of ways) found.get(way.name)?.push(await way.run(workload, outstanding))
    }
    const medians = new Map(ways.map(({ name }) => [name, medianOf(found.get(name) ?? [])]))
    for (const { name, peer } of ways) say(line(name, medians.get(name), medians.get(peer)))
  }
}

function line(name: string, figures: Figures | undefined, peer: Figures | undefined): string {
  if (figures === undefined) return name
  const ratio = peer ? `${(figures.perSecond / peer.perSecond).toFixed(2)}x` : '-'
  return [
    String(figures.outstanding).padStart(11),
    name.padEnd(15),
    String(figures.perSecond).padStart(8),
    figures.p50Ms.toFixed(2).padStart(8),
    figures.p99Ms.toFixed(2).padStart(8),
    String(figures.failed).padStart(8),
    ratio.padStart(7),
  ].join(' ')
}

async function watch(systems: readonly System[]): Promise<void> {
  say(`\nput to event at 100 watchers, 200 puts/s, ${rounds} rounds in turns`)
  for (let round = 0; round < rounds; round++) {
    for (const system of systems) {
      const { events, p50Ms, p99Ms } = await watchFigures(system)
      const figures = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`
      say(`${system.name.padEnd(12)} ${figures}, ${events} events`)
    }
  }
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}
