import type { Causes } from './causes.ts'

/**
 * Lists with a limit, whose items are judged one by one only when there are not too many.
 * Source: kubernetes pkg/apis/resource/validation validateSlice, validateSet.
 */

/** Judges one item. */
type Judge<T> = (item: T, path: string) => void

export function validateSlice<T>(
  items: readonly T[] | undefined,
  max: number,
  path: string,
  causes: Causes,
  judge: Judge<T>,
): boolean {
  const all = items ?? []
  if (max >= 0 && all.length > max) {
    causes.tooMany(path, all.length, max)
    return false
  }
  for (const [index, item] of all.entries()) judge(item, `${path}[${index}]`)
  return true
}

/** The same of items that are told apart by a key. */
export function validateSet<T>(
  items: readonly T[] | undefined,
  max: number,
  path: string,
  causes: Causes,
  keyOf: (item: T) => string,
  judge: Judge<T>,
): void {
  if (!validateSlice(items, max, path, causes, judge)) return
  const seen = new Set<string>()
  for (const [index, item] of (items ?? []).entries()) {
    const key = keyOf(item)
    if (seen.has(key)) causes.duplicate(`${path}[${index}]`, key)
    seen.add(key)
  }
}
