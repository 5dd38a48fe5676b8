import { isRecord } from '../patch/merge.ts'
import { type ResolvedType, typeByName } from './lookup.ts'
import type { FieldSchema } from './types.ts'

/**
 * Brings an object, in place, into the form in which Go writes it: what `omitempty` drops is not
 * there, and what it does not drop is there though it is empty. Whoever stores an object or
 * converts it does this last, so that it looks the same however it came about.
 * Source: encoding/json on the types of k8s.io/api, after a round trip through protobuf, to which
 * an empty list is none.
 */
export function asWritten(type: ResolvedType, object: Record<string, unknown>): void {
  complete(type, object, emptyOf)
}

/**
 * The same, but what Go writes as null is not there: so that rules find each struct, and each
 * number and text that is no pointer, whether or not a client wrote it.
 */
export function asHeld(type: ResolvedType, object: Record<string, unknown>): void {
  complete(type, object, heldOf)
}

/** What stands for a field that has nothing; undefined: the field is not there. */
type Empty = (field: FieldSchema) => unknown

function complete(type: ResolvedType, object: Record<string, unknown>, empty: Empty): void {
  for (const [key, field] of type.fields) {
    const value = object[key]
    // What is empty is not the same as nothing, until it is written: refusals show which it was.
    const isKept = empty === heldOf && field.shape !== undefined
    if (value === undefined || value === null || (!isKept && isDropped(field, value))) {
      const stand = field.written ? empty(field) : undefined
      if (stand !== undefined) object[key] = stand
      else if (value !== undefined) delete object[key]
      continue
    }
    descend(field, value, empty)
  }
}

function descend(field: FieldSchema, value: unknown, empty: Empty): void {
  if (field.type !== 'ref') return
  const type = typeByName(field.ref)
  if (type === undefined) return
  const values =
    field.shape === undefined ? [value] : Object.values(value as Record<string, unknown>)
  for (const each of values) {
    if (isRecord(each)) complete(type, each, empty)
  }
}

/** Go's `omitempty` on what is no pointer; an empty list that is written is written as null. */
export function isDropped(field: FieldSchema, value: unknown): boolean {
  if (field.shape !== undefined || field.type === 'strings') return isEmptyCollection(value)
  if (field.pointer || field.written) return false
  return value === '' || value === 0 || value === false
}

function isEmptyCollection(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.length === 0
  for (const _ in value) return false
  return true
}

/** What Go writes for a field that has nothing. */
function emptyOf(field: FieldSchema): unknown {
  return standIn(field, emptyOf) ?? null
}

/** What Go holds for it, in its own memory. */
function heldOf(field: FieldSchema): unknown {
  return standIn(field, heldOf)
}

function standIn(field: FieldSchema, empty: Empty): unknown {
  if (field.shape !== undefined || field.pointer) return undefined
  if (field.type !== 'ref') return goZeros[field.type]
  const object: Record<string, unknown> = {}
  const type = typeByName(field.ref)
  if (type !== undefined) complete(type, object, empty)
  return object
}

/** Go's zero of each type; null where there is none: times, bytes, lists, what is any JSON. */
export const goZeros: Partial<Record<FieldSchema['type'], unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  quantity: '0',
  duration: '0s',
  intorstring: 0,
}
