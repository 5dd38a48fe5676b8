import { setOwn } from '../own.ts'
import { type Element, elementText } from './element.ts'
import { elementOf, TypedError } from './list-items.ts'
import type { ListModel, MapModel, Model } from './model.ts'
import { formOf, modelAt } from './validate.ts'
import { valueForm } from './values.ts'

/**
 * `left` with what `right` says: leaves of `right` win, nothing is taken away. Lists keep the order
 * of `left` where `right` says nothing else. The result shares what did not change.
 * Source: structured-merge-diff typed/merge.go.
 * @throws TypedError
 */
export function mergeTyped(model: Model, left: unknown, right: unknown): unknown {
  return mergeValue(model, left, right)
}

type Json = Record<string, unknown>

/** Undefined: nothing is left of it. */
function mergeValue(model: Model, left: unknown, right: unknown): unknown {
  if (right === undefined) return left
  const form = formOf(model, right)
  const isOther = left !== undefined && valueForm(left) !== valueForm(right)
  // Another form than before: the new one takes its place.
  if (isOther && valueForm(left) !== 'null' && valueForm(right) !== 'null') return right
  if (form === 'map' && model.map) return mergeMaps(model.map, left, right)
  if (form === 'list' && model.list) return mergeLists(model.list, left, right)
  return right
}

function mergeMaps(map: MapModel, left: unknown, right: unknown): unknown {
  const ours = valueForm(left) === 'map' ? (left as Json) : {}
  const theirs = valueForm(right) === 'map' ? (right as Json) : {}
  const isEmpty = Object.keys(ours).length === 0 && Object.keys(theirs).length === 0
  if (map.isAtomic || isEmpty) return right
  const result: Json = { ...ours }
  for (const key of Object.keys(theirs)) {
    const before = Object.hasOwn(ours, key) ? ours[key] : undefined
    const merged = mergeValue(modelAt(map, key) ?? undeclared, before, theirs[key])
    if (merged === undefined) delete result[key]
    else setOwn(result, key, merged)
  }
  return Object.keys(result).length === 0 ? undefined : result
}

const undeclared: Model = { scalar: 'untyped' }

interface Indexed {
  readonly elements: readonly Element[]
  readonly items: ReadonlyMap<Element, unknown>
}

function mergeLists(list: ListModel, left: unknown, right: unknown): unknown {
  const ours = Array.isArray(left) ? left : []
  const theirs = Array.isArray(right) ? right : []
  if (list.isAtomic || (ours.length === 0 && theirs.length === 0)) return right
  const after = indexed(list, theirs, false)
  const before = indexed(list, ours, true)
  const result = new ListMerge(list, ours, before, after).run()
  return result.length === 0 ? undefined : result
}

/** What both have twice is merged with nothing: null stands for it. */
function indexed(list: ListModel, values: readonly unknown[], allowDuplicates: boolean): Indexed {
  const elements: Element[] = []
  const items = new Map<Element, unknown>()
  for (const value of values) {
    const element = elementOf(list, value)
    if (!items.has(element)) items.set(element, value)
    else if (allowDuplicates) items.set(element, null)
    else throw new TypedError(`duplicate entries for key ${elementText(element)}`)
    elements.push(element)
  }
  return { elements, items }
}

/**
 * Goes through both lists at once: items that only the left one has stay before what followed them,
 * items that both have stand in the order of the right one.
 */
class ListMerge {
  readonly #list: ListModel
  readonly #left: readonly unknown[]
  readonly #before: Indexed
  readonly #after: Indexed
  readonly #shared: Element[]
  readonly #merged = new Set<Element>()
  readonly #result: unknown[] = []

  constructor(list: ListModel, left: readonly unknown[], before: Indexed, after: Indexed) {
    this.#list = list
    this.#left = left
    this.#before = before
    this.#after = after
    this.#shared = after.elements.filter(element => before.items.has(element))
  }

  run(): unknown[] {
    const ours = this.#before.elements
    const theirs = this.#after.elements
    let next = this.#shared.shift()
    let l = 0
    let r = 0
    while (l < ours.length || r < theirs.length) {
      const left = ours[l]
      const right = theirs[r]
      if (left !== undefined && right !== undefined) {
        if (left === right) {
          this.#take(right)
          l++
          r++
          next = this.#shared.shift()
          continue
        }
        if (this.#after.items.has(left) && next !== undefined && next !== left) {
          // Shared, but it is not its turn yet.
          l++
          continue
        }
      }
      if (left !== undefined) {
        if (!this.#after.items.has(left)) {
          this.#push(this.#left[l])
          l++
          continue
        }
        if (this.#merged.has(left)) l++
      }
      if (right !== undefined) {
        this.#take(right)
        r++
        if (next === right) next = this.#shared.shift()
      }
    }
    return this.#result
  }

  #take(element: Element): void {
    this.#merged.add(element)
    const { items } = this.#before
    const after = this.#after.items.get(element)
    this.#push(mergeValue(this.#list.item, items.get(element), after))
  }

  #push(value: unknown): void {
    if (value !== undefined) this.#result.push(value)
  }
}
