import { afterAll, beforeAll, expect, test } from 'vitest'
import { systemClock } from '../../src/kernel/clock.ts'
import { Probe } from '../../src/probe/probe.ts'
import { deployWorkload, scaleWorkload, waitForReplicas } from '../../src/probe/workload.ts'
import { startCluster, type TestCluster } from '../support/cluster.ts'
import { until } from '../support/until.ts'

/** Five masters tolerate two: the leader and a follower die at once. */
let cluster: TestCluster
beforeAll(async () => {
  cluster = await startCluster({ peers: 5 })
}, 120_000)
afterAll(() => cluster?.down(), 60_000)

test('two of five peers are killed at once, and nothing acknowledged is lost', async () => {
  const client = cluster.client()
  await deployWorkload(client, 'dev')
  await waitForReplicas(client, 'dev', 3, 60_000)
  const probe = new Probe({
    clients: [client, client],
    namespace: 'load',
    clock: systemClock,
    id: 'five',
    periodMs: 20,
  })
  await probe.start()
  const gaps: number[] = []
  for (const replicas of [5, 3]) {
    const leader = await cluster.leader()
    const { peers } = await cluster.status()
    const other = peers.find(peer => peer.role === 'follower')?.name ?? ''
    probe.stopwatch.mark()
    await Promise.all([cluster.fault('kill', leader), cluster.fault('kill', other)])
    const successor = await cluster.leader(leader)
    expect([leader, other]).not.toContain(successor)
    await until('the scaling is taken', async () => {
      await scaleWorkload(client, 'dev', replicas)
      return true
    })
    await Promise.all([cluster.fault('restart', leader), cluster.fault('restart', other)])
    await waitForReplicas(client, 'dev', replicas, 30_000)
    await until(
      'both take part again',
      async () => (await cluster.status()).peers.every(peer => (peer.applied ?? 0) > 0),
      30_000,
    )
    gaps.push(probe.stopwatch.gapMs)
  }
  await probe.stop()
  const verdict = await probe.judge()
  process.stdout.write(
    `gaps ${gaps.map(Math.round).join(', ')} ms; ${JSON.stringify({ verdict, reads: probe.report.reads })}\n`,
  )
  expect(probe.report.failures).toEqual([])
  expect(verdict).toMatchObject({ lost: 0, duplicated: 0, ok: true })
  expect(probe.report.reads.failed).toBe(0)
}, 240_000)
