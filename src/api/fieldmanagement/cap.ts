import { compareTexts } from './element.ts'
import { union } from './field-set.ts'
import { type ManagerEntry, managerId } from './managed.ts'
import type { Managers } from './versions.ts'

/** Entries of updates that an object may have. Source: DefaultMaxUpdateManagers. */
export const updateManagersMax = 10

/**
 * Brings the entries of updates down to the cap: the oldest become one entry a version.
 * Source: apimachinery managedfields/internal/capmanagers.go.
 */
export function capManagers(managers: Managers, max = updateManagersMax): void {
  const updates = [...managers].filter(([, entry]) => entry.operation === 'Update')
  if (updates.length <= max) return
  updates.sort(
    ([a, left], [b, right]) =>
      compareTexts(left.time ?? '', right.time ?? '') || compareTexts(a, b),
  )
  const firstOf = new Map<string, string>()
  let left = updates.length
  for (const [id, entry] of updates) {
    if (left <= max) return
    const { apiVersion } = entry
    const first = firstOf.get(apiVersion)
    if (first === undefined) {
      firstOf.set(apiVersion, id)
      continue
    }
    const bucket = ancient(apiVersion)
    const bucketId = managerId(bucket)
    const before = managers.get(bucketId) ?? managers.get(first)
    if (!managers.has(bucketId)) managers.delete(first)
    managers.delete(id)
    const set = before === undefined ? entry.set : union(entry.set, before.set)
    managers.set(bucketId, { ...bucket, set, ...(entry.time ? { time: entry.time } : {}) })
    left--
  }
}

function ancient(apiVersion: string): Omit<ManagerEntry, 'set'> {
  return { manager: 'ancient-changes', operation: 'Update', apiVersion, subresource: '' }
}
