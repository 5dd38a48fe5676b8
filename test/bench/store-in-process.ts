import { TestCluster } from '../unit/store/cluster.ts'
import { measurePuts } from './store.ts'

/**
 * Three replicas in this process, on this machine's disk, over memory: what the driver itself costs,
 * without sockets. All three share one thread, so a real cluster does better.
 */
const cluster = new TestCluster(['a', 'b', 'c'], { walSegmentBytes: 8 << 20 })
await cluster.openAll()
const leader = await cluster.leader()
for (const outstanding of [1, 16, 128, 512]) {
  const { putsPerSecond, p50Ms, p99Ms, failed } = await measurePuts(leader, outstanding, 3_000)
  const latency = `p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`
  console.log(`${outstanding} outstanding: ${putsPerSecond} puts/s, ${latency}, ${failed} failed`)
}
console.log(JSON.stringify((await leader.status()).fsyncMs))
await cluster.close()
