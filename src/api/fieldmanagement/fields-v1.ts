import { isRecord } from '../patch/merge.ts'
import { ElementError, inOrder, parseElement, sortedElements } from './element.ts'
import { emptySet, type FieldSet, isEmptySet } from './field-set.ts'

/**
 * A set from JSON that anybody may have written: elements get the one text that they have here, and
 * those of unknown types go. The same object when it is in order already.
 * Source: structured-merge-diff fieldpath/serialize.go readIterV1.
 * @throws ElementError for what is no set
 */
export function decodeFields(fields: unknown): FieldSet {
  if (fields === undefined || fields === null) return emptySet
  if (!isRecord(fields)) throw new ElementError('a set of fields must be an object')
  const set = decodeNode(fields)
  if (set['.'] === undefined) return set
  const { '.': _, ...rest } = set
  return rest
}

function decodeNode(fields: Record<string, unknown>): FieldSet {
  let result: Record<string, FieldSet> | undefined
  let isSame = true
  for (const key in fields) {
    const element = key === '.' ? key : parseElement(key)
    const value = fields[key]
    if (!isRecord(value)) throw new ElementError(`a set of fields must be an object: ${key}`)
    const node = key === '.' ? emptySet : decodeNode(value)
    if (isSame && element === key && (node === value || key === '.')) continue
    if (isSame) result = partBefore(fields, key)
    isSame = false
    if (element !== undefined && result !== undefined) result[element] = node
  }
  return result ?? (fields as unknown as FieldSet)
}

/** What of an object comes before a key. */
function partBefore(fields: Record<string, unknown>, end: string): Record<string, FieldSet> {
  const result: Record<string, FieldSet> = {}
  for (const key in fields) {
    if (key === end) break
    result[key] = fields[key] as FieldSet
  }
  return result
}

/** The set with its elements in upstream's order; the same object when they are. */
export function encodeFields(set: FieldSet): FieldSet {
  let result: Record<string, FieldSet> | undefined
  let isOrdered = true
  let last = ''
  for (const element in set) {
    const child = set[element] ?? emptySet
    const encoded = isEmptySet(child) ? child : encodeFields(child)
    if (encoded !== child) {
      result ??= { ...set }
      result[element] = encoded
    }
    if (isOrdered && last !== '' && !inOrder(last, element)) isOrdered = false
    last = element
  }
  return isOrdered ? (result ?? set) : ordered(result ?? set)
}

function ordered(set: FieldSet): FieldSet {
  const result: Record<string, FieldSet> = {}
  if (set['.'] !== undefined) result['.'] = emptySet
  for (const element of sortedElements(Object.keys(set).filter(each => each !== '.'))) {
    result[element] = set[element] ?? emptySet
  }
  return result
}
