import { afterEach, expect, test } from 'vitest'
import { LongWork } from '../../../src/kernel/long-work.ts'
import type { KeyValue, Op, PartListener } from '../../../src/mvcc/types.ts'
import { put, TestCluster, until } from './cluster.ts'

let cluster: TestCluster | undefined
afterEach(async () => {
  await cluster?.close()
  cluster = undefined
})

const all = { type: 'range', key: 'k', rangeEnd: 'l' } as const
const keyOf = (n: number) => `k${String(n).padStart(5, '0')}`

test('a delete of many keys and the end of a large lease take many turns, and one revision', async () => {
  cluster = new TestCluster(['a', 'b', 'c'], { mvcc: { stepRows: 20 }, snapshotEveryEntries: 10 })
  await cluster.openAll()
  const leader = await cluster.leader()
  const lease = await leader.leaseGrant(100)
  if (!lease.ok) throw new Error(lease.message)
  for (let n = 0; n < 2_000; n += 100) {
    const success = Array.from({ length: 100 }, (_, at): Op => {
      return { type: 'put', key: keyOf(n + at), value: Buffer.alloc(0), lease: lease.id }
    })
    expect(await leader.txn({ compares: [], success, failure: [] })).toMatchObject({ ok: true })
  }
  const { revision } = leader
  const seen: number[] = []
  const batches: number[] = []
  leader.watch(
    { ...all, startRevision: revision + 1 },
    {
      onBatch: ({ events }) => void (events.length > 0 && batches.push(events.length)),
      onEnd: () => {},
    },
  )
  const half: Op = { type: 'delete', key: keyOf(0), rangeEnd: keyOf(1_000) }
  const deleting = leader.txn({ compares: [], success: [half], failure: [] })
  await until('a turn in the middle', () => leader.isMidEntry)
  const later = leader.txn(put('later'))
  while (leader.isMidEntry) {
    const read = await leader.range(all, { serializable: true })
    if (leader.isMidEntry && read.ok) seen.push(read.range.count)
    await new Promise(resolve => setImmediate(resolve))
  }
  expect(seen.length).toBeGreaterThan(2)
  expect(new Set(seen)).toEqual(new Set([2_000]))
  expect(await deleting).toMatchObject({ revision: revision + 1, results: [{ deleted: 1_000 }] })
  expect(await later).toMatchObject({ revision: revision + 2 })
  expect(await leader.leaseRevoke(lease.id)).toMatchObject({ ok: true })
  expect(await leader.range(all)).toMatchObject({ range: { count: 0 }, revision: revision + 3 })
  await until('the events', () => batches.length === 2)
  expect(batches).toEqual([1_000, 1_000])
  const hashes = await until('the same everywhere', async () => {
    const states = await Promise.all(
      [...cluster!.replicas.values()].map(replica => replica.status({ hash: true })),
    )
    return new Set(states.map(({ applied }) => applied)).size === 1 && states
  })
  expect(new Set(hashes.map(({ hash }) => hash)).size).toBe(1)
})

test('a long read is handed over as it is read, anew when it was compacted meanwhile', async () => {
  cluster = new TestCluster(['a'], { mvcc: { stepRows: 1 } })
  await cluster.openAll()
  const leader = await cluster.leader()
  for (let n = 0; n < 2_000; n += 100) {
    const success = Array.from({ length: 100 }, (_, at): Op => {
      return { type: 'put', key: keyOf(n + at), value: Buffer.from('old') }
    })
    await leader.txn({ compares: [], success, failure: [] })
  }
  const handed: KeyValue[] = []
  let begun = 0
  const onPart: PartListener = (kvs, at) => {
    if (at === 0 && kvs.length > 0) begun++
    handed.length = at
    handed.push(...kvs)
  }
  const reading = leader.range(all, { serializable: true, onPart })
  // With others it takes so many turns that a write and a compaction come between.
  const others = Array.from({ length: 30 }, () => leader.range(all, { serializable: true }))
  await until('a part', () => handed.length > 0)
  const written = await leader.txn(put(keyOf(0), 'new'))
  await leader.compact(written.ok ? written.revision : 0)
  const [read] = await Promise.all([reading, ...others])
  if (!read?.ok) throw new Error(read?.message)
  expect(begun).toBe(2)
  expect(read.range.kvs).toHaveLength(1)
  const whole = [...handed, ...read.range.kvs]
  expect(whole.map(({ key }) => key)).toEqual(Array.from({ length: 2_000 }, (_, n) => keyOf(n)))
  expect(Buffer.from(whole[0]!.value).toString()).toBe('new')
})

test('reads that take steps share the turns', async () => {
  const later: (() => void)[] = []
  const reads = new LongWork(
    callback => later.push(callback),
    () => 0,
  )
  let steps = 0
  function* read(count: number): Generator<void, number> {
    for (let n = 0; n < count; n++) {
      steps++
      yield
    }
    return count
  }
  const short = await reads.run(read(0))
  expect(short).toBe(0)
  const done: number[] = []
  const running = [500, 3, 400].map(count => reads.run(read(count)))
  for (const result of running) void result.then(value => done.push(value))
  expect(later).toHaveLength(1)
  for (let turn = later.shift(); turn !== undefined; turn = later.shift()) {
    const before = steps
    turn()
    expect(steps - before).toBeLessThanOrEqual(64)
    await Promise.resolve()
  }
  await Promise.all(running)
  expect(done).toEqual([3, 400, 500])
  expect(reads.size).toBe(0)
})
