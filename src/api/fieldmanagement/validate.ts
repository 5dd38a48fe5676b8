import { type Element, elementText, fieldElement } from './element.ts'
import { elementOf, TypedError } from './list-items.ts'
import type { ListModel, MapModel, Model, Scalar } from './model.ts'
import { goSyntax, goText, goTypeName, valueForm } from './values.ts'

/**
 * Refuses an object that does not fit its type, in upstream's words.
 * Source: structured-merge-diff typed/validate.go.
 * @throws TypedError that names every mistake
 */
export function validateTyped(model: Model, value: unknown, allowDuplicates = false): void {
  const mistakes: string[] = []
  new Validation(mistakes, allowDuplicates).value(model, value, [])
  if (mistakes.length === 0) return
  throw new TypedError(mistakes.length === 1 ? mistakes[0] : ['errors:', ...mistakes].join('\n  '))
}

/**
 * The form that a value of this model is looked at in: its own where the model has it, else the
 * first that the model has. Source: typed/helpers.go deduceAtom, handleAtom.
 */
export function formOf(model: Model, value: unknown): 'map' | 'scalar' | 'list' {
  const form = valueForm(value)
  if (form !== 'null' && model[form] !== undefined) return form
  return model.map ? 'map' : model.scalar ? 'scalar' : 'list'
}

/** The model of a key; undefined for one that the type does not declare. */
export function modelAt(map: MapModel, key: string): Model | undefined {
  return map.fields.get(key)?.model ?? map.item
}

class Validation {
  readonly #mistakes: string[]
  readonly #allowDuplicates: boolean

  constructor(mistakes: string[], allowDuplicates: boolean) {
    this.#mistakes = mistakes
    this.#allowDuplicates = allowDuplicates
  }

  value(model: Model, value: unknown, path: Element[]): void {
    const form = formOf(model, value)
    if (form === 'map' && model.map) this.#map(model.map, value, path)
    else if (form === 'list' && model.list) this.#list(model.list, value, path)
    else if (model.scalar) this.#scalar(model.scalar, value, path)
  }

  #add(path: readonly Element[], text: string): void {
    this.#mistakes.push(path.length === 0 ? text : `${path.map(elementText).join('')}: ${text}`)
  }

  #map(map: MapModel, value: unknown, path: Element[]): void {
    const form = valueForm(value)
    if (form === 'null') return
    if (form !== 'map') {
      this.#add(path, `expected map, got &{${goText(value)}}`)
      return
    }
    for (const [key, item] of Object.entries(value as object)) {
      const inner = [...path, fieldElement(key)]
      const model = modelAt(map, key)
      // What follows an undeclared field is not looked at any more.
      if (model === undefined) {
        this.#add(inner, 'field not declared in schema')
        return
      }
      this.value(model, item, inner)
    }
  }

  #list(list: ListModel, value: unknown, path: Element[]): void {
    const form = valueForm(value)
    if (form === 'null') return
    if (form !== 'list') {
      this.#add(path, `expected list, got &{${goText(value)}}`)
      return
    }
    const seen = new Set<Element>()
    for (const [index, item] of (value as unknown[]).entries()) {
      const element = list.isAtomic ? `i:${index}` : this.#elementOf(list, item, index, path)
      if (element === undefined) return
      if (!list.isAtomic && seen.has(element) && !this.#allowDuplicates) {
        this.#add(path, `duplicate entries for key ${elementText(element)}`)
      }
      seen.add(element)
      this.value(list.item, item, [...path, element])
    }
  }

  #elementOf(list: ListModel, item: unknown, index: number, path: Element[]): Element | undefined {
    try {
      return elementOf(list, item)
    } catch (error) {
      if (!(error instanceof TypedError)) throw error
      this.#add(path, `element ${index}: ${error.message}`)
      return undefined
    }
  }

  #scalar(scalar: Scalar, value: unknown, path: Element[]): void {
    if (value === null || value === undefined) return
    const text = scalarMistakes[scalar](value)
    if (text !== undefined) this.#add(path, text)
  }
}

const isNumber = (value: unknown) => typeof value === 'number' || typeof value === 'bigint'
/** Go shows the wrapper that the value is in. */
const wrapped = (value: unknown) => `&value.valueUnstructured{Value:${goSyntax(value)}}`

const scalarMistakes: Readonly<Record<Scalar, (value: unknown) => string | undefined>> = {
  numeric: value =>
    isNumber(value) ? undefined : `expected numeric (int or float), got ${goTypeName(value)}`,
  string: value =>
    typeof value === 'string' ? undefined : `expected string, got ${wrapped(value)}`,
  boolean: value =>
    typeof value === 'boolean' ? undefined : `expected boolean, got &{${goText(value)}}`,
  untyped: value =>
    valueForm(value) === 'scalar' ? undefined : `expected any scalar, got &{${goText(value)}}`,
}
