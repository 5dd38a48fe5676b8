import { isDeepStrictEqual } from 'node:util'
import { ownValue } from '../own.ts'
import type { Causes } from './causes.ts'
import { additionalOf, itemsOf, type JsonSchema, propertiesOf } from './crd-types.ts'
import { validateSchemaValue } from './schema-values.ts'

/**
 * Whether a schema says of every field what it is, and outside of logic.
 * Source: apiextensions-apiserver pkg/apiserver/schema/validation.go ValidateStructural.
 */

type Level = 'root' | 'item' | 'field'

const untyped: Record<Level, string> = {
  root: 'must not be empty at the root',
  item: 'must not be empty for specified array items',
  field: 'must not be empty for specified object fields',
}

export function validateStructural(schema: JsonSchema, path: string, causes: Causes): void {
  validateInvariants(schema, 'root', path, causes)
  validateCompleteness(schema, path, causes)
}

function validateInvariants(schema: JsonSchema, level: Level, path: string, causes: Causes): void {
  const items = itemsOf(schema)
  const additional = additionalOf(schema)
  const { type = '', 'x-kubernetes-embedded-resource': isResource } = schema
  if (type === 'array' && schema.items === undefined) {
    causes.required(`${path}.items`, 'must be specified')
  }
  if (items) validateInvariants(items, 'item', `${path}.items`, causes)
  for (const [name, property] of propertiesOf(schema)) {
    validateInvariants(property, 'field', `${path}.properties[${name}]`, causes)
  }
  if (schema.additionalProperties !== undefined && level === 'root') {
    causes.forbidden(`${path}.additionalProperties`, 'must not be used at the root')
  }
  if (additional) validateInvariants(additional, 'field', `${path}.additionalProperties`, causes)
  validateExtensions(schema, path, causes)
  validateValues(schema, path, causes)
  validateType(schema, level, path, causes)
  if (isResource && schema.additionalProperties !== undefined) {
    const text = 'must not be used if x-kubernetes-embedded-resource is set'
    causes.forbidden(`${path}.additionalProperties`, text)
  }
  validateResourceFields(schema, level, path, causes)
  const isOpen = schema['x-kubernetes-preserve-unknown-fields']
  if (isResource && !isOpen && propertiesOf(schema).length === 0) {
    const text =
      'must not be empty if x-kubernetes-embedded-resource is true without ' +
      'x-kubernetes-preserve-unknown-fields'
    causes.required(`${path}.properties`, text)
  }
}

function validateExtensions(schema: JsonSchema, path: string, causes: Causes): void {
  if (!schema['x-kubernetes-int-or-string']) return
  const text = 'must be false if x-kubernetes-int-or-string is true'
  for (const name of [
    'x-kubernetes-preserve-unknown-fields',
    'x-kubernetes-embedded-resource',
  ] as const) {
    if (schema[name]) causes.invalid(`${path}.${name}`, true, text)
  }
}

function validateType(schema: JsonSchema, level: Level, path: string, causes: Causes): void {
  const { type = '' } = schema
  const at = `${path}.type`
  const isFree =
    schema['x-kubernetes-int-or-string'] || schema['x-kubernetes-preserve-unknown-fields']
  if (schema['x-kubernetes-embedded-resource'] && type !== 'object') {
    const text = 'must be object if x-kubernetes-embedded-resource is true'
    if (type === '') causes.required(at, text)
    else causes.invalid(at, type, text)
  } else if (type === '' && !isFree) causes.required(at, untyped[level])
  if (level === 'root' && type !== '' && type !== 'object') {
    causes.invalid(at, type, 'must be object at the root')
  }
}

/** `kind`, `apiVersion` and `metadata` of what is an object of the API. */
function validateResourceFields(
  schema: JsonSchema,
  level: Level,
  path: string,
  causes: Causes,
): void {
  const isObject = level === 'root' || schema['x-kubernetes-embedded-resource']
  for (const [name, property] of propertiesOf(schema)) {
    const at = `${path}.properties[${name}]`
    const isText = name === 'kind' || name === 'apiVersion'
    if (isText && isObject && property.type !== 'string') {
      causes.invalid(`${at}.type`, property.type ?? '', 'must be string')
    }
    if (name !== 'metadata') continue
    if (isObject && property.type !== 'object') {
      causes.invalid(`${at}.type`, property.type ?? '', 'must be object')
    }
    if (level === 'root' && !isPlainMetadata(property)) {
      const text =
        'must not specify anything other than name and generateName, but metadata is ' +
        'implicitly specified'
      causes.forbidden(at, text)
    }
  }
}

function isPlainMetadata(schema: JsonSchema): boolean {
  const { type: _t, default: _d, properties = {}, ...rest } = schema
  const names = Object.keys(properties)
  const isNamed = names.every(name => name === 'name' || name === 'generateName')
  return isNamed && Object.keys(rest).length === 0
}

const intOrString = [{ type: 'integer' }, { type: 'string' }]

function validateValues(schema: JsonSchema, path: string, causes: Causes): void {
  const isAny = isDeepStrictEqual(schema.anyOf, intOrString)
  const isFirst = isDeepStrictEqual(schema.allOf?.[0]?.anyOf, intOrString)
  for (const [index, one] of isAny ? [] : (schema.anyOf ?? []).entries()) {
    validateNested(one, `${path}.anyOf[${index}]`, causes)
  }
  for (const [index, one] of (schema.allOf ?? []).entries()) {
    const { anyOf: _, ...rest } = one
    const inner = isFirst && index === 0 ? rest : one
    validateNested(inner, `${path}.allOf[${index}]`, causes)
  }
  for (const [index, one] of (schema.oneOf ?? []).entries()) {
    validateNested(one, `${path}.oneOf[${index}]`, causes)
  }
  if (schema.not) validateNested(schema.not, `${path}.not`, causes)
  const wrong = patternError(schema.pattern)
  if (wrong !== undefined) {
    const text = `must be a valid regular expression, but isn't: ${wrong}`
    causes.invalid(`${path}.pattern`, schema.pattern, text)
  }
}

function patternError(pattern = ''): string | undefined {
  try {
    new RegExp(pattern)
    return undefined
  } catch {
    return `error parsing regexp: \`${pattern}\``
  }
}

/** What only the schema around the logic may say. */
const outside = {
  type: 'must be empty to be structural',
  default: 'must be undefined to be structural',
  title: 'must be empty to be structural',
  description: 'must be empty to be structural',
  nullable: 'must be false to be structural',
  additionalProperties: 'must be undefined to be structural',
  'x-kubernetes-preserve-unknown-fields': 'must be false to be structural',
  'x-kubernetes-embedded-resource': 'must be false to be structural',
  'x-kubernetes-int-or-string': 'must be false to be structural',
  'x-kubernetes-list-map-keys': 'must be empty to be structural',
  'x-kubernetes-list-type': 'must be undefined to be structural',
  'x-kubernetes-map-type': 'must be undefined to be structural',
  'x-kubernetes-validations': 'must be empty to be structural',
} as const

/** Within `allOf` and the others. Source: validateNestedValueValidation. */
function validateNested(schema: JsonSchema, path: string, causes: Causes): void {
  validateValues(schema, path, causes)
  const items = itemsOf(schema)
  if (items) validateNested(items, `${path}.items`, causes)
  for (const [name, property] of propertiesOf(schema)) {
    validateNested(property, `${path}.properties[${name}]`, causes)
  }
  for (const [field, text] of Object.entries(outside)) {
    const value = schema[field as keyof JsonSchema]
    const isSet = Array.isArray(value) ? value.length > 0 : Boolean(value)
    if (isSet || (field === 'default' && value !== undefined)) {
      causes.forbidden(`${path}.${field}`, text)
    }
  }
  if (schema.properties && Object.hasOwn(schema.properties, 'metadata')) {
    const text = 'must not be specified in a nested context'
    causes.forbidden(`${path}.properties[metadata]`, text)
  }
}

/** What logic names is said outside of it, too. Source: schema/complete.go. */
function validateCompleteness(schema: JsonSchema, path: string, causes: Causes): void {
  for (const field of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, one] of (schema[field] ?? []).entries()) {
      validateComplete(one, schema, `${path}.${field}[${index}]`, path, causes)
    }
  }
  if (schema.not) validateComplete(schema.not, schema, `${path}.not`, path, causes)
}

function validateComplete(
  nested: JsonSchema,
  schema: JsonSchema | undefined,
  nestedPath: string,
  path: string,
  causes: Causes,
): void {
  if (schema === undefined) {
    causes.required(path, `because it is defined in ${nestedPath}`)
    return
  }
  for (const field of ['allOf', 'anyOf', 'oneOf'] as const) {
    for (const [index, one] of (nested[field] ?? []).entries()) {
      validateComplete(one, schema, `${nestedPath}.${field}[${index}]`, path, causes)
    }
  }
  if (nested.not) validateComplete(nested.not, schema, `${nestedPath}.not`, path, causes)
  const items = itemsOf(nested)
  if (items) {
    validateComplete(items, itemsOf(schema), `${nestedPath}.items`, `${path}.items`, causes)
  }
  for (const [name, property] of propertiesOf(nested)) {
    const own = ownValue(schema.properties, name) ?? undefined
    const at = `${path}.properties[${name}]`
    validateComplete(property, own, `${nestedPath}.properties[${name}]`, at, causes)
  }
}

/** Source: apiextensions-apiserver pkg/apiserver/schema/defaulting/validation.go. */
export function validateDefaults(schema: JsonSchema, path: string, causes: Causes): void {
  if (schema.default !== undefined) {
    validateSchemaValue(schema, schema.default, `${path}.default`, causes)
  }
  const items = itemsOf(schema)
  if (items) validateDefaults(items, `${path}.items`, causes)
  for (const [name, property] of propertiesOf(schema)) {
    validateDefaults(property, `${path}.properties[${name}]`, causes)
  }
}
