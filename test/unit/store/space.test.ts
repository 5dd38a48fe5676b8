import { afterEach, describe, expect, test } from 'vitest'
import { Compactor, type CompactorOptions } from '../../../src/store/compactor.ts'
import { defaultTimings } from '../../../src/store/options.ts'
import { SlowDisk } from '../../../src/store/slow-disk.ts'
import { put, read, TestCluster, until } from './cluster.ts'

let cluster: TestCluster | undefined
afterEach(async () => {
  await cluster?.close()
  cluster = undefined
})

test('the quota: an alarm stops writes on all, reads go on, compaction and disarm bring them back', async () => {
  cluster = new TestCluster(['a', 'b', 'c'], { quotaBytes: 200_000 })
  await cluster.openAll()
  const leader = await cluster.leader()
  const follower = cluster.follower()
  const large = 'x'.repeat(10_000)
  const noSpace = { why: 'no-space', message: 'etcdserver: mvcc: database space exceeded' }
  await until('the quota', async () => {
    const result = await follower.txn(put('k', large))
    if (!result.ok) expect(result).toMatchObject(noSpace)
    return !result.ok
  })
  await until('the alarm', () => leader.alarms().length > 0)
  expect(leader.alarms()).toEqual([{ memberId: follower.core.id, alarm: 'NOSPACE' }])
  expect(await leader.txn(put('small'))).toMatchObject(noSpace)
  expect(await leader.leaseGrant(10)).toMatchObject(noSpace)
  expect(await read(leader, 'k')).toHaveLength(10_000)
  const deleted = { compares: [], success: [{ type: 'delete', key: 'z' } as const], failure: [] }
  expect(await leader.txn(deleted)).toMatchObject({ ok: true })
  await leader.compact(leader.machine.mvcc.revision)
  const disarm = await leader.setAlarm(false, { memberId: '0', alarm: 'NOSPACE' })
  expect(disarm).toMatchObject({ alarms: [{ alarm: 'NOSPACE' }] })
  await until('the compaction at the follower', () => follower.machine.mvcc.bytes < 50_000)
  expect(await follower.txn(put('k', large))).toMatchObject({ ok: true })
})

test('an alarm CORRUPT stops reads and writes on all until it is disarmed', async () => {
  cluster = new TestCluster(['a', 'b', 'c'])
  await cluster.openAll()
  const leader = await cluster.leader()
  const follower = cluster.follower()
  await leader.txn(put('k'))
  const lease = await leader.leaseGrant(100)
  if (!lease.ok) throw new Error(lease.message)
  const alarm = { memberId: follower.core.id, alarm: 'CORRUPT' } as const
  expect(await follower.setAlarm(true, alarm)).toMatchObject({ ok: true })
  await until('the alarm', () => leader.alarms().length > 0)
  const corrupt = { ok: false, why: 'unavailable', message: 'etcdserver: corrupt cluster' }
  const { revision } = leader
  for (const member of [leader, follower]) {
    const read = { type: 'range', key: 'k' } as const
    expect(await member.range(read)).toMatchObject(corrupt)
    expect(await member.range(read, { serializable: true })).toMatchObject(corrupt)
    expect(await member.txn(put('k', '2'))).toMatchObject(corrupt)
    expect(await member.compact(revision)).toMatchObject(corrupt)
    expect(await member.leaseGrant(10)).toMatchObject(corrupt)
    expect(await member.leaseRevoke(lease.id)).toMatchObject(corrupt)
    expect(await member.leaseKeepAlive(lease.id)).toMatchObject({ ok: true })
  }
  expect(leader.revision).toBe(revision)
  await leader.setAlarm(false, { memberId: '0', alarm: 'CORRUPT' })
  expect(await leader.txn(put('k', '2'))).toMatchObject({ ok: true })
  expect(await read(leader, 'k')).toBe('2')
})

test('a lease says on every member what time it has left', async () => {
  cluster = new TestCluster(['a', 'b', 'c'])
  await cluster.openAll()
  await cluster.leader()
  const follower = cluster.follower()
  const granted = await follower.leaseGrant(100)
  if (!granted.ok) throw new Error(granted.message)
  await follower.txn(put('b', '', granted.id))
  await follower.txn(put('a', '', granted.id))
  const time = await follower.leaseTimeToLive(granted.id)
  expect(time).toMatchObject({ ok: true, grantedSeconds: 100, keys: ['a', 'b'] })
  if (time.ok) expect(time.remainingSeconds).toBeGreaterThan(95)
  expect(await follower.leaseTimeToLive(12345)).toMatchObject({
    message: 'etcdserver: requested lease not found',
  })
})

test('rows come in the order they were written, with their place within the revision', async () => {
  cluster = new TestCluster(['a'])
  const replica = await cluster.open('a')
  await cluster.leader()
  const value = Buffer.from('v')
  const ops = ['z', 'm', 'a'].map(key => ({ type: 'put' as const, key, value }))
  await replica.txn({ compares: [], success: ops, failure: [] })
  await replica.txn({ compares: [], success: [{ type: 'delete', key: 'm' }], failure: [] })
  await replica.txn(put('m'))
  const rows: string[] = []
  for await (const slice of replica.freeze().rows()) {
    for (const { kv, sub, deleted } of slice) {
      rows.push(`${kv.modRevision}.${sub} ${kv.key}${deleted ? ' deleted' : ''}`)
    }
  }
  expect(rows).toEqual(['2.0 z', '2.1 m', '2.2 a', '3.0 m deleted', '4.0 m'])
})

describe('Compactor', () => {
  function run(
    options: CompactorOptions,
    revisionAt: (ms: number) => number,
    untilMs: number,
    isLeading: (ms: number) => boolean = () => true,
  ) {
    const compacted: [number, number][] = []
    let now = 0
    const clock = { now: () => now, wall: () => now, after: () => () => {}, every: () => () => {} }
    const compactor = new Compactor(options, clock, {
      revision: () => revisionAt(now),
      compact: revision => compacted.push([now, revision]),
    })
    for (; now <= untilMs; now += 50) compactor.tick(now, isLeading(now))
    return compacted
  }

  test('periodic: what is older than the retention goes', () => {
    const compacted = run({ mode: 'periodic', retention: 10_000 }, ms => 1 + ms / 100, 30_000)
    expect(compacted[0]).toEqual([11_000, 11])
    expect(compacted.at(-1)).toEqual([30_000, 201])
  })

  test('periodic: a leader that is new knows how old revisions are, and only it compacts', () => {
    const isLeading = (ms: number) => Math.floor(ms / 4_000) % 3 === 2
    const options = { mode: 'periodic', retention: 10_000 } as const
    const compacted = run(options, ms => 1 + ms / 100, 60_000, isLeading)
    expect(compacted.every(([at]) => isLeading(at))).toBe(true)
    expect(compacted.length).toBeGreaterThan(3)
    for (const [at, revision] of compacted) expect(revision).toBeGreaterThan(at / 100 - 112)
  })

  test('revision: all but the last go, when it is worth it', () => {
    const compacted = run({ mode: 'revision', retention: 500 }, ms => ms / 10, 40_000)
    expect(compacted).toEqual([
      [20_000, 1_500],
      [30_000, 2_500],
      [40_000, 3_500],
    ])
  })

  test('off, or nothing written: nothing happens', () => {
    expect(run({ mode: 'off', retention: 1 }, ms => ms, 20_000)).toEqual([])
    expect(run({ mode: 'periodic', retention: 1_000 }, () => 1, 20_000)).toHaveLength(1)
  })
})

test('a disk is slow after three slow fsyncs within ten seconds', () => {
  const disk = new SlowDisk({ ...defaultTimings, slowDiskMs: 100 })
  disk.add(0, 150)
  disk.add(1_000, 150)
  disk.add(2_000, 50)
  expect(disk.isSlow(2_000)).toBe(false)
  disk.add(3_000, 150)
  expect(disk.isSlow(3_000)).toBe(true)
  expect(disk.isSlow(10_500)).toBe(false)
  disk.add(3_100, 150)
  disk.reset()
  expect(disk.isSlow(3_200)).toBe(false)
})
