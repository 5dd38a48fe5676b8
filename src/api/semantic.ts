/**
 * Whether two parts of objects mean the same: what is null, an empty list or not there is one and
 * the same. Source: apimachinery pkg/api/equality Semantic.DeepEqual, as far as JSON shows it.
 */
export function semanticEqual(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (isNothing(left) || isNothing(right)) return isNothing(left) && isNothing(right)
  if (typeof left !== 'object' || typeof right !== 'object') return false
  if (Array.isArray(left) || Array.isArray(right)) {
    if (!Array.isArray(left) || !Array.isArray(right) || left.length !== right.length) return false
    return left.every((one, at) => semanticEqual(one, right[at]))
  }
  const [a, b] = [left, right] as Record<string, unknown>[]
  const keys = new Set([...Object.keys(a!), ...Object.keys(b!)])
  return [...keys].every(key => semanticEqual(own(a!, key), own(b!, key)))
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null || (Array.isArray(value) && value.length === 0)
}

function own(object: Record<string, unknown>, key: string): unknown {
  return Object.hasOwn(object, key) ? object[key] : undefined
}
