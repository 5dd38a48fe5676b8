import { endOf } from './check.ts'
import { compareBytes } from './compare.ts'
import type { Histories } from './history.ts'
import type { OrderedMap } from './ordered.ts'
import type { RowId, Rows } from './rows.ts'
import { sortSteps } from './runs.ts'
import type { Slot } from './slots.ts'
import type { Key, KeyValue, PartListener, RangeOp, RangeResult } from './types.ts'

/** What is read: the keys in order, and their versions. */
export interface Readable {
  readonly index: OrderedMap<Slot>
  readonly histories: Histories
  /** Keys that are looked at, or versions handled, between two steps. */
  readonly stepRows: number
}

/** Which state a read is of. */
export interface ReadAt {
  readonly revision: number
  /** It is the newest one, and so the index's counts are of it. */
  readonly isPresent: boolean
}

/** About a millisecond, a few where each row is written. */
export const stepRowsDefault = 500

/**
 * The live rows in [key, rangeEnd), or of `key` alone, at `revision`, in key order; `max` at most.
 * In steps: whoever doesn't run them on has to see that no row was forgotten meanwhile.
 */
export function* liveIn(
  { index, histories, stepRows }: Readable,
  key: Key,
  rangeEnd: Key | undefined,
  revision: number,
  max = Number.POSITIVE_INFINITY,
): Generator<void, RowId[]> {
  const found: RowId[] = []
  if (rangeEnd === undefined || rangeEnd === '') {
    const id = histories.liveAt(histories.slotOf(key), revision)
    if (id !== 0) found.push(id)
    return found
  }
  const end = endOf(key, rangeEnd)
  let from: Key | undefined = key
  while (from !== undefined) {
    let next: Key | undefined
    let left = stepRows
    index.scan(from, end, (slot, each) => {
      if (found.length >= max) return false
      if (left-- === 0) {
        next = each
        return false
      }
      const id = histories.liveAt(slot, revision)
      if (id !== 0) found.push(id)
      return true
    })
    from = next
    if (from !== undefined) yield
  }
  return found
}

/** Keys that are live, without looking at them where the index knows. */
function* countIn(
  source: Readable,
  op: RangeOp,
  { revision, isPresent }: ReadAt,
): Generator<void, number> {
  const { key, rangeEnd } = op
  if (isPresent && rangeEnd) return source.index.count(key, endOf(key, rangeEnd))
  return (yield* liveIn(source, key, rangeEnd, revision)).length
}

/**
 * A range read at a revision, which the caller has checked against floor and present.
 * `count` is of all keys in the range; filters and limit come after it, as in etcd.
 * With `onPart` a long result is handed over as it is read, and returned is the rest of it: very
 * many objects that live at once take the garbage collector long.
 * Source: etcd server/etcdserver/txn/range.go.
 */
export function* readRange(
  source: Readable,
  op: RangeOp,
  at: ReadAt,
  onPart?: PartListener,
): Generator<void, RangeResult> {
  const { histories, stepRows } = source
  if (op.countOnly) {
    return { type: 'range', kvs: [], count: yield* countIn(source, op, at), more: false }
  }
  const limit = op.limit ?? 0
  const isPlain = !isFiltered(op) && isKeyOrder(op.sort)
  let found: RowId[]
  let count: number
  if (isPlain && limit > 0 && at.isPresent) {
    // The count first: it is of this moment, which a later step would not see.
    count = yield* countIn(source, op, at)
    found = yield* liveIn(source, op.key, op.rangeEnd, at.revision, limit + 1)
  } else {
    found = yield* liveIn(source, op.key, op.rangeEnd, at.revision)
    count = found.length
    if (isFiltered(op)) found = found.filter(id => passes(op, histories.rows, id))
    if (op.sort !== undefined && !isKeyOrder(op.sort)) {
      found = yield* sortSteps(found, sorter(histories, op.sort))
    }
  }
  const more = limit > 0 && found.length > limit
  if (more) found.length = limit
  let kvs: KeyValue[] = []
  for (const [done, id] of found.entries()) {
    if (done > 0 && done % stepRows === 0) {
      if (onPart !== undefined) {
        onPart(kvs, done - kvs.length)
        kvs = []
      }
      yield
    }
    kvs.push(histories.toKeyValue(id, op.keysOnly))
  }
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

/** Whether rows are wanted in the order in which they are found. */
function isKeyOrder(order: RangeOp['sort']): boolean {
  return order === undefined || (order.by === 'key' && !order.descending)
}

function sorter(histories: Histories, order: NonNullable<RangeOp['sort']>) {
  const sign = order.descending ? -1 : 1
  const compare = sorters[order.by]
  return (left: RowId, right: RowId) => sign * compare(histories, left, right)
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
