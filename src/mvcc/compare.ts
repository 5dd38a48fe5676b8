import type { RowId, Rows } from './rows.ts'
import type { Compare } from './types.ts'

/**
 * True when `compare` holds for each of `found`, the live rows in its range.
 * Nothing found counts as one key of zeros, except that a value never compares with nothing.
 * Source: etcd server/etcdserver/txn/txn.go applyCompare.
 */
export function holds(compare: Compare, rows: Rows, found: readonly RowId[]): boolean {
  if (found.length === 0) {
    return compare.target !== 'value' && meets(compare.op, 0 - Number(compare.operand))
  }
  return found.every(id => meets(compare.op, difference(compare, rows, id)))
}

function difference(compare: Compare, rows: Rows, id: RowId): number {
  if (compare.target === 'value') {
    return compareBytes(rows.value(id), compare.operand as Uint8Array)
  }
  return rows[compare.target](id) - Number(compare.operand)
}

function meets(op: Compare['op'], sign: number): boolean {
  if (op === '=') return sign === 0
  if (op === '!=') return sign !== 0
  return op === '<' ? sign < 0 : sign > 0
}

/** Byte order: negative, zero or positive. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const sign = left[at]! - right[at]!
    if (sign !== 0) return sign
  }
  return left.length - right.length
}
