import { afterEach, expect, test } from 'vitest'
import type { Clock } from '../../../src/kernel/clock.ts'
import type { Core } from '../../../src/raft/core.ts'
import { defaultTimings } from '../../../src/store/options.ts'
import { Proposer } from '../../../src/store/proposer.ts'
import { Samples } from '../../../src/store/samples.ts'
import { put, TestCluster } from './cluster.ts'

let cluster: TestCluster | undefined
afterEach(async () => {
  await cluster?.close()
  cluster = undefined
})

const value = 'v'.repeat(1 << 20)

test('writes that nobody can commit are taken as long as they weigh no more than 64 MB', async () => {
  cluster = new TestCluster(['a', 'b', 'c'])
  await cluster.openAll()
  const leader = await cluster.leader()
  for (const id of ['a', 'b', 'c']) if (cluster.replicas.get(id) !== leader) await cluster.stop(id)
  const outcomes = await Promise.all(
    Array.from({ length: 100 }, (_, n) => leader.txn(put(`k${n}`, value), { timeoutMs: 1_000 })),
  )
  const refused = outcomes.filter(each => !each.ok && each.message.includes('too many requests'))
  expect(refused).toHaveLength(100 - 64)
  // What has timed out weighs nothing any more.
  const later = await leader.txn(put('later', value), { timeoutMs: 100 })
  expect(later.ok || later.message).not.toContain('too many requests')
})

test('what is late is not kept for a leader that may come', async () => {
  let now = 0
  const proposer = new Proposer(
    {
      core: { id: 'a', leader: null, term: 1, role: 'follower' } as unknown as Core,
      clock: { now: () => now } as Clock,
      timings: defaultTimings,
      ...{ post: () => {}, wake: () => {}, onForged: () => {} },
    },
    1,
    new Samples(),
  )
  const outcomes: Promise<unknown>[] = []
  for (; now < 100; now++) {
    outcomes.push(proposer.propose({ type: 'txn', ...put('k', value) }, { timeoutMs: 10 }))
    proposer.flush()
    proposer.tick(now)
    expect(proposer.unsent).toBeLessThanOrEqual(11)
  }
  proposer.tick(1_000)
  expect(proposer.unsent).toBe(0)
  await Promise.all(outcomes.map(each => expect(each).resolves.toMatchObject({ ok: false })))
})
