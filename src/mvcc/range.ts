import { endOf } from './check.ts'
import { compareBytes } from './compare.ts'
import { type History, liveAt, type Version } from './history.ts'
import type { OrderedMap } from './ordered.ts'
import type { Key, RangeOp, RangeResult } from './types.ts'

/** The live versions in [key, rangeEnd) at `revision`, in key order. */
export function liveIn(
  index: OrderedMap<History>,
  key: Key,
  rangeEnd: Key | undefined,
  revision: number,
): Version[] {
  const found: Version[] = []
  index.scan(key, endOf(key, rangeEnd), history => {
    const version = liveAt(history, revision)
    if (version !== undefined) found.push(version)
    return true
  })
  return found
}

/**
 * A range read at `revision`, which the caller has checked against floor and present.
 * `count` is of all keys in the range; filters and limit come after it, as in etcd.
 * Source: etcd server/etcdserver/txn/range.go.
 */
export function readRange(
  index: OrderedMap<History>,
  get: (key: Key) => History | undefined,
  op: RangeOp,
  revision: number,
): RangeResult {
  let found = candidates(index, get, op, revision)
  const count = found.length
  if (op.countOnly) return { type: 'range', kvs: [], count, more: false }
  if (isFiltered(op)) found = found.filter(version => passes(op, version))
  const order = op.sort && sorters[op.sort.by]
  if (order !== undefined && op.sort !== undefined) {
    const sign = op.sort.descending ? -1 : 1
    found.sort((left, right) => sign * order(left, right))
  }
  const limit = op.limit ?? 0
  const more = limit > 0 && found.length > limit
  if (more) found.length = limit
  return { type: 'range', kvs: found.map(row => row.toKeyValue(op.keysOnly)), count, more }
}

function candidates(
  index: OrderedMap<History>,
  get: (key: Key) => History | undefined,
  op: RangeOp,
  revision: number,
): Version[] {
  if (op.rangeEnd !== undefined && op.rangeEnd !== '') {
    return liveIn(index, op.key, op.rangeEnd, revision)
  }
  const version = liveAt(get(op.key), revision)
  return version === undefined ? [] : [version]
}

function isFiltered(op: RangeOp): boolean {
  return Boolean(
    op.minModRevision || op.maxModRevision || op.minCreateRevision || op.maxCreateRevision,
  )
}

function passes(op: RangeOp, row: Version): boolean {
  return (
    row.mod >= (op.minModRevision || 0) &&
    row.mod <= (op.maxModRevision || Number.POSITIVE_INFINITY) &&
    row.create >= (op.minCreateRevision || 0) &&
    row.create <= (op.maxCreateRevision || Number.POSITIVE_INFINITY)
  )
}

const sorters: Record<'key' | 'version' | 'create' | 'mod' | 'value', Sorter> = {
  key: (left, right) => (left.key < right.key ? -1 : left.key > right.key ? 1 : 0),
  version: (left, right) => left.version - right.version,
  create: (left, right) => left.create - right.create,
  mod: (left, right) => left.mod - right.mod,
  value: (left, right) => compareBytes(left.value(), right.value()),
}
type Sorter = (left: Version, right: Version) => number
