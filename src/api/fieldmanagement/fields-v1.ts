import { isRecord } from '../patch/merge.ts'
import { type Element, ElementError, parseElement, sortedElements } from './element.ts'
import { emptySet, type FieldSet, leaf } from './field-set.ts'

/**
 * The JSON of a set: an object of elements, each with what is below; `.` says that an element with
 * something below is a member itself. Source: structured-merge-diff fieldpath/serialize.go.
 */
export interface FieldsV1 {
  [element: Element]: FieldsV1
}

/** @throws ElementError for what is no set */
export function decodeFields(fields: unknown): FieldSet {
  if (fields === undefined || fields === null) return emptySet
  if (!isRecord(fields)) throw new ElementError('a set of fields must be an object')
  return decodeNode(fields, true)
}

function decodeNode(fields: Record<string, unknown>, isRoot: boolean): FieldSet {
  let isMember = false
  let children: Map<Element, FieldSet> | undefined
  for (const key in fields) {
    if (key === '.') {
      isMember = true
      continue
    }
    const element = parseElement(key)
    if (element === undefined) continue
    const value = fields[key]
    if (!isRecord(value)) throw new ElementError(`a set of fields must be an object: ${key}`)
    children ??= new Map()
    children.set(element, decodeNode(value, false))
  }
  if (children === undefined) return isRoot ? emptySet : leaf
  return { isMember: isMember && !isRoot, children }
}

/** The set's JSON, its elements in upstream's order. */
export function encodeFields(set: FieldSet): FieldsV1 {
  const fields: FieldsV1 = {}
  for (const element of sortedElements(set.children.keys())) {
    const child = set.children.get(element) ?? leaf
    const below = encodeFields(child)
    fields[element] = child.isMember && child.children.size > 0 ? withDot(below) : below
  }
  return fields
}

function withDot(below: FieldsV1): FieldsV1 {
  return { '.': {}, ...below }
}
