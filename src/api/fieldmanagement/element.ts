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
  const [first] = keys
  if (keys.length === 1 && typeof first?.[1] === 'string' && plain.test(first[1])) {
    return `k:{"${first[0]}":"${first[1]}"}`
  }
  const sorted = keys.length < 2 ? keys : [...keys].sort(([a], [b]) => compareTexts(a, b))
  const texts = sorted.map(([name, value]) => `${JSON.stringify(name)}:${goJson(value)}`)
  return `k:{${texts.join(',')}}`
}

/** Needs no escape in JSON. */
const plain = /^[\w ./:@-]*$/

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
    case 'k':
    case 'v':
      return remembered(text)
    case 'i':
      if (!/^[+-]?[0-9]+$/.test(rest)) throw new ElementError(`invalid index: ${text}`)
      return `i:${Number(rest)}`
    default:
      return undefined
  }
}

/** Keys and values in their one text: there are not many, and each is met at every write. */
const canonical = new Map<string, Element>()
const rememberedMax = 10_000

/** @throws ElementError */
function remembered(text: string): Element {
  let element = canonical.get(text)
  if (element === undefined) {
    element = canonicalElement(text)
    if (canonical.size >= rememberedMax) canonical.clear()
    canonical.set(text, element)
  }
  return element
}

function canonicalElement(text: string): Element {
  const value = parsed(text.slice(2))
  if (text[0] === 'v') return valueElement(value)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ElementError(`expect an object as key: ${text}`)
  }
  return keyElement(Object.entries(value))
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

/** True when `left` comes before `right`, or is `.`, which comes first. */
export function inOrder(left: Element, right: Element): boolean {
  if (left === '.' || right === '.') return left === '.'
  const isFields = left.startsWith('f:') && right.startsWith('f:')
  return isFields ? compareTexts(left, right) <= 0 : sortedElements([left, right])[0] === left
}

/** Go's order of strings: that of their code points. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  // Surrogates stand for what is above all other characters, and are below some of them.
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : 1
}

const surrogate = /[\ud800-\udfff]/

const ranks = 'fkvi'

function contentOf(element: Element): unknown {
  if (element[0] === 'f') return element.slice(2)
  if (element[0] === 'i') return Number(element.slice(2))
  let content = contents.get(element)
  if (content === undefined) {
    const value: unknown = JSON.parse(element.slice(2))
    content = element[0] === 'k' ? Object.entries(value as object) : value
    if (contents.size >= rememberedMax) contents.clear()
    contents.set(element, content)
  }
  return content
}

/** What is in elements of keys and of values. */
const contents = new Map<Element, unknown>()

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
