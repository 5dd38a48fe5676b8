import { stringifyJson } from '../json.ts'
import { setOwn } from '../own.ts'
import { isRecord } from '../patch/merge.ts'
import { canonicalQuantity } from '../quantity.ts'
import { problemsMax } from './duplicates.ts'
import { parseGoTime, TimeError, type TimeLayout } from './go-time.ts'
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
export function decodeAs(
  type: ResolvedType,
  value: Record<string, unknown>,
  unknown: string[],
): unknown {
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
  value: Record<string, unknown>,
  place: Place,
  unknown: string[],
  top = false,
): Record<string, unknown> {
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
    // What is empty stays until it is written: it is not the same as nothing.
    if (field.shape !== undefined || !isDropped(field, decoded)) result[key] = decoded
  }
  return result
}

/** Go's decoder names embedded structs on the way, though JSON does not have them. */
function goPathOf({ goPath }: Place, { name, embedded = [] }: ResolvedField): string {
  if (embedded.length === 0) return goPath === '' ? name : `${goPath}.${name}`
  return [...(goPath === '' ? [] : [goPath]), ...embedded, name].join('.')
}

function decodeField(field: FieldSchema, value: unknown, place: Place, unknown: string[]): unknown {
  if (field.shape === 'list') {
    if (!Array.isArray(value)) fail(value, place, goType(field))
    return value.map((item, index) =>
      // Go leaves an element that is null as it made it.
      item === null
        ? zeroOf(field)
        : decodeValue(field, item, { ...place, path: `${place.path}[${index}]` }, unknown),
    )
  }
  if (field.shape === 'map') {
    if (!isRecord(value)) fail(value, place, goType(field))
    const result: Record<string, unknown> = {}
    for (const [key, item] of Object.entries(value)) {
      // Go's errors name the map's field, never the key.
      const inner = { ...place, path: `${place.path}.${key}` }
      const own = item === null ? zeroOf(field) : decodeValue(field, item, inner, unknown)
      setOwn(result, key, own)
    }
    return result
  }
  return decodeValue(field, value, place, unknown)
}

function decodeValue(field: FieldSchema, value: unknown, place: Place, unknown: string[]): unknown {
  const failed = () => fail(value, place, itemType(field))
  switch (field.type) {
    case 'string':
      return typeof value === 'string' ? value : failed()
    case 'bool':
      return typeof value === 'boolean' ? value : failed()
    case 'int32':
      return isInteger(value, 2 ** 31) ? value : failed()
    case 'int64':
      return isInteger(value, 2 ** 63) ? value : failed()
    case 'double':
      return typeof value === 'number' ? value : failed()
    case 'bytes':
      return typeof value === 'string' ? decodeBytes(value) : failed()
    case 'time':
    case 'microtime':
      return typeof value === 'string' ? decodeTime(value, field.type) : failed()
    case 'quantity':
      return decodeQuantity(value)
    case 'intorstring':
      return typeof value === 'string' || isInteger(value, 2 ** 31) ? value : failed()
    case 'ref': {
      const type = typeByName(field.ref)
      if (type === undefined) return value
      return isRecord(value) ? decodeStruct(type, value, place, unknown) : failed()
    }
    default:
      return place.struct === 'JSONSchemaProps'
        ? decodeSchemaOr(field.name, value, place, unknown)
        : value
  }
}

/**
 * A schema, or what may be in its place; what is neither is nothing.
 * Source: apiextensions v1 marshal.go.
 */
function decodeSchemaOr(name: string, value: unknown, place: Place, unknown: string[]): unknown {
  if (!schemaFields.has(name)) return value
  const field = { name, number: 0, type: 'ref', ref: schemaType } as const
  if (isRecord(value)) return decodeValue(field, value, place, unknown)
  if (name === 'items' || name === 'dependencies') {
    const type = name === 'items' ? field : ({ name, number: 0, type: 'string' } as const)
    return Array.isArray(value)
      ? decodeField({ ...type, shape: 'list' }, value, place, unknown)
      : undefined
  }
  if (typeof value === 'boolean') return value
  throw new DecodeError('boolean or JSON schema expected')
}

const schemaFields = new Set(['items', 'additionalItems', 'additionalProperties', 'dependencies'])
const schemaType = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSONSchemaProps'

function decodeBytes(value: string): string {
  const clean = value.replace(/[\r\n]/g, '')
  const bad = /[^A-Za-z0-9+/=]/.exec(clean)
  if (bad || clean.length % 4 !== 0 || !/^[^=]*={0,2}$/.test(clean)) {
    throw new DecodeError(`illegal base64 data at input byte ${bad?.index ?? clean.length}`)
  }
  return clean
}

function decodeTime(value: string, layout: TimeLayout): string {
  try {
    const { seconds, fraction } = parseGoTime(value, layout)
    return layout === 'time' ? `${seconds}Z` : `${seconds}.${fraction}Z`
  } catch (error) {
    if (error instanceof TimeError) throw new DecodeError(error.message)
    throw error
  }
}

/** What is neither a string nor a number is judged by its JSON. Source: Quantity.UnmarshalJSON. */
function decodeQuantity(value: unknown): string {
  const isText = typeof value === 'string' || typeof value === 'number'
  try {
    return canonicalQuantity(isText ? value : stringifyJson(value))
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

/** A field's type as Go prints it. */
function goType(field: FieldSchema): string {
  if (field.goType !== undefined) return field.goType
  if (field.shape === 'list') return `[]${itemType(field)}`
  return field.shape === 'map' ? `map[string]${itemType(field)}` : itemType(field)
}

/** The type of a field's value, of one of them where there are many. */
function itemType(field: FieldSchema): string {
  if (field.shape === undefined && field.goType !== undefined) return field.goType
  if (field.goItemType !== undefined) return field.goItemType
  if (field.type !== 'ref') return goTypes[field.type] ?? field.type
  const [version, name] = (field.ref ?? '').split('.').slice(-2)
  return `${version}.${name}`
}

/** What Go decodes these into, where it is called otherwise. */
const goTypes: Partial<Record<FieldSchema['type'], string>> = {
  bytes: '[]uint8',
  double: 'float64',
  time: 'string',
  microtime: 'string',
  intorstring: 'int32',
  quantity: 'resource.Quantity',
  strings: '[]string',
}

function fail(value: unknown, place: Place, wanted: string): never {
  throw new DecodeError(
    `json: cannot unmarshal ${kindOf(value, wanted)} into Go struct field ` +
      `${place.struct}.${place.goPath} of type ${wanted}`,
  )
}

/** A JSON value's kind in the words of Go's decoder, which quotes a number that does not fit. */
function kindOf(value: unknown, wanted: string): string {
  const isQuoted = /^(u?int\d*|float64)$/.test(wanted)
  const kind = jsonKind(value)
  return kind === 'number' && isQuoted ? `number ${value}` : kind
}

/** A JSON value's kind as Go calls it. */
export function jsonKind(value: unknown): string {
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'boolean') return 'bool'
  return typeof value === 'bigint' ? 'number' : typeof value
}
