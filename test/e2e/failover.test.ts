import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/kernel/clock.ts'
import { median } from '../../src/kernel/statistics.ts'
import { Probe } from '../../src/probe/probe.ts'
import { deployWorkload, scaleWorkload, waitForReplicas } from '../../src/probe/workload.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { until } from '../support/until.ts'

/** kill -9 of the leader under load, through the load balancer. QUORATE_KILLS changes how often. */
const kills = Number(process.env.QUORATE_KILLS ?? 20)
let cluster: TestCluster

beforeAll(async () => {
  cluster = await startCluster()
}, 90_000)
afterAll(() => cluster?.down(), 60_000)

/** Container ID and restarts of the pods of a node: what adoption must keep. */
async function containersOn(node: string): Promise<string[]> {
  const text = await cluster.must(
    ...['get', 'pods', '-A', `--field-selector=spec.nodeName=${node}`, '-o'],
    'jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID} ' +
      '{.status.containerStatuses[0].restartCount}{"\\n"}{end}',
  )
  return text.trim().split('\n').filter(Boolean)
}

async function retried(request: () => Promise<void>): Promise<void> {
  await until('the request is taken', async () => {
    await request()
    return true
  })
}

test(`${kills} leaders die under load, and nothing acknowledged is lost`, async () => {
  const client = cluster.client()
  await deployWorkload(client, 'dev')
  await waitForReplicas(client, 'dev', 3, 30_000)
  const probe = new Probe({
    clients: [client, cluster.client()],
    namespace: 'load',
    clock: systemClock,
    id: 'kills',
    periodMs: 10,
  })
  await probe.start()
  const gaps: number[] = []
  const rejoined: number[] = []
  for (let n = 0; n < kills; n++) {
    const leader = await cluster.leader()
    const before = await containersOn(leader)
    const replicas = 4 + (n % 2)
    probe.stopwatch.mark()
    const scaling = retried(() => scaleWorkload(client, 'dev', replicas))
    await cluster.fault('kill', leader)
    await cluster.leader(leader)
    await scaling
    await cluster.fault('restart', leader)
    const began = performance.now()
    await waitForReplicas(client, 'dev', replicas, 15_000)
    await until(
      'the peer takes part again',
      async () => {
        const report = await cluster.report(leader)
        const status = await cluster.status()
        const commits = status.peers.map(peer => peer.commit ?? 0)
        return (
          report.ready && report.role === 'follower' && report.applied + 50 > Math.max(...commits)
        )
      },
      20_000,
    )
    rejoined.push(performance.now() - began)
    gaps.push(probe.stopwatch.gapMs)
    const after = await containersOn(leader)
    // Scaling down may have removed one; what is left has kept its process.
    const kept = before.filter(line =>
      after.some(other => other.startsWith(line.split(' ')[0] ?? '')),
    )
    expect(after).toEqual(expect.arrayContaining(kept))
  }
  await probe.stop()
  const verdict = await probe.judge()
  const { creates, increments, reads, failures } = probe.report
  process.stdout.write(
    `gap between two writes: median ${Math.round(median(gaps))} ms, ` +
      `longest ${Math.round(Math.max(...gaps))} ms; ` +
      `back after ${Math.round(median(rejoined))} ms; ` +
      `${JSON.stringify({ verdict, creates, increments, reads })}\n`,
  )
  expect(failures).toEqual([])
  expect(verdict).toMatchObject({ lost: 0, duplicated: 0, ok: true })
  expect(verdict.objects).toBe(verdict.acknowledged + verdict.unknownApplied)
  expect(reads.failed).toBe(0)
  expect(creates.failed + increments.failed).toBe(0)
  expect(median(gaps)).toBeLessThan(500)
}, 900_000)
