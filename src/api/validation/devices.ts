import { stringifyJson } from '../json.ts'
import type { Causes } from './causes.ts'
import { validateDriverName } from './csi.ts'
import { validateChoice } from './fields.ts'
import { validateSet, validateSlice } from './lists.ts'
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from './names.ts'
import { regexError } from './regex-error.ts'

/**
 * What claims, classes and slices have in common. Expressions of CEL are not compiled.
 * Source of all: kubernetes pkg/apis/resource/validation/validation.go.
 */

export const listMax = 32
export const taintEffects = ['NoExecute', 'NoSchedule', 'None']
const bytesMax = 10 * 1024
const idBytesMax = 32

export interface Selector {
  readonly cel?: { readonly expression?: string }
}

export interface Configuration {
  readonly opaque?: { readonly driver?: string; readonly parameters?: unknown }
}

/** A text judged by a list of what is wrong with it. */
export function validateText(
  value: string,
  errors: (value: string) => readonly string[],
  path: string,
  causes: Causes,
): void {
  for (const text of errors(value)) causes.invalid(path, value, text)
}

export function validateLabelOf(value: string, path: string, causes: Causes): void {
  validateText(value, dnsLabelErrors, path, causes)
}

export function validatePoolName(name: string, path: string, causes: Causes): void {
  if (name === '') {
    causes.required(path)
    return
  }
  if (name.length > 253) causes.tooLong(path, 253)
  for (const part of name.split('/')) validateText(part, dnsSubdomainErrors, path, causes)
}

export function validateSelectors(
  selectors: readonly Selector[] | undefined,
  path: string,
  causes: Causes,
): void {
  validateSlice(selectors, listMax, path, causes, ({ cel }, at) => {
    if (cel === undefined) causes.required(`${at}.cel`)
    else if (Buffer.byteLength(cel.expression ?? '') > bytesMax) {
      causes.tooLong(`${at}.cel.expression`, bytesMax)
    }
  })
}

export function validateConfiguration(
  { opaque }: Configuration,
  path: string,
  causes: Causes,
): void {
  if (opaque === undefined) {
    causes.required(`${path}.opaque`)
    return
  }
  validateDriverName(opaque.driver ?? '', `${path}.opaque.driver`, causes)
  validateData(opaque.parameters, `${path}.opaque.parameters`, causes)
}

/** Any JSON that is an object. Source: validateRawExtension. */
export function validateData(data: unknown, path: string, causes: Causes): void {
  if (data === undefined || data === null) causes.required(path)
  else if (Buffer.byteLength(stringifyJson(data)) > bytesMax) causes.tooLong(path, bytesMax)
  else if (typeof data !== 'object' || Array.isArray(data)) {
    causes.invalid(path, '<value omitted>', 'must be a valid JSON object')
  }
}

export interface Toleration {
  readonly key?: string
  readonly operator?: string
  readonly value?: string
  readonly effect?: string
}

export function validateDeviceToleration(
  { key = '', operator = '', value = '', effect = '' }: Toleration,
  path: string,
  causes: Causes,
): void {
  if (key !== '') validateText(key, qualifiedNameErrors, `${path}.key`, causes)
  if (operator === '') causes.required(`${path}.operator`)
  else if (operator === 'Equal') validateText(value, labelValueErrors, `${path}.value`, causes)
  else if (operator !== 'Exists') {
    causes.notSupported(`${path}.operator`, operator, ['Equal', 'Exists'])
  } else if (value !== '') {
    causes.invalid(`${path}.value`, value, 'must be empty for operator `Exists`')
  }
  if (effect !== '') validateChoice(effect, taintEffects, `${path}.effect`, causes)
}

const identifierText = regexError(
  "a valid C identifier must start with alphabetic character or '_', followed by a string of " +
    "alphanumeric characters or '_'",
  '[A-Za-z_][A-Za-z0-9_]*',
  ...['my_name', 'MY_NAME', 'MyName'],
)

function validateIdentifier(id: string, path: string, causes: Causes): void {
  if (id.length > idBytesMax) causes.tooLong(path, idBytesMax)
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(id)) causes.invalid(path, id, identifierText)
}

/** An identifier, with or without a domain. Source: validateQualifiedName. */
export function validateDeviceKey(name: string, path: string, causes: Causes): void {
  const [first = '', second, more] = name.split('/')
  if (more !== undefined) return
  if (second === undefined) {
    validateIdentifier(first, path, causes)
    return
  }
  if (first === '') causes.invalid(path, '', 'the domain must not be empty')
  else validateDriverName(first, path, causes)
  if (second === '') causes.invalid(path, '', 'the name must not be empty')
  else validateIdentifier(second, path, causes)
}

/** Source: validateFullyQualifiedName. */
export function validateAttributeName(name: string, path: string, causes: Causes): void {
  validateDeviceKey(name, path, causes)
  if (name.includes('/')) return
  const text = 'a fully qualified name must be a domain and a name separated by a slash'
  causes.invalid(path, name, text)
}

/** Conditions that decide on a binding. Source: validateDeviceBindingParameters. */
export function validateBindingConditions(
  conditions: readonly string[],
  failures: readonly string[],
  path: string,
  causes: Causes,
): void {
  const [at, failuresAt] = [`${path}.bindingConditions`, `${path}.bindingFailureConditions`]
  const judge = (name: string, place: string) =>
    validateText(name, qualifiedNameErrors, place, causes)
  validateSet(conditions, 4, at, causes, name => name, judge)
  validateSet(failures, 4, failuresAt, causes, name => name, judge)
  for (const [index, name] of failures.entries()) {
    if (!conditions.includes(name)) continue
    const text = 'bindingFailureConditions must not overlap with bindingConditions'
    causes.invalid(`${failuresAt}[${index}]`, name, text)
  }
  if (conditions.length === 0 && failures.length > 0) {
    const text = 'bindingConditions are required to use bindingFailureConditions'
    causes.invalid(at, null, text)
  }
  if (failures.length === 0 && conditions.length > 0) {
    const text = 'bindingFailureConditions are required to use bindingConditions'
    causes.invalid(failuresAt, null, text)
  }
}
