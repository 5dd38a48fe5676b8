import { type Element, keyElement, valueElement } from './element.ts'
import type { ListModel } from './model.ts'
import { valueForm } from './values.ts'

/** Thrown for an object that does not fit its type; the text is upstream's. */
export class TypedError extends Error {
  override readonly name = 'TypedError'
}

/**
 * What tells an item of an associative list from the others: its keys, or itself.
 * Source: structured-merge-diff typed/helpers.go listItemToPathElement.
 * @throws TypedError for an item that has none
 */
export function elementOf(list: ListModel, item: unknown): Element {
  return list.keys.length > 0 ? keyedElement(list, item) : setElement(item)
}

/** The same; undefined for an item that nothing tells from the others. */
export function elementIfAny(list: ListModel, item: unknown): Element | undefined {
  try {
    return elementOf(list, item)
  } catch (error) {
    if (error instanceof TypedError) return undefined
    throw error
  }
}

function keyedElement({ keys, keyDefaults }: ListModel, item: unknown): Element {
  const form = valueForm(item)
  if (form === 'null') {
    throw new TypedError('associative list with keys may not have a null element')
  }
  if (form !== 'map') {
    throw new TypedError('associative list with keys may not have non-map elements')
  }
  const object = item as Record<string, unknown>
  const found: [string, unknown][] = []
  for (const key of keys) {
    const value = Object.hasOwn(object, key) ? object[key] : undefined
    if (value !== undefined) found.push([key, value])
    else if (keyDefaults[key] !== undefined) found.push([key, keyDefaults[key]])
  }
  if (found.length === 0) {
    const names = keys.map(key => JSON.stringify(key)).join(' ')
    throw new TypedError(
      `associative list with keys has an element that omits all key fields [${names}] ` +
        "(and doesn't have default values for any key fields)",
    )
  }
  return keyElement(found)
}

function setElement(item: unknown): Element {
  switch (valueForm(item)) {
    case 'map':
      throw new TypedError("associative list without keys has an element that's a map type")
    case 'list':
      throw new TypedError('not supported: associative list with lists as elements')
    case 'null':
      throw new TypedError("associative list without keys has an element that's an explicit null")
    default:
      return valueElement(item)
  }
}
