import { type Element, fieldElement, pathText } from './element.ts'
import { type FieldSet, isEmptySet, SetBuilder } from './field-set.ts'
import { equalWritten, writtenValue } from './go-form.ts'
import { elementOf, TypedError } from './list-items.ts'
import type { FieldModel, ListModel, MapModel, Model } from './model.ts'
import { formOf } from './validate.ts'
import { equalValues } from './values.ts'

/** What one object has that another has not. No path is in two of the sets. */
export interface Comparison {
  readonly removed: FieldSet
  readonly modified: FieldSet
  readonly added: FieldSet
}

/**
 * What became of `left` in `right`. `asWritten`: both are of a Go type, and one of them may not
 * have been brought into the form in which Go writes it.
 * Source: structured-merge-diff typed/compare.go.
 * @throws TypedError for an item of a list that nothing tells from the others
 */
export function compare(
  model: Model,
  left: unknown,
  right: unknown,
  asWritten = false,
): Comparison {
  const walk = new CompareWalk(asWritten)
  walk.value(model, left, right)
  return {
    removed: walk.removed.set,
    modified: walk.modified.set,
    added: walk.added.set,
  }
}

/** True when nothing differs. */
export function isSame({ removed, modified, added }: Comparison): boolean {
  return isEmptySet(removed) && isEmptySet(modified) && isEmptySet(added)
}

type Json = Record<string, unknown>

class CompareWalk {
  readonly removed = new SetBuilder()
  readonly modified = new SetBuilder()
  readonly added = new SetBuilder()
  readonly #asWritten: boolean
  readonly #path: Element[] = []

  constructor(asWritten: boolean) {
    this.#asWritten = asWritten
  }

  value(model: Model, left: unknown, right: unknown): void {
    // Before what is below it: so it stands in the set.
    if (left === undefined) this.added.add(this.#path)
    else if (right === undefined) this.removed.add(this.#path)
    const hasForms = Number(!!model.map) + Number(!!model.list) + Number(!!model.scalar) > 1
    const ours = formOf(model, left)
    const theirs = formOf(model, right)
    if (right === undefined) this.#form(model, ours, left, right)
    else if (left === undefined || !hasForms || ours === theirs) {
      this.#form(model, theirs, left, right)
    } else {
      this.#form(model, ours, left, right)
      this.#form(model, theirs, left, right)
    }
  }

  #form(model: Model, form: 'map' | 'scalar' | 'list', left: unknown, right: unknown): void {
    if (form === 'map' && model.map) this.#map(model, model.map, left, right)
    else if (form === 'list' && model.list) this.#list(model, model.list, left, right)
    else this.#leaf(model, left, right)
  }

  #leaf(model: Model, left: unknown, right: unknown): void {
    if (left === undefined || right === undefined) return
    // Nothing and an empty list are not the same here, though both are stored as nothing.
    const isEqual =
      this.#asWritten && (left === null) === (right === null)
        ? equalWritten(model, left, right)
        : equalValues(left, right)
    if (!isEqual) this.modified.add(this.#path)
  }

  #map(model: Model, map: MapModel, left: unknown, right: unknown): void {
    const ours = mapOf(left)
    const theirs = mapOf(right)
    if (map.isAtomic || (this.#isEmpty(model, ours) && this.#isEmpty(model, theirs))) {
      this.#leaf(model, left, right)
      return
    }
    if (ours === undefined || theirs === undefined) {
      for (const key of this.#keysOf(map, ours ?? theirs ?? {})) this.#key(map, key, ours, theirs)
      return
    }
    for (const key in ours) this.#key(map, key, ours, theirs)
    for (const key in theirs) if (!isIn(ours, key)) this.#key(map, key, ours, theirs)
  }

  /** Keys of what is there on one side only, and those that Go writes though nobody gave them. */
  #keysOf(map: MapModel, object: Json): string[] {
    const keys = Object.keys(object)
    if (this.#asWritten) {
      for (const name of map.written) if (!Object.hasOwn(object, name)) keys.push(name)
    }
    // In this order they need not be sorted for FieldsV1.
    return keys.length > 1 ? keys.sort() : keys
  }

  #key(map: MapModel, key: string, ours?: Json, theirs?: Json): void {
    const field = map.fields.get(key)
    // It says who owns what, and is owned by nobody.
    if (field?.schema.name === 'managedFields') return
    const left = this.#at(field, ours, key)
    const right = this.#at(field, theirs, key)
    if (left === right) return
    this.#path.push(field?.element ?? fieldElement(key))
    this.value(field?.model ?? map.item ?? undeclared, left, right)
    this.#path.pop()
  }

  #at(field: FieldModel | undefined, object: Json | undefined, key: string): unknown {
    if (object === undefined) return undefined
    const value = Object.hasOwn(object, key) ? object[key] : undefined
    return this.#asWritten && field !== undefined ? writtenValue(field.schema, value) : value
  }

  /** A struct is empty when Go would write nothing of it. */
  #isEmpty(model: Model, object: Json | undefined): boolean {
    if (object === undefined) return true
    const fields = model.map?.fields
    for (const key in object) {
      if (this.#at(fields?.get(key), object, key) !== undefined) return false
    }
    return !this.#asWritten || model.map === undefined || model.map.written.length === 0
  }

  #list(model: Model, list: ListModel, left: unknown, right: unknown): void {
    const ours = Array.isArray(left) ? left : []
    const theirs = Array.isArray(right) ? right : []
    if (list.isAtomic || (ours.length === 0 && theirs.length === 0)) {
      this.#leaf(model, left, right)
      return
    }
    // Most lists are as they were: that is seen before their items are told apart.
    if (ours.length === theirs.length && this.#areEqual(list.item, ours, theirs)) {
      if (mayLackKeys(list)) this.#byElement(list, ours)
      return
    }
    const before = this.#byElement(list, ours)
    const after = this.#byElement(list, theirs)
    for (const [element, items] of before) this.#items(list, element, items, after.get(element))
    for (const [element, items] of after) {
      if (!before.has(element)) this.#items(list, element, [], items)
    }
  }

  /** Items that are the same by their keys; several on one side count as one that is atomic. */
  #items(list: ListModel, element: Element, ours: unknown[], theirs: unknown[] = []): void {
    this.#path.push(element)
    if (ours.length <= 1 && theirs.length <= 1) this.value(list.item, ours[0], theirs[0])
    else if (ours.length >= 2 && theirs.length >= 2) {
      if (!this.#areEqual(list.item, ours, theirs)) this.modified.add(this.#path)
    } else if (ours.length >= 2) {
      if (theirs.length > 0) this.value(list.item, undefined, theirs[0])
      this.removed.add(this.#path)
    } else {
      if (ours.length > 0) this.value(list.item, ours[0], undefined)
      this.added.add(this.#path)
    }
    this.#path.pop()
  }

  #byElement(list: ListModel, items: readonly unknown[]): Map<Element, unknown[]> {
    const result = new Map<Element, unknown[]>()
    for (const [index, item] of items.entries()) {
      const element = this.#elementOf(list, item, index)
      const same = result.get(element)
      if (same === undefined) result.set(element, [item])
      else same.push(item)
    }
    return result
  }

  #elementOf(list: ListModel, item: unknown, index: number): Element {
    try {
      return elementOf(list, item)
    } catch (error) {
      if (!(error instanceof TypedError)) throw error
      throw new TypedError(`${pathText(this.#path)}: element ${index}: ${error.message}`)
    }
  }

  #areEqual(item: Model, ours: unknown[], theirs: unknown[]): boolean {
    if (!this.#asWritten) return equalValues(ours, theirs)
    const isEqual = (each: unknown, index: number) => equalWritten(item, each, theirs[index])
    return ours.length === theirs.length && ours.every(isEqual)
  }
}

/** Items that have no key are refused, even where they did not change. */
function mayLackKeys({ keys, keyDefaults }: ListModel): boolean {
  return keys.every(key => keyDefaults[key] === undefined)
}

/** Of a field that no type declares: it is compared as a whole. */
const undeclared: Model = { scalar: 'untyped' }

function isIn(object: Json | undefined, key: string): boolean {
  return object !== undefined && Object.hasOwn(object, key)
}

function mapOf(value: unknown): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Json)
    : undefined
}
