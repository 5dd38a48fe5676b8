import { setOwn } from '../own.ts'
import { isRecord } from '../patch/merge.ts'
import { canonicalQuantity } from '../quantity.ts'
import { problemsMax } from './duplicates.ts'
import { lastPart, type ResolvedField, type ResolvedType, typeByName } from './lookup.ts'
import type { FieldSchema } from './types.ts'
import { isDropped } from './written.ts'

/** Thrown for a value of the wrong JSON type; the text is that of Go's decoder. HTTP 400. */
export class DecodeError extends Error {
  override readonly name = 'DecodeError'
}

/**
 * What decoding into upstream's Go types does to JSON: unknown fields go (their paths are pushed to
 * `unknown`), so do nulls and what says no more than they, quantities and times become canonical,
 * wrong types are refused. The result shares nothing with `value`.
 * @throws DecodeError
 */
export function decodeAs(type: ResolvedType, value: unknown, unknown: string[]): unknown {
  return decodeStruct(type, value, { path: '', goPath: '', struct: 'object' }, unknown, true)
}

/** Where in the object a value stands: for texts. */
interface Place {
  readonly path: string
  /** The same as Go's decoder tells it: without places in lists, with embedded structs. */
  readonly goPath: string
  /** Name of the Go struct that has the field. */
  readonly struct: string
}

function decodeStruct(
  type: ResolvedType,
  value: unknown,
  place: Place,
  unknown: string[],
  top = false,
): Record<string, unknown> {
  if (!isRecord(value)) fail(value, place, lastPart(type.name))
  const result: Record<string, unknown> = {}
  const struct = lastPart(type.name)
  for (const key of Object.keys(value)) {
    const item = value[key]
    const path = place.path === '' ? key : `${place.path}.${key}`
    if (top && (key === 'apiVersion' || key === 'kind')) {
      result[key] = item
      continue
    }
    const field = type.fields.get(key)
    if (field === undefined) {
      // Objects embedded in other objects may name their type.
      if (key !== 'apiVersion' && key !== 'kind' && unknown.length < problemsMax) {
        unknown.push(path)
      }
      continue
    }
    if (item === null || item === undefined) continue
    const inner = { path, goPath: goPathOf(place, field), struct }
    const decoded = decodeField(field, item, inner, unknown)
    if (!isDropped(field, decoded)) result[key] = decoded
  }
  return result
}

/** Go's decoder names embedded structs on the way, though JSON does not have them. */
function goPathOf({ goPath }: Place, { name, embedded = [] }: ResolvedField): string {
  return [...(goPath === '' ? [] : [goPath]), ...embedded, name].join('.')
}

function decodeField(field: FieldSchema, value: unknown, place: Place, unknown: string[]): unknown {
  if (field.shape === 'list') {
    if (!Array.isArray(value)) fail(value, place, `[]${goType(field)}`)
    return value.map((item, index) =>
      // Go leaves an element that is null as it made it.
      item === null
        ? zeroOf(field)
        : decodeValue(field, item, { ...place, path: `${place.path}[${index}]` }, unknown),
    )
  }
  if (field.shape === 'map') {
    if (!isRecord(value)) fail(value, place, `map[string]${goType(field)}`)
    const result: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(value)) {
      // Go names a map's field in its texts, never the key.
      const inner =
        field.type === 'ref'
          ? { ...place, path: `${place.path}.${key}`, goPath: `${place.goPath}.${key}` }
          : place
      const own = item === null ? zeroOf(field) : decodeValue(field, item, inner, unknown)
      setOwn(result, key, own)
    }
    return result
  }
  return decodeValue(field, value, place, unknown)
}

function decodeValue(field: FieldSchema, value: unknown, place: Place, unknown: string[]): unknown {
  switch (field.type) {
    case 'string':
      return typeof value === 'string' ? value : fail(value, place, 'string')
    case 'bool':
      return typeof value === 'boolean' ? value : fail(value, place, 'bool')
    case 'int32':
      return isInteger(value, 2 ** 31) ? value : fail(value, place, 'int32')
    case 'int64':
      return isInteger(value, 2 ** 63) ? value : fail(value, place, 'int64')
    case 'double':
      return typeof value === 'number' ? value : fail(value, place, 'float64')
    case 'bytes':
      return decodeBytes(value, place)
    case 'time':
    case 'microtime':
      return decodeTime(value, place, field.type)
    case 'quantity':
      return decodeQuantity(value, place)
    case 'intorstring':
      return typeof value === 'string' || isInteger(value, 2 ** 31)
        ? value
        : fail(value, place, 'int32')
    case 'ref': {
      const type = typeByName(field.ref)
      return type === undefined ? value : decodeStruct(type, value, place, unknown)
    }
    default:
      return value
  }
}

function decodeBytes(value: unknown, place: Place): string {
  if (typeof value !== 'string') fail(value, place, '[]uint8')
  const clean = value.replace(/[\r\n]/g, '')
  const bad = /[^A-Za-z0-9+/=]/.exec(clean)
  if (bad || clean.length % 4 !== 0 || !/^[^=]*={0,2}$/.test(clean)) {
    throw new DecodeError(`illegal base64 data at input byte ${bad?.index ?? clean.length}`)
  }
  return clean
}

function decodeTime(value: unknown, place: Place, type: 'time' | 'microtime'): string {
  if (typeof value !== 'string') fail(value, place, 'string')
  const time = readTime(value)
  if (time === undefined) {
    throw new DecodeError(
      `parsing time "${JSON.stringify(value).slice(1, -1)}" as ` +
        '"2006-01-02T15:04:05Z07:00": cannot parse',
    )
  }
  const { seconds, fraction } = time
  return type === 'time' ? `${seconds}Z` : `${seconds}.${fraction.slice(0, 6).padEnd(6, '0')}Z`
}

/** A time of RFC 3339 in UTC, to the second, and the digits below; undefined for what is none. */
export function readTime(
  text: string,
): { readonly seconds: string; readonly fraction: string } | undefined {
  const [, local = '', fraction = '', zone = ''] = timePattern.exec(text) ?? []
  const at = Date.parse(`${local}${zone}`)
  if (Number.isNaN(at)) return undefined
  // JavaScript takes the 30th of February for the 2nd of March, Go refuses it.
  const day = new Date(Date.parse(`${local}Z`)).toISOString().slice(0, 19)
  const seconds = new Date(at).toISOString().slice(0, 19)
  return day === local && /^\d{4}-/.test(seconds) ? { seconds, fraction } : undefined
}

const timePattern = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/

function decodeQuantity(value: unknown, place: Place): string {
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'bigint') {
    fail(value, place, 'string')
  }
  try {
    return canonicalQuantity(typeof value === 'bigint' ? String(value) : value)
  } catch (error) {
    throw new DecodeError(error instanceof Error ? error.message : String(error))
  }
}

function zeroOf(field: FieldSchema): unknown {
  return zeros[field.type] === undefined ? null : structuredClone(zeros[field.type])
}

const zeros: Partial<Record<FieldSchema['type'], unknown>> = {
  string: '',
  bytes: '',
  quantity: '0',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  intorstring: 0,
  ref: {},
}

function isInteger(value: unknown, bound: number): value is number {
  if (typeof value === 'bigint') return value < bound && value >= -bound
  return Number.isInteger(value) && (value as number) < bound && (value as number) >= -bound
}

function goType(field: FieldSchema): string {
  return field.type === 'ref' ? `v1.${lastPart(field.ref ?? '')}` : field.type
}

function fail(value: unknown, place: Place, wanted: string): never {
  const name = wanted.includes('.') || /^[a-z[]/.test(wanted) ? wanted : `v1.${wanted}`
  throw new DecodeError(
    `json: cannot unmarshal ${kindOf(value)} into Go struct field ` +
      `${place.struct}.${place.goPath} of type ${name}`,
  )
}

/** A JSON value's kind in the words of Go's decoder. */
function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'bigint') return `number ${value}`
  if (typeof value === 'number' && !Number.isInteger(value)) return `number ${value}`
  return typeof value
}
