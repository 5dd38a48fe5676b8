import type { FieldSchema } from '../schema/types.ts'
import { goZeros, isDropped } from '../schema/written.ts'
import type { Model } from './model.ts'
import { valueForm } from './values.ts'

/**
 * Objects as Go would write them, without writing them: what `omitempty` drops is not there, and
 * what Go always writes is. Where a new object is compared with a stored one, the new one has not
 * been written yet.
 */

/** A field's value in that form; undefined when Go leaves it out. */
export function writtenValue(field: FieldSchema, value: unknown): unknown {
  if (value !== undefined && value !== null && !isDropped(field, value)) return value
  if (!field.written) return undefined
  // An empty list is not the same as none, as long as it is not stored.
  return Array.isArray(value) ? value : zeroOf(field)
}

function zeroOf(field: FieldSchema): unknown {
  if (field.shape !== undefined || field.pointer) return null
  // The zeros of its own fields are looked at in the same way.
  if (field.type === 'ref') return {}
  return goZeros[field.type] ?? null
}

/** True when Go would write the same. `ignored`: keys of the outermost object that do not count. */
export function equalWritten(
  model: Model,
  left: unknown,
  right: unknown,
  ignored?: ReadonlySet<string>,
): boolean {
  if (left === right) return true
  const form = valueForm(left)
  if (form !== valueForm(right)) return isEmptyList(left) && isEmptyList(right)
  if (form === 'list') return equalLists(model, left as unknown[], right as unknown[])
  if (form !== 'map') return (left ?? null) === (right ?? null)
  const ours = left as Record<string, unknown>
  const theirs = right as Record<string, unknown>
  for (const key in ours) {
    if (!ignored?.has(key) && !equalAt(model, ours, theirs, key)) return false
  }
  for (const key in theirs) {
    if (ignored?.has(key) || Object.hasOwn(ours, key)) continue
    if (!equalAt(model, ours, theirs, key)) return false
  }
  return true
}

function equalAt(
  model: Model,
  left: Record<string, unknown>,
  right: Record<string, unknown>,
  key: string,
): boolean {
  const field = model.map?.fields.get(key)
  const ours = valueAt(field?.schema, left, key)
  const theirs = valueAt(field?.schema, right, key)
  if (ours === theirs) return true
  if (ours === undefined || theirs === undefined) return false
  return equalWritten(field?.model ?? model.map?.item ?? anything, ours, theirs)
}

function valueAt(
  field: FieldSchema | undefined,
  object: Record<string, unknown>,
  key: string,
): unknown {
  const value = Object.hasOwn(object, key) ? object[key] : undefined
  return field === undefined ? value : writtenValue(field, value)
}

function equalLists(model: Model, left: unknown[], right: unknown[]): boolean {
  if (left.length !== right.length) return false
  const item = model.list?.item ?? anything
  return left.every((each, index) => equalWritten(item, each, right[index]))
}

/** None, or one without items: Go writes both in the same way. */
function isEmptyList(value: unknown): boolean {
  return value === null || (Array.isArray(value) && value.length === 0)
}

const anything: Model = {}
