import { sleep } from '../../src/kernel/clock.ts'
import { errorMessage } from '../../src/kernel/result.ts'
import type { TestCluster } from '../support/cluster.ts'
import { until } from '../support/until.ts'

/** How long a killed peer may take until it serves again. */
const backMsMax = 60_000

/** What is done to the cluster again and again while the suite runs. */
export interface Disturbance {
  readonly kind: keyof typeof kinds
  readonly everyMs: number
}

const kinds = {
  async 'kill-leader'(cluster: TestCluster): Promise<void> {
    const leader = await cluster.leader()
    await cluster.fault('kill', leader)
    await cluster.leader(leader)
    await cluster.fault('restart', leader)
    await until(
      `${leader} is ready again`,
      async () => (await cluster.report(leader)).ready,
      backMsMax,
    )
  },
} as const

/** `kill-leader=60s`; a text says what is wrong with it. */
export function parseDisturbance(text: string): Disturbance | string {
  const [, name = '', seconds] = /^([a-z-]+)=(\d+)s$/.exec(text) ?? []
  const known = Object.keys(kinds)
  if (!known.includes(name) || Number(seconds) === 0) {
    return `no disturbance "${text}"; there are ${known.map(each => `${each}=60s`).join(', ')}`
  }
  return { kind: name as keyof typeof kinds, everyMs: Number(seconds) * 1_000 }
}

/** Disturbs until `signal` is aborted; tells how often, and throws when the cluster can't recover. */
export async function disturb(
  cluster: TestCluster,
  { kind, everyMs }: Disturbance,
  signal: AbortSignal,
): Promise<number> {
  let count = 0
  while (!signal.aborted) {
    await sleep(everyMs, signal).catch(() => undefined)
    if (signal.aborted) break
    try {
      await kinds[kind](cluster)
    } catch (error) {
      throw new Error(`${kind} number ${count + 1}: ${errorMessage(error)}`, { cause: error })
    }
    count++
  }
  return count
}
