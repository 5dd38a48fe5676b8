import type { LabelSelector } from './objects.ts'
import { ownValue } from './own.ts'
import { labelValueErrors, qualifiedNameErrors } from './validation/names.ts'

/**
 * Label and field selectors: parse, match, write back.
 * Source: k8s.io/apimachinery pkg/labels/selector.go, pkg/fields/selector.go.
 */

/** One condition on a label. `Gt` and `Lt` occur in strings and in node selectors only. */
export interface Requirement {
  readonly key: string
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  readonly values: readonly string[]
}

/** All requirements must hold; `nothing` matches no object at all. */
export interface Selector {
  readonly requirements: readonly Requirement[]
  readonly nothing: boolean
}

/** One term of a field selector. */
export interface FieldRequirement {
  readonly field: string
  readonly negated: boolean
  readonly value: string
}

/** Thrown for text that is no selector: HTTP 400. */
export class SelectorError extends Error {
  override readonly name = 'SelectorError'
}

export const everything: Selector = { requirements: [], nothing: false }
export const nothing: Selector = { requirements: [], nothing: true }

type Labels = Readonly<Record<string, string>> | undefined

/** True when the labels fulfil every requirement. */
export function matchesLabels(selector: Selector, labels: Labels): boolean {
  if (selector.nothing) return false
  for (const requirement of selector.requirements) {
    if (!matchesRequirement(requirement, labels)) return false
  }
  return true
}

/** One requirement against a set of labels. */
export function matchesRequirement(requirement: Requirement, labels: Labels): boolean {
  const { key, operator, values } = requirement
  const value = ownValue(labels, key)
  const has = value !== undefined
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value)
    case 'NotIn':
      return value === undefined || !values.includes(value)
    case 'Exists':
      return has
    case 'DoesNotExist':
      return !has
    case 'Gt':
      return isInteger(value) && isInteger(values[0]) && BigInt(value) > BigInt(values[0])
    case 'Lt':
      return isInteger(value) && isInteger(values[0]) && BigInt(value) < BigInt(values[0])
  }
}

/**
 * The selector of a LabelSelector object: absent matches nothing, empty matches everything.
 * @throws SelectorError for an operator that does not exist.
 */
export function selectorOf(source: LabelSelector | null | undefined): Selector {
  if (source === null || source === undefined) return nothing
  const requirements: Requirement[] = []
  for (const [key, value] of Object.entries(source.matchLabels ?? {}).sort(byKey)) {
    requirements.push({ key, operator: 'In', values: [value] })
  }
  for (const { key, operator, values } of source.matchExpressions ?? []) {
    if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) {
      throw new SelectorError(`"${operator}" is not a valid label selector operator`)
    }
    requirements.push({ key, operator, values: values ?? [] })
  }
  return { requirements, nothing: false }
}

/** The selector of a plain map, as Services have it; an empty map matches everything. */
export function selectorOfMap(map: Labels): Selector {
  return selectorOf({ matchLabels: { ...map } })
}

/** The text of a selector, as in query strings and `status.selector` of a Scale. */
export function selectorText(selector: Selector): string {
  return selector.requirements.map(requirementText).join(',')
}

/** `a=b,c!=d,e in (x,y),!f,g,h>1`. @throws SelectorError */
export function parseLabelSelector(text: string): Selector {
  if (text.trim() === '') return everything
  const tokens = tokenize(text)
  const requirements: Requirement[] = []
  let at = 0
  for (;;) {
    const [requirement, next] = parseRequirement(tokens, at)
    requirements.push(requirement)
    if (tokens[next] === undefined) break
    if (tokens[next] !== ',') fail(`found '${tokens[next]}', expected: ',' or 'end of string'`)
    at = next + 1
  }
  requirements.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  return { requirements, nothing: false }
}

/** `metadata.name=a,status.phase!=Running`; `\` escapes `,`, `=` and `\`. @throws SelectorError */
export function parseFieldSelector(text: string): readonly FieldRequirement[] {
  return splitTerms(text)
    .filter(term => term !== '')
    .map(term => {
      const found = /^((?:\\.|[^=!\\])*)(==|!=|=)(.*)$/s.exec(term)
      if (!found) throw new SelectorError(`invalid selector: '${term}'; can't understand '${term}'`)
      const [, field = '', operator, value = ''] = found
      return { field, negated: operator === '!=', value: unescapeValue(value) }
    })
}

/** `fieldOf` gives a field's text; a field that is not set is ''. */
export function matchesFields(
  terms: readonly FieldRequirement[],
  fieldOf: (field: string) => string,
): boolean {
  return terms.every(term => (fieldOf(term.field) === term.value) !== term.negated)
}

function isInteger(text: string | undefined): text is string {
  return text !== undefined && /^[+-]?[0-9]+$/.test(text)
}

function byKey(a: [string, string], b: [string, string]): number {
  return a[0] < b[0] ? -1 : 1
}

function requirementText({ key, operator, values }: Requirement): string {
  switch (operator) {
    case 'In':
      return values.length === 1 ? `${key}=${values[0]}` : `${key} in (${[...values].sort()})`
    case 'NotIn':
      return values.length === 1 ? `${key}!=${values[0]}` : `${key} notin (${[...values].sort()})`
    case 'Exists':
      return key
    case 'DoesNotExist':
      return `!${key}`
    case 'Gt':
      return `${key}>${values[0]}`
    case 'Lt':
      return `${key}<${values[0]}`
  }
}

function fail(why: string): never {
  throw new SelectorError(`unable to parse requirement: ${why}`)
}

function tokenize(text: string): string[] {
  return text.match(/==|!=|[(),=!<>]|[^\s(),=!<>]+/g) ?? []
}

const symbols = new Set(['==', '!=', '=', '!', '<', '>', '(', ')', ','])

function parseRequirement(tokens: readonly string[], start: number): [Requirement, number] {
  const absent = tokens[start] === '!'
  const at = absent ? start + 1 : start
  if (!absent && symbols.has(tokens[at] ?? ',')) {
    throw new SelectorError(
      `found '${tokens[at] ?? ''}', expected: !, identifier, or 'end of string'`,
    )
  }
  const key = word(tokens[at], 'identifier')
  checkKey(key)
  const operator = tokens[at + 1]
  if (absent) return [{ key, operator: 'DoesNotExist', values: [] }, at + 1]
  if (operator === undefined || operator === ',') {
    return [{ key, operator: 'Exists', values: [] }, at + 1]
  }
  if (operator === 'in' || operator === 'notin') {
    const [values, next] = parseValues(tokens, at + 2)
    checkValues(key, values)
    return [{ key, operator: operator === 'in' ? 'In' : 'NotIn', values }, next]
  }
  const names: Record<string, Requirement['operator']> = {
    '=': 'In',
    '==': 'In',
    '!=': 'NotIn',
    '>': 'Gt',
    '<': 'Lt',
  }
  const name = ownValue(names, operator)
  if (name === undefined) fail(`found '${operator}', expected: in, notin, =, ==, !=, gt, lt`)
  const value = tokens[at + 2]
  if (value === undefined || value === ',') return [{ key, operator: name, values: [''] }, at + 2]
  checkValues(key, [word(value, 'identifier')])
  if ((name === 'Gt' || name === 'Lt') && !isInteger(value)) {
    fail(
      `values[0]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value ` +
        'must be an integer',
    )
  }
  return [{ key, operator: name, values: [value] }, at + 3]
}

function parseValues(tokens: readonly string[], start: number): [string[], number] {
  if (tokens[start] !== '(') fail(`found '${tokens[start] ?? ''}' expected: '('`)
  const values: string[] = []
  let at = start + 1
  let expectValue = true
  for (; tokens[at] !== ')'; at++) {
    const token = tokens[at]
    if (token === undefined) fail("found '', expected: ',' or ')'")
    if (token === ',') {
      if (expectValue) values.push('')
      expectValue = true
      continue
    }
    values.push(word(token, 'identifier'))
    expectValue = false
  }
  if (expectValue) values.push('')
  return [[...new Set(values)].sort(), at + 1]
}

function word(token: string | undefined, wanted: string): string {
  if (token === undefined || symbols.has(token)) fail(`found '${token ?? ''}', expected: ${wanted}`)
  return token
}

/** The path that upstream's parser has for a key is none. */
function checkKey(key: string): void {
  const wrong = qualifiedNameErrors(key)
  if (wrong.length > 0) fail(`<nil>: Invalid value: ${JSON.stringify(key)}: ${wrong.join('; ')}`)
}

/** Source: labels NewRequirement, validateLabelValue. */
function checkValues(key: string, values: readonly string[]): void {
  const problems = values.flatMap((value, at) => {
    const wrong = labelValueErrors(value)
    const told = `values[${at}][${key}]: Invalid value: ${JSON.stringify(value)}`
    return wrong.length === 0 ? [] : [`${told}: ${wrong.join('; ')}`]
  })
  if (problems.length > 0) fail(problems.length === 1 ? problems[0]! : `[${problems.join(', ')}]`)
}

function splitTerms(text: string): string[] {
  const terms: string[] = []
  let term = ''
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\' && at + 1 < text.length) term += text[at++]! + text[at]!
    else if (text[at] === ',') {
      terms.push(term)
      term = ''
    } else term += text[at]
  }
  return [...terms, term]
}

function unescapeValue(value: string): string {
  return value.replace(/\\([\\,=])/g, '$1')
}
