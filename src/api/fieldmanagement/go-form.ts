import type { FieldSchema } from '../schema/types.ts'
import { isDropped } from '../schema/written.ts'
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
  return field.written ? zeroOf(field) : undefined
}

function zeroOf(field: FieldSchema): unknown {
  if (field.shape !== undefined || field.pointer) return null
  // The zeros of its own fields are looked at in the same way.
  if (field.type === 'ref') return {}
  return zeros[field.type] ?? null
}

const zeros: Partial<Record<FieldSchema['type'], unknown>> = {
  string: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  quantity: '0',
  duration: '0s',
  intorstring: 0,
}

/** The value of a key in that form. */
export function writtenAt(model: Model, object: Record<string, unknown>, key: string): unknown {
  const field = model.map?.fields.get(key)
  const value = Object.hasOwn(object, key) ? object[key] : undefined
  return field === undefined ? value : writtenValue(field.schema, value)
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
  if (form !== valueForm(right)) return false
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
  const ours = writtenAt(model, left, key)
  const theirs = writtenAt(model, right, key)
  if (ours === undefined || theirs === undefined) return ours === theirs
  const field = model.map?.fields.get(key)
  return equalWritten(field?.model ?? model.map?.item ?? anything, ours, theirs)
}

function equalLists(model: Model, left: unknown[], right: unknown[]): boolean {
  if (left.length !== right.length) return false
  const item = model.list?.item ?? anything
  return left.every((each, index) => equalWritten(item, each, right[index]))
}

const anything: Model = {}
