import { sleep } from '../../src/kernel/clock.ts'
import { putRequest } from '../../src/store/etcd/rpc/kv.ts'
import { leaderSessions } from './store.ts'
import type { System } from './systems.ts'
import { valueBytes } from './workloads.ts'

/** Between two puts. */
const pauseMs = 10

/** The longest put of one writer that writes all the time, while `work` runs; milliseconds. */
export async function worstPutDuring(system: System, work: () => Promise<unknown>) {
  const [session] = await leaderSessions(system, 1)
  const message = putRequest.encode({ key: 'worst-put', value: Buffer.alloc(valueBytes) })
  let worstMs = 0
  let done = false
  const writing = (async () => {
    while (!done) {
      const at = performance.now()
      await session!.unary('/etcdserverpb.KV/Put', message).catch(() => {})
      worstMs = Math.max(worstMs, performance.now() - at)
      await sleep(pauseMs)
    }
  })()
  const begun = performance.now()
  try {
    await work()
  } finally {
    done = true
  }
  const tookMs = performance.now() - begun
  await writing
  session!.close()
  return { worstMs, tookMs }
}
