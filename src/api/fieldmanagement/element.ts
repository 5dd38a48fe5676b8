/**
 * One step of a path into an object, in the text that FieldsV1 has for it: `f:spec` a field,
 * `k:{"name":"a"}` the item of a list that has these keys, `v:"x"` an item of a set, `i:0` an item
 * by its place. Two elements are equal when their texts are.
 * Source: structured-merge-diff fieldpath/element.go, serialize-pe.go.
 */
export type Element = string

/** A path from the root of an object. */
export type Path = readonly Element[]

/** Thrown for a text that is no element. */
export class ElementError extends Error {
  override readonly name = 'ElementError'
}

export function fieldElement(name: string): Element {
  return `f:${name}`
}

/** The name of a field's element; undefined for the others. */
export function fieldNameOf(element: Element): string | undefined {
  return element.startsWith('f:') ? element.slice(2) : undefined
}

/** The item of a list with such keys; `keys` in any order. */
export function keyElement(keys: readonly (readonly [name: string, value: unknown])[]): Element {
  const sorted = keys.length < 2 ? keys : [...keys].sort(([a], [b]) => compareTexts(a, b))
  const texts = sorted.map(([name, value]) => `${JSON.stringify(name)}:${goJson(value)}`)
  return `k:{${texts.join(',')}}`
}

export function valueElement(value: unknown): Element {
  return `v:${goJson(value)}`
}

/**
 * An element as it came from a client or the store, in the one text it has here; undefined for a
 * type of element that is not known, which is dropped. @throws ElementError
 */
export function parseElement(text: string): Element | undefined {
  if (text.startsWith('f:')) return text
  if (text.length < 2) throw new ElementError('key must be 2 characters long:')
  if (text[1] !== ':') throw new ElementError(`missing colon: ${text}`)
  const rest = text.slice(2)
  switch (text[0]) {
    case 'k': {
      const keys = parsed(rest)
      if (typeof keys !== 'object' || keys === null || Array.isArray(keys)) {
        throw new ElementError(`expect an object as key: ${text}`)
      }
      return keyElement(Object.entries(keys))
    }
    case 'v':
      return valueElement(parsed(rest))
    case 'i':
      if (!/^[+-]?[0-9]+$/.test(rest)) throw new ElementError(`invalid index: ${text}`)
      return `i:${Number(rest)}`
    default:
      return undefined
  }
}

/** The element as upstream's messages show it: `.spec`, `[name="a"]`, `[="x"]`, `[0]`. */
export function elementText(element: Element): string {
  const rest = element.slice(2)
  switch (element[0]) {
    case 'f':
      return `.${rest}`
    case 'k': {
      const keys = Object.entries(JSON.parse(rest) as Record<string, unknown>)
      return `[${keys.map(([name, value]) => `${name}=${valueText(value)}`).join(',')}]`
    }
    case 'v':
      return `[=${valueText(JSON.parse(rest))}]`
    default:
      return `[${rest}]`
  }
}

/** A path as upstream's messages show it. */
export function pathText(path: Path): string {
  return path.map(elementText).join('')
}

/** Elements in the order in which FieldsV1 has them: fields, keys, values, places. */
export function sortedElements(elements: Iterable<Element>): Element[] {
  const list = [...elements]
  if (list.length < 2) return list
  if (list.every(each => each.startsWith('f:'))) return list.sort(compareTexts)
  return list
    .map(element => ({ element, rank: ranks.indexOf(element[0] ?? ''), value: contentOf(element) }))
    .sort((a, b) => a.rank - b.rank || compareContents(a.value, b.value))
    .map(({ element }) => element)
}

/** Go's order of strings: that of their code points. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  const length = Math.min(a.length, b.length)
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at)
    const right = b.charCodeAt(at)
    if (left === right) continue
    // Surrogates stand for what is above all other characters.
    if (isSurrogate(left) !== isSurrogate(right)) return isSurrogate(left) ? 1 : -1
    return left - right
  }
  return a.length - b.length
}

const ranks = 'fkvi'

function isSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdfff
}

function contentOf(element: Element): unknown {
  const rest = element.slice(2)
  if (element[0] === 'f') return rest
  if (element[0] === 'i') return Number(rest)
  const value: unknown = JSON.parse(rest)
  return element[0] === 'k' ? Object.entries(value as object) : value
}

function compareContents(a: unknown, b: unknown): number {
  if (!Array.isArray(a) || !Array.isArray(b)) return compareScalars(a, b)
  for (let at = 0; ; at++) {
    const left = a[at] as [string, unknown] | undefined
    const right = b[at] as [string, unknown] | undefined
    if (left === undefined || right === undefined) {
      return Number(left !== undefined) - Number(right !== undefined)
    }
    const order = compareTexts(left[0], right[0]) || compareScalars(left[1], right[1])
    if (order !== 0) return order
  }
}

/** Numbers before strings, strings before booleans. Source: value/value.go Compare. */
function compareScalars(a: unknown, b: unknown): number {
  const kinds = ['number', 'string', 'boolean', 'object']
  const order = kinds.indexOf(typeof a) - kinds.indexOf(typeof b)
  if (order !== 0) return order
  if (typeof a === 'string') return compareTexts(a, b as string)
  return typeof a === 'object' ? 0 : Number(a) - Number(b)
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

/** JSON as Go writes it: safe inside of HTML. */
function goJson(value: unknown): string {
  if (typeof value === 'bigint') return String(value)
  const text = JSON.stringify(value) ?? 'null'
  return unsafe.test(text) ? text.replace(everyUnsafe, escaped) : text
}

const unsafe = /[<>&\u2028\u2029]/
const everyUnsafe = /[<>&\u2028\u2029]/g

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new ElementError(`not JSON: ${text}`)
  }
}
