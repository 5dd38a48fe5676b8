import { sleep } from '../../src/kernel/clock.ts'
import { putRequest } from '../../src/store/etcd/rpc/kv.ts'
import { watchRequest, watchResponse } from '../../src/store/etcd/rpc/watch.ts'
import { Samples } from '../../src/store/samples.ts'
import { leaderSessions } from './store.ts'
import type { System } from './systems.ts'

const watchers = 100
const connections = 10
const putsPerSecond = 200
const durationMs = Number(process.env.QUORATE_BENCH_MS ?? 2_000) * 2
const prefix = 'watched/'
const valueBytes = 256

/** From the put's call to its event at each of 100 watchers; the value says when it was sent. */
export async function watchFigures(
  system: System,
): Promise<{ readonly events: number; readonly p50Ms: number; readonly p99Ms: number }> {
  const sessions = await leaderSessions(system, connections)
  const [writer] = await leaderSessions(system, 1)
  const latencies = new Samples(1 << 18)
  let events = 0
  let created = 0
  const onMessage = (bytes: Buffer) => {
    const now = performance.now()
    const response = watchResponse.decode(bytes)
    if (response.created) created++
    for (const { kv } of response.events) {
      events++
      const value = kv?.value
      if (value) latencies.add(now - Buffer.from(value).readDoubleLE(0))
    }
  }
  const create = watchRequest.encode({
    createRequest: { key: prefix, rangeEnd: 'watched0' },
  } as never)
  for (let n = 0; n < watchers; n++) {
    sessions[n % connections]!.stream('/etcdserverpb.Watch/Watch', create, onMessage)
  }
  while (created < watchers) await sleep(10)
  const begun = performance.now()
  let puts = 0
  while (performance.now() - begun < durationMs) {
    const due = Math.floor(((performance.now() - begun) * putsPerSecond) / 1_000)
    for (; puts < due; puts++) {
      const value = Buffer.alloc(valueBytes)
      value.writeDoubleLE(performance.now(), 0)
      const message = putRequest.encode({ key: `${prefix}${puts % 100}`, value })
      void writer!.unary('/etcdserverpb.KV/Put', message).catch(() => {})
    }
    await sleep(2)
  }
  await sleep(500)
  for (const session of [...sessions, writer!]) session.close()
  const { p50: p50Ms, p99: p99Ms } = latencies.percentiles()
  return { events, p50Ms, p99Ms }
}
