import { isDeepStrictEqual } from 'node:util'

/**
 * Whether two parts of objects say the same: what is not there, and what is empty, is one.
 * Source: apimachinery pkg/api/equality Semantic.DeepEqual, to which an empty list is none.
 */
export function isSame(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(bare(left), bare(right))
}

function bare(value: unknown): unknown {
  if (Array.isArray(value)) return value.length === 0 ? undefined : value.map(bare)
  if (typeof value !== 'object' || value === null) return value ?? undefined
  const entries = Object.entries(value)
    .map(([key, each]) => [key, bare(each)] as const)
    .filter(([, each]) => each !== undefined)
  return entries.length === 0 ? undefined : Object.fromEntries(entries)
}
