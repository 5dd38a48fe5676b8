import { type Element, fieldElement } from './element.ts'
import { type FieldSet, SetBuilder } from './field-set.ts'
import { elementIfAny } from './list-items.ts'
import type { ListModel, MapModel, Model } from './model.ts'
import { formOf, modelAt } from './validate.ts'
import { valueForm } from './values.ts'

/**
 * The fields that a value mentions: its leaves and its lists' items.
 * Source: structured-merge-diff typed/tofieldset.go.
 */
export function toFieldSet(model: Model, value: unknown): FieldSet {
  const builder = new SetBuilder()
  new Walk(builder).value(model, value)
  return builder.set
}

/**
 * Of an item that nothing tells from the others: while an apply is worked out, an item may have
 * lost all that it had. The list is still there.
 */
const unnamed: Element = '?:'

class Walk {
  readonly #set: SetBuilder
  readonly #path: Element[] = []

  constructor(set: SetBuilder) {
    this.#set = set
  }

  value(model: Model, value: unknown): void {
    const form = formOf(model, value)
    if (form === 'map' && model.map) this.#map(model.map, value)
    else if (form === 'list' && model.list) this.#list(model.list, value)
    else this.#set.add(this.#path)
  }

  #map(map: MapModel, value: unknown): void {
    if (map.isAtomic) {
      this.#set.add(this.#path)
      return
    }
    if (valueForm(value) !== 'map') return
    for (const [key, item] of Object.entries(value as object)) {
      if (item === undefined) continue
      this.#path.push(fieldElement(key))
      this.value(modelAt(map, key) ?? {}, item)
      const isEmpty = valueForm(item) === 'map' && Object.keys(item as object).length === 0
      // A key of a map is something of its own, a field of a type is not.
      if (item === null || isEmpty || !map.fields.has(key)) this.#set.add(this.#path)
      this.#path.pop()
    }
  }

  #list(list: ListModel, value: unknown): void {
    if (list.isAtomic) {
      this.#set.add(this.#path)
      return
    }
    if (!Array.isArray(value)) return
    const counts = new Map<Element, number>()
    const elements = value.map(item => elementIfAny(list, item) ?? unnamed)
    for (const element of elements) counts.set(element, (counts.get(element) ?? 0) + 1)
    for (const [index, element] of elements.entries()) {
      this.#path.push(element)
      // Of items that nothing tells apart nobody owns a part.
      if (counts.get(element) === 1) this.value(list.item, value[index])
      this.#set.add(this.#path)
      this.#path.pop()
    }
  }
}
