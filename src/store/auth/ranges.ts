import { endOf } from '../../mvcc/check.ts'
import type { Key } from '../../mvcc/types.ts'
import type { Permission } from './types.ts'

/** [from, to), to the end of all keys without `to`. */
interface Span {
  readonly from: Key
  readonly to: Key | undefined
}

/**
 * True when the union of the permissions covers the whole range: two neighbouring ones may do it
 * together. Source: etcd server/auth/range_perm_cache.go.
 */
export function covers(
  permissions: readonly Permission[],
  type: 'read' | 'write',
  key: Key,
  rangeEnd: Key | undefined,
): boolean {
  const wanted = spanOf(key, rangeEnd)
  const spans = permissions
    .filter(each => each.type === 'READWRITE' || each.type === type.toUpperCase())
    .map(each => spanOf(each.key, each.rangeEnd))
    .sort((left, right) => (left.from < right.from ? -1 : left.from > right.from ? 1 : 0))
  let reached = wanted.from
  for (const { from, to } of spans) {
    if (from > reached) return false
    if (to === undefined) return true
    if (to > reached) reached = to
    if (wanted.to !== undefined && reached >= wanted.to) return true
  }
  return false
}

function spanOf(key: Key, rangeEnd: Key | undefined): Span {
  return { from: key, to: endOf(key, rangeEnd) }
}
