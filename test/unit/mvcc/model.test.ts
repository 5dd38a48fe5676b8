import { expect, test } from 'vitest'
import { createPrng } from '../../../src/kernel/prng.ts'
import { Mvcc } from '../../../src/mvcc/mvcc.ts'
import type { MvccSlice } from '../../../src/mvcc/snapshot.ts'
import type { Op } from '../../../src/mvcc/types.ts'

const keyOf = (n: number) => `k${String(n).padStart(5, '0')}`

test.each([1, 2, 3])('random writes agree with a map per revision, seed %i', seed => {
  const prng = createPrng(seed)
  const mvcc = new Mvcc()
  const model = new Map<string, string>()
  const past = new Map<number, Map<string, string>>()
  let frozen: { slices: Generator<MvccSlice>; hash: string; copy: Mvcc } | undefined
  for (let step = 0; step < 3_000; step++) {
    const key = keyOf(prng.below(800))
    const value = `${step}`.repeat(1 + prng.below(20))
    const op: Op = prng.chance(0.3)
      ? { type: 'delete', key, rangeEnd: prng.chance(0.1) ? keyOf(prng.below(800)) : undefined }
      : { type: 'put', key, value: Buffer.from(value) }
    mvcc.txn({ compares: [], success: [op], failure: [] })
    if (op.type === 'put') model.set(key, value)
    else if (op.rangeEnd === undefined) model.delete(key)
    else for (const k of [...model.keys()]) if (k >= key && k < op.rangeEnd) model.delete(k)
    if (step % 100 === 0) past.set(mvcc.revision, new Map(model))
    if (step % 700 === 699) mvcc.compact(mvcc.revision - 150)
    if (prng.chance(0.5)) mvcc.sweep(prng.below(5))
    if (step === 1_500) {
      frozen = { slices: mvcc.freeze().slices(50), hash: mvcc.hash(), copy: new Mvcc() }
    }
    const slice = frozen && step % 10 === 0 ? frozen.slices.next() : undefined
    if (slice && !slice.done) frozen?.copy.import(slice.value)
  }
  for (const slice of frozen!.slices) frozen!.copy.import(slice)
  expect(frozen!.copy.hash()).toBe(frozen!.hash)
  for (const [revision, expected] of past) {
    const read = mvcc.range({ type: 'range', key: 'k', rangeEnd: 'l', revision })
    if (revision < mvcc.floor) expect(read.ok).toBe(false)
    else if (read.ok) {
      const found = read.range.kvs.map(kv => [kv.key, Buffer.from(kv.value).toString()])
      expect(found).toEqual([...expected].sort(([a], [b]) => (a < b ? -1 : 1)))
    } else throw new Error(read.message)
  }
})

test('churn over a large store holds little more than what is live', () => {
  const mvcc = new Mvcc()
  const value = new Uint8Array(50_000)
  for (let step = 0; step < 2_000; step++) {
    // One small key in each slab stays; the rest is overwritten.
    const keep: Op = { type: 'put', key: keyOf(step), value: new Uint8Array(100) }
    mvcc.txn({ compares: [], success: [keep, { type: 'put', key: 'hot', value }], failure: [] })
    if (step % 100 === 99) mvcc.compact(mvcc.revision)
    while (!mvcc.isSwept) mvcc.sweep(500)
  }
  expect(mvcc.heldBytes).toBeLessThan(40e6)
  expect(mvcc.range({ type: 'range', key: 'k', rangeEnd: 'l' })).toMatchObject({
    range: { count: 2_000 },
  })
})

test.each([1, 2, 3, 4])('how far the sweep has come is not to be seen, seed %i', seed => {
  const prng = createPrng(seed)
  const swept = new Mvcc()
  const lazy = new Mvcc()
  for (let step = 0; step < 2_000; step++) {
    const key = keyOf(prng.below(60))
    const op: Op = prng.chance(0.3)
      ? { type: 'delete', key }
      : { type: 'put', key, value: Buffer.from(`${step}`) }
    for (const mvcc of [swept, lazy]) mvcc.txn({ compares: [], success: [op], failure: [] })
    if (prng.chance(0.02)) {
      const revision = swept.floor + prng.below(swept.revision - swept.floor + 1)
      for (const mvcc of [swept, lazy]) mvcc.compact(revision)
    }
    while (!swept.isSwept) swept.sweep(1_000)
    if (prng.chance(0.3)) lazy.sweep(prng.below(4))
    if (prng.chance(0.02)) lazy.defragment()
    if (step % 50 === 0) expect(visibleIn(lazy)).toEqual(visibleIn(swept))
  }
  while (!lazy.isSwept) lazy.sweep(7)
  expect(visibleIn(lazy)).toEqual(visibleIn(swept))
  expect(lazy.bytes).toBe(swept.bytes)
})

/** All that readers, watches, snapshots and members of the cluster get to see. */
function visibleIn(mvcc: Mvcc) {
  const from = mvcc.floor
  const all = { key: 'k', rangeEnd: 'l', prevKv: true, eventsMax: 1e6, bytesMax: 1e9 }
  const copy = new Mvcc()
  const slices = [...mvcc.freeze().slices(20)]
  for (const slice of slices) copy.import(slice)
  copy.importDone()
  expect(copy.hash()).toBe(mvcc.hash())
  expect(copy.events({ ...all, from })).toEqual(mvcc.events({ ...all, from }))
  const rows = [...mvcc.freeze().byRevision()]
    .flat()
    .map(({ kv, sub }) => [kv.modRevision, sub, kv.key])
  const atFloor = mvcc.range({ type: 'range', key: 'k', rangeEnd: 'l', revision: from })
  return { hash: mvcc.hash(), slices, rows, atFloor, events: mvcc.events({ ...all, from }) }
}
