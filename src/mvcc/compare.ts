import type { Version } from './history.ts'
import type { Compare } from './types.ts'

/**
 * True when `compare` holds for each of `found`, the live versions in its range.
 * Nothing found counts as one key of zeros, except that a value never compares with nothing.
 * Source: etcd server/etcdserver/txn/txn.go applyCompare.
 */
export function holds(compare: Compare, found: readonly Version[]): boolean {
  if (found.length === 0) {
    return compare.target !== 'value' && meets(compare.op, 0 - Number(compare.operand))
  }
  return found.every(version => meets(compare.op, difference(compare, version)))
}

function difference(compare: Compare, version: Version): number {
  if (compare.target === 'value') {
    return compareBytes(version.value(), compare.operand as Uint8Array)
  }
  return columns[compare.target](version) - Number(compare.operand)
}

const columns = {
  version: (row: Version) => row.version,
  create: (row: Version) => row.create,
  mod: (row: Version) => row.mod,
  lease: (row: Version) => row.lease,
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
