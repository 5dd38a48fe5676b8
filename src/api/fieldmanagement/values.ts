import { isRecord } from '../patch/merge.ts'

/** JSON values as structured-merge-diff looks at them; `undefined` is what is not there. */
export type ValueForm = 'scalar' | 'list' | 'map' | 'null'

/** Source: value/value.go IsMap, IsList, IsNull ... */
export function valueForm(value: unknown): ValueForm {
  if (value === null || value === undefined) return 'null'
  if (Array.isArray(value)) return 'list'
  return typeof value === 'object' ? 'map' : 'scalar'
}

/** Equal JSON; the order of keys does not count. Source: value/value.go Equals. */
export function equalValues(left: unknown, right: unknown): boolean {
  if (left === right) return true
  if (Array.isArray(left)) {
    return (
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => equalValues(item, right[index]))
    )
  }
  if (!isRecord(left) || !isRecord(right)) return (left ?? null) === (right ?? null)
  return keysIn(left) === keysIn(right) && Object.keys(left).every(key => isIn(left, right, key))
}

function keysIn(object: Record<string, unknown>): number {
  let count = 0
  for (const key in object) if (object[key] !== undefined) count++
  return count
}

function isIn(left: Record<string, unknown>, right: Record<string, unknown>, key: string) {
  if (left[key] === undefined) return true
  return Object.hasOwn(right, key) && right[key] !== undefined && equalValues(left[key], right[key])
}

/** A value with Go's `%v`, a nil among them. */
export function goText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goText).join(' ')}]`
  if (value === null || value === undefined) return '<nil>'
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  return `map[${entries.map(([key, item]) => `${key}:${goText(item)}`).join(' ')}]`
}

/** A value with Go's `%#v`. */
export function goSyntax(value: unknown): string {
  if (Array.isArray(value)) return `[]interface {}{${value.map(goSyntax).join(', ')}}`
  if (value === null || value === undefined) return 'interface {}(nil)'
  if (typeof value === 'string') return JSON.stringify(value)
  if (typeof value !== 'object') return String(value)
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))
  const items = entries.map(([key, item]) => `${JSON.stringify(key)}:${goSyntax(item)}`)
  return `map[string]interface {}{${items.join(', ')}}`
}

/** The Go type that a JSON value has in an object without types: `%T`. */
export function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return '[]interface {}'
  if (value === null || value === undefined) return '<nil>'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number') return Number.isInteger(value) ? 'int64' : 'float64'
  if (typeof value === 'bigint') return 'int64'
  return typeof value === 'object' ? 'map[string]interface {}' : typeof value
}
