import { endOf } from './check.ts'
import { compareBytes } from './compare.ts'
import type { Histories } from './history.ts'
import type { OrderedMap } from './ordered.ts'
import type { RowId, Rows } from './rows.ts'
import type { Slot } from './slots.ts'
import type { Key, RangeOp, RangeResult } from './types.ts'

/** What is read: the keys in order, and their versions. */
export interface Readable {
  readonly index: OrderedMap<Slot>
  readonly histories: Histories
}

/** The live rows in [key, rangeEnd), or of `key` alone, at `revision`, in key order. */
export function liveIn(
  { index, histories }: Readable,
  key: Key,
  rangeEnd: Key | undefined,
  revision: number,
): RowId[] {
  const found: RowId[] = []
  if (rangeEnd === undefined || rangeEnd === '') {
    const id = histories.liveAt(histories.slotOf(key), revision)
    if (id !== 0) found.push(id)
    return found
  }
  index.scan(key, endOf(key, rangeEnd), slot => {
    const id = histories.liveAt(slot, revision)
    if (id !== 0) found.push(id)
    return true
  })
  return found
}

/**
 * A range read at `revision`, which the caller has checked against floor and present.
 * `count` is of all keys in the range; filters and limit come after it, as in etcd.
 * Source: etcd server/etcdserver/txn/range.go.
 */
export function readRange(source: Readable, op: RangeOp, revision: number): RangeResult {
  const { histories } = source
  let found = liveIn(source, op.key, op.rangeEnd, revision)
  const count = found.length
  if (op.countOnly) return { type: 'range', kvs: [], count, more: false }
  if (isFiltered(op)) found = found.filter(id => passes(op, histories.rows, id))
  sort(histories, found, op.sort)
  const limit = op.limit ?? 0
  const more = limit > 0 && found.length > limit
  if (more) found.length = limit
  const kvs = found.map(id => histories.toKeyValue(id, op.keysOnly))
  return { type: 'range', kvs, count, more }
}

function isFiltered(op: RangeOp): boolean {
  return Boolean(
    op.minModRevision || op.maxModRevision || op.minCreateRevision || op.maxCreateRevision,
  )
}

function passes(op: RangeOp, rows: Rows, id: RowId): boolean {
  return (
    rows.mod(id) >= (op.minModRevision || 0) &&
    rows.mod(id) <= (op.maxModRevision || Number.POSITIVE_INFINITY) &&
    rows.create(id) >= (op.minCreateRevision || 0) &&
    rows.create(id) <= (op.maxCreateRevision || Number.POSITIVE_INFINITY)
  )
}

function sort(histories: Histories, ids: RowId[], order: RangeOp['sort']): void {
  if (order === undefined) return
  const sign = order.descending ? -1 : 1
  const compare = sorters[order.by]
  ids.sort((left, right) => sign * compare(histories, left, right))
}

type Sorter = (histories: Histories, left: RowId, right: RowId) => number

const sorters: Readonly<Record<NonNullable<RangeOp['sort']>['by'], Sorter>> = {
  key: (histories, left, right) => {
    const [first, second] = [histories.keyOf(left), histories.keyOf(right)]
    return first < second ? -1 : first > second ? 1 : 0
  },
  version: ({ rows }, left, right) => rows.version(left) - rows.version(right),
  create: ({ rows }, left, right) => rows.create(left) - rows.create(right),
  mod: ({ rows }, left, right) => rows.mod(left) - rows.mod(right),
  value: ({ rows }, left, right) => compareBytes(rows.value(left), rows.value(right)),
}
