import { ownValue } from '../own.ts'
import type { Causes } from './causes.ts'
import {
  additionalOf,
  itemsOf,
  type JsonSchema,
  propertiesOf,
  type SchemaRule,
  schemaHas,
} from './crd-types.ts'
import { validateChoice } from './fields.ts'

/**
 * What a schema may use of OpenAPI. Expressions of CEL are not compiled.
 * Source: apiextensions validation.go ValidateCustomResourceDefinitionOpenAPISchema.
 */

/** What is asked for, unless the old definition did not have it either. */
export interface SchemaStrictness {
  readonly types: boolean
  readonly atomicSets: boolean
  readonly mapKeys: boolean
}

interface Place {
  readonly isRoot: boolean
  readonly isInMetadata: boolean
  /** Why there may be no default. */
  readonly noDefault?: string
}

const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']
const metaFields = ['metadata', 'kind', 'apiVersion']

export function validateOpenApi(
  schema: JsonSchema,
  path: string,
  strictness: SchemaStrictness,
  causes: Causes,
): void {
  walk(schema, path, { isRoot: true, isInMetadata: false }, strictness, causes)
}

function walk(
  schema: JsonSchema,
  path: string,
  place: Place,
  strictness: SchemaStrictness,
  causes: Causes,
): void {
  validateUse(schema, path, place, strictness, causes)
  const inner = { ...place, isRoot: false }
  const go = (one: JsonSchema | undefined, at: string, where: Place = inner) => {
    if (one) walk(one, `${path}.${at}`, where, strictness, causes)
  }
  const additional = additionalOf(schema)
  const properties = propertiesOf(schema)
  if (properties.length > 0 && (additional || schema.additionalProperties === false)) {
    const text = 'additionalProperties and properties are mutual exclusive'
    causes.forbidden(`${path}.additionalProperties`, text)
  }
  const forbidden = 'inside additionalProperties applying to object metadata'
  go(
    additional,
    'additionalProperties',
    place.isInMetadata ? { ...inner, noDefault: forbidden } : inner,
  )
  const isResource = place.isRoot || schema['x-kubernetes-embedded-resource']
  for (const [name, property] of properties) {
    const isMeta = isResource && metaFields.includes(name)
    const isInMetadata = place.isInMetadata || Boolean(isMeta)
    const top = isMeta && place.isRoot ? { noDefault: `in top-level ${name}` } : {}
    go(property, `properties[${name}]`, { ...inner, isInMetadata, ...top })
  }
  go(schema.not, 'not')
  for (const field of ['allOf', 'oneOf', 'anyOf'] as const) {
    for (const [index, one] of (schema[field] ?? []).entries()) go(one, `${field}[${index}]`)
  }
  for (const [name, one] of Object.entries(schema.definitions ?? {})) {
    go(one, `definitions[${name}]`)
  }
  go(itemsOf(schema), 'items')
  if (Array.isArray(schema.items)) {
    for (const [index, one] of schema.items.entries()) go(one, `items[${index}]`)
  }
  validateLists(schema, path, strictness, causes)
  validateRules(schema['x-kubernetes-validations'] ?? [], path, causes)
}

const unsupported = {
  id: 'id is not supported',
  additionalItems: 'additionalItems is not supported',
  patternProperties: 'patternProperties is not supported',
  definitions: 'definitions is not supported',
  dependencies: 'dependencies is not supported',
  $ref: '$ref is not supported',
} as const

/** Source: specStandardValidatorV3.validate. */
function validateUse(
  schema: JsonSchema,
  path: string,
  place: Place,
  strictness: SchemaStrictness,
  causes: Causes,
): void {
  const { type = '' } = schema
  if (strictness.types && type !== '') validateChoice(type, types, `${path}.type`, causes)
  if (schema.default !== undefined && place.noDefault !== undefined) {
    causes.forbidden(`${path}.default`, `must not be set ${place.noDefault}`)
  }
  for (const [field, text] of Object.entries(unsupported)) {
    const value = schema[field as keyof JsonSchema]
    const isSet =
      field === 'patternProperties' || field === 'definitions'
        ? Object.keys((value ?? {}) as object).length > 0
        : value !== undefined && value !== ''
    if (isSet) causes.forbidden(`${path}.${field}`, text)
  }
  if (type === 'null') {
    const text = 'type cannot be set to null, use nullable as an alternative'
    causes.forbidden(`${path}.type`, text)
  }
  if (Array.isArray(schema.items) && schema.items.length > 0) {
    causes.forbidden(`${path}.items`, 'items must be a schema object and not an array')
  }
  if (place.isInMetadata && schema['x-kubernetes-embedded-resource']) {
    const at = `${path}.x-kubernetes-embedded-resource`
    causes.forbidden(at, 'must not be used inside of resource meta')
  }
  if (schema.uniqueItems) {
    const text = 'uniqueItems cannot be set to true since the runtime complexity becomes quadratic'
    causes.forbidden(`${path}.uniqueItems`, text)
  }
  if (schema['x-kubernetes-preserve-unknown-fields'] === false) {
    const at = `${path}.x-kubernetes-preserve-unknown-fields`
    causes.invalid(at, false, 'must be true or undefined')
  }
}

/** Types of maps and of lists. */
function validateLists(
  schema: JsonSchema,
  path: string,
  strictness: SchemaStrictness,
  causes: Causes,
): void {
  const { type = '' } = schema
  const kinds = [
    ['x-kubernetes-map-type', 'object', ['atomic', 'granular']],
    ['x-kubernetes-list-type', 'array', ['atomic', 'set', 'map']],
  ] as const
  for (const [field, wanted, supported] of kinds) {
    const value = schema[field]
    if (value === undefined) continue
    const text = `must be ${wanted} if ${field} is specified`
    if (type === '') causes.required(`${path}.type`, text)
    else if (type !== wanted) causes.invalid(`${path}.type`, type, text)
    validateChoice(value, supported, `${path}.${field}`, causes)
  }
  const listType = schema['x-kubernetes-list-type']
  if (strictness.atomicSets && type === 'array' && !isAtomicSet(schema)) {
    const field = itemsOf(schema)?.type === 'array' ? 'list' : 'map'
    const at = `${path}.items.x-kubernetes-${field}-type`
    const given = itemsOf(schema)?.['x-kubernetes-list-type']
    const text = 'must be atomic as item of a list with x-kubernetes-list-type=set'
    causes.invalid(at, given, text)
  }
  const keys = schema['x-kubernetes-list-map-keys'] ?? []
  if (keys.length > 0 && listType !== 'map') {
    const at = `${path}.x-kubernetes-list-type`
    const text = 'must be map if x-kubernetes-list-map-keys is non-empty'
    if (listType === undefined) causes.required(at, text)
    else causes.invalid(at, listType, text)
  }
  if (listType === 'map') validateMapList(schema, keys, path, causes)
  if (strictness.mapKeys) validateMapKeys(schema, path, causes)
}

/** Items of a set are equal or not as a whole. Source: hasNonAtomicSetType. */
function isAtomicSet(schema: JsonSchema): boolean {
  const items = itemsOf(schema)
  if (schema['x-kubernetes-list-type'] !== 'set' || !items) return true
  if (items.type === 'array') return (items['x-kubernetes-list-type'] ?? 'atomic') === 'atomic'
  return items.type !== 'object' || items['x-kubernetes-map-type'] === 'atomic'
}

/** Whether there are only sets as they have to be now. */
export function hasAtomicSets(schema: JsonSchema | undefined): boolean {
  return !schemaHas(schema, one => !isAtomicSet(one))
}

function validateMapList(
  schema: JsonSchema,
  keys: readonly string[],
  path: string,
  causes: Causes,
): void {
  const items = itemsOf(schema)
  const at = `${path}.x-kubernetes-list-map-keys`
  if (keys.length === 0) {
    causes.required(at, 'must not be empty if x-kubernetes-list-type is map')
  }
  if (schema.items === undefined) {
    const text = 'must have a schema if x-kubernetes-list-type is map'
    causes.required(`${path}.items`, text)
  }
  if (items === undefined) return
  if (items.type !== 'object') {
    const text = "must be object if parent array's x-kubernetes-list-type is map"
    causes.invalid(`${path}.items.type`, items.type ?? '', text)
    return
  }
  const seen = new Set<string>()
  for (const key of keys) {
    const property = ownValue(items.properties, key)
    if (property === undefined || property === null) {
      causes.invalid(at, keys, 'entries must all be names of item properties')
    } else if (property.type === 'array' || property.type === 'object') {
      const text = "must be a scalar type if parent array's x-kubernetes-list-type is map"
      causes.invalid(`${path}.items.properties[${key}].type`, items.type, text)
    }
    if (seen.has(key)) causes.invalid(at, keys, 'must not contain duplicate entries')
    seen.add(key)
  }
}

/** Source: validateMapListKeysMapSet. */
export function validateMapKeys(schema: JsonSchema, path: string, causes: Causes): void {
  const listType = schema['x-kubernetes-list-type'] ?? ''
  const items = itemsOf(schema)
  if (!items || !['set', 'map'].includes(listType)) return
  if (items.nullable) {
    const text = `cannot be nullable when x-kubernetes-list-type is ${listType}`
    causes.forbidden(`${path}.items.nullable`, text)
  }
  for (const key of listType === 'map' ? (schema['x-kubernetes-list-map-keys'] ?? []) : []) {
    const property = ownValue(items.properties, key)
    if (!property) continue
    const at = `${path}.items.properties[${key}]`
    const why = 'this property is in x-kubernetes-list-map-keys, so it'
    if (!items.required?.includes(key) && property.default === undefined) {
      causes.required(`${at}.default`, `${why} must have a default or be a required property`)
    }
    if (property.nullable) causes.forbidden(`${at}.nullable`, `${why} cannot be nullable`)
  }
}

const reasons = [
  ...['FieldValueDuplicate', 'FieldValueForbidden', 'FieldValueInvalid', 'FieldValueRequired'],
]

function validateRules(rules: readonly SchemaRule[], path: string, causes: Causes): void {
  for (const [index, one] of rules.entries()) {
    const at = `${path}.x-kubernetes-validations[${index}]`
    const { rule = '', message = '', messageExpression = '', fieldPath = '' } = one
    const hasBreak = (text: string) => /[\n\r]/.test(text.trim())
    if (rule.trim() === '') causes.required(`${at}.rule`, 'rule is not specified')
    else if (message !== '' && message.trim() === '') {
      causes.invalid(`${at}.message`, message, 'must be non-empty if specified')
    } else if (hasBreak(message)) {
      causes.invalid(`${at}.message`, message, 'must not contain line breaks')
    } else if (hasBreak(rule) && message === '') {
      const text = 'message must be specified if rule contains line breaks'
      causes.required(`${at}.message`, text)
    }
    if (messageExpression !== '' && messageExpression.trim() === '') {
      const text = 'messageExpression must be non-empty if specified'
      causes.required(`${at}.messageExpression`, text)
    }
    validateChoice(one.reason, reasons, `${at}.reason`, causes)
    if (fieldPath !== '' && fieldPath.trim() === '') {
      causes.invalid(`${at}.fieldPath`, fieldPath, 'must be non-empty if specified')
    }
    if (/[\n\r]/.test(fieldPath)) {
      causes.invalid(`${at}.fieldPath`, fieldPath, 'must not contain line breaks')
    }
  }
}
