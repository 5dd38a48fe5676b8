import { expect, test } from 'vitest'
import { Mvcc } from '../../../src/mvcc/mvcc.ts'
import { Slabs } from '../../../src/mvcc/slab.ts'
import type { Op } from '../../../src/mvcc/types.ts'

const empty = new Uint8Array(0)
const txn = (mvcc: Mvcc, ...success: Op[]) => mvcc.txn({ compares: [], success, failure: [] })

function sweepAll(mvcc: Mvcc): void {
  mvcc.compact(mvcc.revision)
  mvcc.defragment()
  while (!mvcc.isSwept) mvcc.sweep(500)
}

test('a lock outlives the slab that was filled when it was taken', () => {
  const mvcc = new Mvcc()
  txn(mvcc, { type: 'put', key: 'lock', value: empty })
  const value = new Uint8Array(256)
  for (let n = 0; n < 10_000; n++) txn(mvcc, { type: 'put', key: 'hot', value })
  const view = mvcc.freeze()
  sweepAll(mvcc)
  const read = mvcc.range({ type: 'range', key: 'lock' })
  expect(read).toMatchObject({ range: { kvs: [{ value: empty }] } })
  expect([...view.byRevision()].flat()).toHaveLength(10_001)
  expect(txn(mvcc, { type: 'delete', key: 'lock' })).toMatchObject({ results: [{ deleted: 1 }] })
})

test('keys put and deleted in rounds leave nothing behind', () => {
  const mvcc = new Mvcc()
  const value = new Uint8Array(300)
  for (let round = 0; round < 5; round++) {
    for (let n = 0; n < 1_000; n++) txn(mvcc, { type: 'put', key: `k${n}`, value })
    for (let n = 0; n < 1_000; n++) txn(mvcc, { type: 'delete', key: `k${n}` })
    sweepAll(mvcc)
  }
  txn(mvcc, { type: 'put', key: 'last', value: empty })
  sweepAll(mvcc)
  expect(mvcc.heldBytes).toBeLessThanOrEqual(1 << 20)
  expect(mvcc.bytes).toBe('last'.length + 64)
})

test('a value without bytes is in no slab', () => {
  const slabs = new Slabs(10)
  const none = slabs.store(empty)
  const some = slabs.store(new Uint8Array(8))
  const other = slabs.store(new Uint8Array(8))
  slabs.release(some.slab, 8)
  expect(slabs.held).toBe(10)
  expect(slabs.isSparse(none.slab)).toBe(false)
  expect(slabs.read(none.slab, none.offset, 0)).toHaveLength(0)
  slabs.release(none.slab, 0)
  slabs.release(other.slab, 8)
  expect(slabs.live).toBe(0)
})
