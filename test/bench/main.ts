import { etcdInstalled, startEtcd } from './etcd.ts'
import { startQuorate } from './quorate.ts'
import type { PutFigures } from './store.ts'
import type { System } from './types.ts'

/**
 * `npm run bench [-- store]`: puts of 256 B through three members, beside etcd in turns in the same
 * run where it is installed. Ratios of one run are what counts: machines differ, and drift.
 */
const levels = [1, 16, 128, 512]
const rounds = Number(process.env.QUORATE_BENCH_ROUNDS ?? 3)
const durationMs = Number(process.env.QUORATE_BENCH_MS ?? 2_000)
const benches = ['store']

const [name = 'store'] = process.argv.slice(2)
if (!benches.includes(name)) {
  process.stderr.write(`no benchmark "${name}"; there is: ${benches.join(', ')}\n`)
  process.exit(2)
}
const systems: System[] = [await startQuorate()]
if (etcdInstalled()) systems.push(await startEtcd())
else process.stdout.write('etcd is not here (Debian: apt-get install etcd-server): no ratios\n')
try {
  await run(systems)
} finally {
  for (const system of systems) await system.stop()
}
process.exit(0)

async function run(all: readonly System[]): Promise<void> {
  for (const system of all) await system.measure(64, durationMs / 2)
  process.stdout.write(`puts of 256 B, 3 members, median of ${rounds} rounds of ${durationMs} ms\n`)
  process.stdout.write('outstanding  system     puts/s   p50 ms   p99 ms   failed   ratio\n')
  for (const outstanding of levels) {
    const figures = new Map<string, PutFigures[]>(all.map(system => [system.name, []]))
    for (let round = 0; round < rounds; round++) {
      for (const system of all) {
        figures.get(system.name)?.push(await system.measure(outstanding, durationMs))
      }
    }
    const peer = medianOf(figures.get('etcd') ?? [])
    for (const system of all) {
      const own = medianOf(figures.get(system.name) ?? [])
      if (own) process.stdout.write(line(system.name, own, peer))
    }
  }
}

function line(system: string, figures: PutFigures, peer: PutFigures | undefined): string {
  const ratio = peer ? `${(figures.putsPerSecond / peer.putsPerSecond).toFixed(2)}x` : '-'
  const cells = [
    String(figures.outstanding).padStart(11),
    system.padEnd(8),
    String(figures.putsPerSecond).padStart(8),
    figures.p50Ms.toFixed(2).padStart(8),
    figures.p99Ms.toFixed(2).padStart(8),
    String(figures.failed).padStart(8),
    ratio.padStart(7),
  ]
  return `${cells.join(' ')}\n`
}

/** The round with the median throughput. */
function medianOf(figures: readonly PutFigures[]): PutFigures | undefined {
  const sorted = [...figures].sort((a, b) => a.putsPerSecond - b.putsPerSecond)
  return sorted[sorted.length >> 1]
}
