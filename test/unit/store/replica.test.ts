import { afterEach, expect, test } from 'vitest'
import type { OpenReplicaOptions } from '../../../src/store/open.ts'
import type { Leadership } from '../../../src/store/types.ts'
import { increment, isLeading, put, read, TestCluster, until } from './cluster.ts'

let cluster: TestCluster

async function cluster3(options?: Partial<OpenReplicaOptions>): Promise<void> {
  cluster = new TestCluster(['a', 'b', 'c'], options)
  await cluster.openAll()
  await cluster.leader()
}

afterEach(() => cluster.close())

test('a single member leads at once, keeps what it wrote, and leads at a higher term', async () => {
  cluster = new TestCluster(['a'])
  const first = await cluster.open('a')
  expect(await first.txn(put('k', '1'))).toMatchObject({ ok: true, revision: 2 })
  expect(await read(first, 'k')).toBe('1')
  const { hash, term } = await first.status({ hash: true })
  await cluster.stop('a')
  const second = await cluster.open('a')
  expect(await read(second, 'k')).toBe('1')
  const status = await second.status({ hash: true })
  expect(status.hash).toBe(hash)
  expect(status.term).toBe(term + 1)
})

test('any of three members writes and reads', async () => {
  await cluster3()
  for (const [id, replica] of cluster.replicas) {
    expect(await replica.txn(put(id))).toMatchObject({ ok: true })
    for (const other of cluster.replicas.values()) expect(await read(other, id)).toBe(id)
  }
  const hashes = await Promise.all(
    [...cluster.replicas.values()].map(
      async replica => (await replica.status({ hash: true })).hash,
    ),
  )
  expect(new Set(hashes).size).toBe(1)
})

test('a dead leader is followed long before an election timeout, and nothing is lost', async () => {
  await cluster3({ timings: { electionMsMin: 5_000, electionMsMax: 6_000 } })
  const leader = await cluster.leader()
  for (let n = 0; n < 20; n++) await leader.txn(put(`k${n}`))
  const died = performance.now()
  await cluster.stop(leader.core.id)
  const next = await cluster.leader()
  expect(performance.now() - died).toBeLessThan(4_000)
  for (let n = 0; n < 20; n++) expect(await read(next, `k${n}`)).toBe(`k${n}`)
})

test('increments by followers through leader changes are applied exactly once', async () => {
  await cluster3()
  const counts = new Map<string, number>()
  let done = false
  const writers = [...cluster.replicas.values()].map(async replica => {
    const key = replica.core.id
    for (let n = 0; !done; n++) {
      const result = await replica.txn(increment(key, n))
      expect(result).toMatchObject({ ok: true, succeeded: true })
      counts.set(key, n + 1)
    }
  })
  for (let round = 0; round < 4; round++) {
    const leader = await cluster.leader()
    const { id } = leader.core
    cluster.network.isolate(id, true)
    await until('another leader', () =>
      [...cluster.replicas.values()].some(other => other !== leader && isLeading(other)),
    )
    cluster.network.isolate(id, false)
    await until('one leader', () => !isLeading(leader))
  }
  done = true
  await Promise.all(writers)
  const reader = await cluster.leader()
  for (const [key, count] of counts) expect(await read(reader, key)).toBe(String(count))
})

test('a minority refuses writes as unavailable or unknown, and reads', async () => {
  await cluster3()
  const leader = await cluster.leader()
  cluster.network.isolate(leader.core.id, true)
  const write = await leader.txn(put('x'), { timeoutMs: 100 })
  expect(write).toMatchObject({ ok: false, why: 'unknown' })
  const range = await leader.range({ type: 'range', key: 'x' }, { timeoutMs: 100 })
  expect(range).toMatchObject({ ok: false, why: 'unavailable' })
  await until('step down', () => leader.core.role !== 'leader')
  expect(await leader.txn(put('x'), { timeoutMs: 100 })).toMatchObject({ why: 'unavailable' })
})

test('a fenced write needs the term of its entry', async () => {
  await cluster3()
  const leader = await cluster.leader()
  const { term } = leader.core
  expect(await leader.txn(put('x'), { fence: term })).toMatchObject({ ok: true })
  expect(await leader.txn(put('x'), { fence: term + 1 })).toMatchObject({ why: 'fenced' })
  expect(await leader.transferLeadership()).toEqual({ ok: true })
  expect(await leader.txn(put('x'), { fence: term })).toMatchObject({ why: 'fenced' })
})

test('leadership is handed over while the main thread is stalled', async () => {
  await cluster3()
  const leader = await cluster.leader()
  const heard: Leadership[] = []
  leader.onLeadership(leadership => heard.push(leadership))
  leader.setMainThreadStalled(true)
  const next = await until('another leader', () =>
    [...cluster.replicas.values()].find(other => other !== leader && isLeading(other)),
  )
  expect(next.core.term).toBeGreaterThan(heard[0]!.term)
  expect(heard.at(-1)).toMatchObject({ leading: false })
})

test('a new member learns by snapshot, then votes; an old one is removed', async () => {
  await cluster3({ snapshotEveryEntries: 50 })
  const leader = await cluster.leader()
  const writes = []
  for (let n = 0; n < 300; n++) {
    writes.push(leader.txn(put(`k${n}`, 'v'.repeat(5_000))))
    if (n % 5 === 4) await Promise.all(writes)
  }
  await until('a shorter log', () => leader.core.log.offset > 1)
  const learner = await cluster.open('d', true)
  const change = { kind: 'add-learner', id: 'd' } as const
  expect(await cluster.follower().changeMembership(change)).toEqual({ ok: true })
  await until('the learner', () => learner.machine.mvcc.revision === leader.machine.mvcc.revision)
  expect((await learner.status()).role).toBe('learner')
  expect(await leader.changeMembership({ kind: 'add-voter', id: 'd' })).toEqual({ ok: true })
  expect(await leader.changeMembership({ kind: 'remove', id: 'a' })).toEqual({ ok: true })
  await until('the removal', () => learner.core.membership.voters.join() === 'b,c,d')
  expect(await learner.txn(put('x'))).toMatchObject({ ok: true })
  expect(await read(learner, 'k299')).toHaveLength(5_000)
})

test('a follower that was away comes back by snapshot; so does its disk', async () => {
  await cluster3({ snapshotEveryEntries: 40 })
  const away = cluster.follower().core.id
  await cluster.stop(away)
  const leader = await cluster.leader()
  for (let n = 0; n < 200; n++) await leader.txn(put(`k${n % 7}`, String(n)))
  await until('a shorter log', () => leader.core.log.offset > 100)
  const back = await cluster.open(away)
  await until('equal state', () => back.machine.hash() === leader.machine.hash())
  await cluster.stop(away)
  const again = await cluster.open(away)
  await until('equal state', () => again.machine.hash() === leader.machine.hash())
})

test('leases end by the leader, and not before their time', async () => {
  await cluster3({ timings: { leaseCheckMs: 20 } })
  const follower = cluster.follower()
  const begun = performance.now()
  const lease = await follower.leaseGrant(1)
  if (!lease.ok) throw new Error(lease.message)
  await follower.txn(put('leased', 'x', lease.id))
  await until('expiry', () => follower.machine.mvcc.liveKeys === 0)
  expect(performance.now() - begun).toBeGreaterThan(1_000)
  expect(await follower.leaseKeepAlive(lease.id)).toMatchObject({ why: 'invalid' })
})

test('watches go on over a leader change, in order, without gaps', async () => {
  await cluster3()
  const follower = cluster.follower()
  const seen: number[] = []
  follower.watch(
    { key: 'w', rangeEnd: 'x', startRevision: 1 },
    {
      onBatch: batch => seen.push(...batch.events.map(event => event.kv.modRevision)),
      onEnd: failure => seen.push(Number.NaN, failure.message.length),
    },
  )
  for (let n = 0; n < 30; n++) {
    await follower.txn(put(`w${n}`))
    if (n === 15) await follower.transferLeadership()
  }
  await until('all events', () => seen.length === 30)
  expect(seen).toEqual(seen.map((_, at) => at + 2))
})

test('a hand-over to a member that does not answer costs no write', async () => {
  cluster = new TestCluster(['a', 'b', 'c'])
  await cluster.openAll()
  const leader = await cluster.leader()
  const { id } = cluster.follower().core
  cluster.network.isolate(id, true)
  const [moved, ...written] = await Promise.all([
    leader.transferLeadership(id),
    leader.txn(put('in the same turn')),
    ...['x', 'y', 'z'].map(key => leader.txn(put(key))),
  ])
  expect(moved).toMatchObject({ ok: false, message: 'etcdserver: bad leader transferee' })
  for (const result of written) expect(result).toMatchObject({ ok: true })
  // It has been silent for longer than a leader would be by now: it is not even tried.
  expect(await leader.transferLeadership(id)).toMatchObject({ ok: false, why: 'invalid' })
  expect(leader.core.transferee).toBe(null)
})
