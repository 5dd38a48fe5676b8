import { ownValue, setOwn } from '../own.ts'

/**
 * JSON merge patch: null removes, objects merge, all else replaces. Inputs are not changed; the
 * result may share parts with them.
 * Source: RFC 7396.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else setOwn(result, key, mergePatch(ownValue(result, key), value))
  }
  return result
}

/** True for a JSON object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
