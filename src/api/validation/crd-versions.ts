import { ownValue } from '../own.ts'
import { Causes } from './causes.ts'
import {
  hasAtomicSets,
  type SchemaStrictness,
  validateMapKeys,
  validateOpenApi,
} from './crd-schema.ts'
import { validateDefaults, validateStructural } from './crd-structural.ts'
import {
  type Column,
  itemsOf,
  type JsonSchema,
  type Shared,
  type Subresources,
  schemaHas,
} from './crd-types.ts'

/** What a version has. Source of all: apiextensions validation.go. */

/** What is asked for, unless the old definition did not have it either. */
export interface Strictness extends SchemaStrictness {
  readonly structure: boolean
  readonly openApi: boolean
}

const rootFields = new Set([
  ...['description', 'type', 'format', 'title', 'maximum', 'exclusiveMaximum', 'minimum'],
  ...['exclusiveMinimum', 'maxLength', 'minLength', 'pattern', 'maxItems', 'minItems'],
  ...['uniqueItems', 'multipleOf', 'required', 'items', 'properties', 'externalDocs', 'example'],
  ...['x-kubernetes-preserve-unknown-fields', 'x-kubernetes-validations'],
])
const shownRootFields =
  '[Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength ' +
  'MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ' +
  'ExternalDocs Example XPreserveUnknownFields XValidations]'

/** Source: validateCustomResourceDefinitionValidation. */
export function validateSchema(
  schema: JsonSchema | undefined,
  hasStatus: boolean,
  path: string,
  strictness: Strictness,
  causes: Causes,
): void {
  if (schema === undefined) return
  if (hasStatus) validateRoot(schema, path, causes)
  if (schema.nullable) causes.forbidden(`${path}.nullable`, 'nullable cannot be true at the root')
  if (strictness.structure && !schemaHas(schema, isUnstructured)) {
    const found = new Causes()
    validateStructural(schema, path, found)
    if (found.list.length === 0) validateDefaults(schema, path, causes)
    causes.list.push(...found.list)
  }
  validateOpenApi(schema, path, strictness, causes)
}

/**
 * Such a schema is not looked at as a structure, for it is refused by itself.
 * Source: apiextensions-apiserver pkg/apiserver/schema/convert.go validateUnsupportedFields.
 */
function isUnstructured(schema: JsonSchema): boolean {
  const { patternProperties, definitions, dependencies } = schema
  const maps = [patternProperties, definitions, dependencies]
  return (
    Array.isArray(schema.items) ||
    Boolean(schema.id || schema.$schema || schema.$ref) ||
    maps.some(map => Object.keys(map ?? {}).length > 0) ||
    schema.additionalItems !== undefined
  )
}

function validateRoot(schema: JsonSchema, path: string, causes: Causes): void {
  if (schema.type !== undefined && schema.type !== 'object') {
    const text =
      'only "object" is allowed as the type at the root of the schema if the status ' +
      'subresource is enabled'
    causes.invalid(`${path}.type`, schema.type, text)
    return
  }
  const isOther = Object.entries(schema).some(
    ([field, value]) => value !== undefined && value !== false && !rootFields.has(field),
  )
  if (!isOther) return
  const text =
    `only ${shownRootFields} fields are allowed at the root of the schema if the status ` +
    'subresource is enabled'
  causes.invalid(path, schema, text)
}

/** What an old schema has may stay. */
export function strictnessOf(old: readonly (JsonSchema | undefined)[] | undefined): Strictness {
  const before = (old ?? []).filter(schema => schema !== undefined)
  const types = ['array', 'boolean', 'integer', 'number', 'object', 'string']
  const isRight = (check: (schema: JsonSchema, causes: Causes) => void) => (schema: JsonSchema) => {
    const causes = new Causes()
    check(schema, causes)
    return causes.list.length === 0
  }
  const hasType = ({ type }: JsonSchema) => !type || types.includes(type)
  const isStructural = isRight((schema, causes) => validateStructural(schema, '', causes))
  const hasMapKeys = isRight((schema, causes) => validateMapKeys(schema, '', causes))
  return {
    types: before.every(schema => !schemaHas(schema, one => !hasType(one))),
    atomicSets: before.every(hasAtomicSets),
    mapKeys: before.every(schema => !schemaHas(schema, one => !hasMapKeys(one))),
    structure: before.every(schema => !schemaHas(schema, isUnstructured) && isStructural(schema)),
    openApi: old === undefined || before.length === old.length,
  }
}

/** Source: ValidateCustomResourceDefinitionSubresources. */
export function validateSubresources({ scale }: Subresources, path: string, causes: Causes): void {
  if (!scale) return
  const paths = [
    ['specReplicasPath', ['.spec.'], 'should be a json path under .spec'],
    ['statusReplicasPath', ['.status.'], 'should be a json path under .status'],
    [
      'labelSelectorPath',
      ['.spec.', '.status.'],
      'should be a json path under either .spec or .status',
    ],
  ] as const
  for (const [field, roots, text] of paths) {
    const value = scale[field] ?? ''
    const at = `${path}.scale.${field}`
    if (value === '') {
      if (field !== 'labelSelectorPath') causes.required(at)
    } else if (!value.startsWith('.')) causes.invalid(at, value, simplePath)
    else if (!roots.some(root => value.startsWith(root))) causes.invalid(at, value, text)
  }
}

const simplePath = 'must be a simple json path starting with .'
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string']
const columnFormats = [
  ...['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'],
]

/** Source: ValidateCustomResourceColumnDefinition. */
export function validateColumns(columns: readonly Column[], path: string, causes: Causes): void {
  for (const [index, column] of columns.entries()) {
    const { name = '', type = '', format = '', jsonPath = '' } = column
    const at = `${path}[${index}]`
    const types = `must be one of ${columnTypes.join(',')}`
    if (name === '') causes.required(`${at}.name`)
    if (type === '') causes.required(`${at}.type`, types)
    else if (!columnTypes.includes(type)) causes.invalid(`${at}.type`, type, types)
    if (format !== '' && !columnFormats.includes(format)) {
      causes.invalid(`${at}.format`, format, `must be one of ${columnFormats.join(',')}`)
    }
    if (jsonPath === '') causes.required(`${at}.JSONPath`)
    else if (!jsonPath.startsWith('.')) causes.invalid(`${at}.JSONPath`, jsonPath, simplePath)
  }
}

const selectableMax = 8

/** Source: ValidateCustomResourceSelectableFields. */
export function validateSelectable(
  fields: NonNullable<Shared['selectableFields']>,
  schema: JsonSchema,
  path: string,
  causes: Causes,
): void {
  const seen = new Set<string>()
  for (const [index, { jsonPath = '' }] of fields.entries()) {
    const at = `${path}[${index}].jsonPath`
    if (jsonPath === '') {
      causes.required(at)
      continue
    }
    const steps = jsonPath.startsWith('.') ? jsonPath.slice(1).split('.') : []
    const found = steps.length > 0 ? fieldAt(schema, steps) : undefined
    if (found === undefined) {
      const text = 'is an invalid path: does not refer to a valid field'
      causes.invalid(at, jsonPath, text)
      continue
    }
    if (steps[0] === 'metadata') {
      causes.invalid(at, jsonPath, 'must not point to fields in metadata')
    }
    if (!['string', 'boolean', 'integer'].includes(found.type ?? '')) {
      const text =
        'must point to a field of type string, boolean or integer. Enum string fields and ' +
        'strings with formats are allowed.'
      causes.invalid(at, jsonPath, text)
    }
    if (seen.has(jsonPath)) causes.duplicate(at, jsonPath)
    seen.add(jsonPath)
  }
  if (seen.size > selectableMax) causes.tooMany(path, seen.size, selectableMax)
}

function fieldAt(schema: JsonSchema, steps: readonly string[]): JsonSchema | undefined {
  let found: JsonSchema | undefined = schema
  for (const step of steps) {
    if (found === undefined || itemsOf(found)) return undefined
    found = ownValue(found.properties, step) ?? undefined
  }
  return found
}

/** Source: validateDeprecationWarning. */
export function deprecationErrors(isDeprecated: boolean, warning: string | undefined): string[] {
  if (warning === undefined) return []
  if (!isDeprecated) return ['can only be set for deprecated versions']
  const at = [...warning].findIndex(one => /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/u.test(one))
  const printable = 'must only contain printable UTF-8 characters; non-printable character found'
  return [
    ...(Buffer.byteLength(warning) > 256 ? ['must be <= 256 characters long'] : []),
    ...(warning === '' ? ['must not be an empty string'] : []),
    ...(at < 0 ? [] : [`${printable} at index ${at}`]),
  ]
}
