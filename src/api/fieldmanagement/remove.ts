import { setOwn } from '../own.ts'
import { fieldElement } from './element.ts'
import { type FieldSet, hasBelow, isMember } from './field-set.ts'
import { elementIfAny } from './list-items.ts'
import type { ListModel, MapModel, Model } from './model.ts'
import { formOf, modelAt } from './validate.ts'
import { valueForm } from './values.ts'

/**
 * The value without the fields and items of the set, whole; null when nothing is left.
 * Source: structured-merge-diff typed/remove.go.
 */
export function removeItems(model: Model, value: unknown, items: FieldSet): unknown {
  const form = formOf(model, value)
  if (form === 'map' && model.map) return removeKeys(model.map, value, items)
  if (form === 'list' && model.list) return removeFromList(model.list, value, items)
  return value ?? null
}

function removeKeys(map: MapModel, value: unknown, items: FieldSet): unknown {
  if (map.isAtomic || valueForm(value) !== 'map') return null
  const result: Record<string, unknown> = {}
  let count = 0
  for (const [key, item] of Object.entries(value as object)) {
    const node = items[fieldElement(key)]
    if (item === undefined || (node !== undefined && isMember(node))) continue
    const isTouched = node !== undefined && hasBelow(node)
    const kept = isTouched ? removeItems(modelAt(map, key) ?? {}, item, node) : item
    setOwn(result, key, kept)
    count++
  }
  return count === 0 ? null : result
}

function removeFromList(list: ListModel, value: unknown, items: FieldSet): unknown {
  if (list.isAtomic || !Array.isArray(value)) return null
  const result: unknown[] = []
  for (const item of value) {
    const element = elementIfAny(list, item)
    const node = element === undefined ? undefined : items[element]
    if (node !== undefined && isMember(node)) continue
    const isTouched = node !== undefined && hasBelow(node)
    result.push(isTouched ? removeItems(list.item, item, node) : item)
  }
  return result.length === 0 ? null : result
}
