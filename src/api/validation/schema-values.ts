import { isDeepStrictEqual } from 'node:util'
import type { Causes } from './causes.ts'
import { itemsOf, type JsonSchema, propertiesOf } from './crd-types.ts'

/**
 * A value against a schema, as far as definitions need it for their defaults.
 * Source: apiextensions-apiserver pkg/apiserver/validation/validation.go ValidateCustomResource.
 */
export function validateSchemaValue(
  schema: JsonSchema,
  value: unknown,
  path: string,
  causes: Causes,
): void {
  if (value === null && schema.nullable) return
  const type = typeOf(value)
  if (!fits(type, value, schema)) {
    const wanted = schema['x-kubernetes-int-or-string'] ? 'integer,string' : schema.type
    const text = ` in body must be of type ${wanted}: "${type}"`
    causes.typeInvalid(path, type, text)
    return
  }
  if (schema.enum && !schema.enum.some(one => isDeepStrictEqual(one, value))) {
    causes.notSupported(path, value, schema.enum.map(String))
  }
  if (typeof value === 'string') validateText(schema, value, path, causes)
  else if (typeof value === 'number') validateNumber(schema, value, path, causes)
  else if (Array.isArray(value)) validateList(schema, value, path, causes)
  else if (type === 'object') validateObject(schema, value as object, path, causes)
}

function typeOf(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'array'
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number'
  return typeof value === 'bigint' ? 'integer' : typeof value
}

function fits(type: string, value: unknown, schema: JsonSchema): boolean {
  if (schema['x-kubernetes-int-or-string']) return type === 'integer' || type === 'string'
  if (!schema.type) return true
  return type === schema.type || (schema.type === 'number' && typeof value === 'number')
}

function validateText(schema: JsonSchema, value: string, path: string, causes: Causes): void {
  const { minLength, maxLength, pattern } = schema
  const length = [...value].length
  if (maxLength !== undefined && length > maxLength) causes.tooLong(path, maxLength)
  if (minLength !== undefined && length < minLength) {
    causes.invalid(path, value, ` in body should be at least ${minLength} chars long`)
  }
  if (pattern && !isMatch(pattern, value)) {
    causes.invalid(path, value, ` in body should match '${pattern}'`)
  }
}

function isMatch(pattern: string, value: string): boolean {
  try {
    return new RegExp(pattern, 'u').test(value)
  } catch {
    return true
  }
}

function validateNumber(schema: JsonSchema, value: number, path: string, causes: Causes): void {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum, multipleOf } = schema
  const isLow = minimum !== undefined && (exclusiveMinimum ? value <= minimum : value < minimum)
  const isHigh = maximum !== undefined && (exclusiveMaximum ? value >= maximum : value > maximum)
  const than = (isExclusive: boolean | undefined) => (isExclusive ? 'than' : 'than or equal to')
  if (isHigh) {
    causes.invalid(path, value, ` in body should be less ${than(exclusiveMaximum)} ${maximum}`)
  }
  if (isLow) {
    causes.invalid(path, value, ` in body should be greater ${than(exclusiveMinimum)} ${minimum}`)
  }
  if (multipleOf !== undefined && !Number.isInteger(value / multipleOf)) {
    causes.invalid(path, value, ` in body should be a multiple of ${multipleOf}`)
  }
}

function validateList(
  schema: JsonSchema,
  value: readonly unknown[],
  path: string,
  causes: Causes,
): void {
  const { minItems, maxItems } = schema
  if (maxItems !== undefined && value.length > maxItems) {
    causes.tooMany(path, value.length, maxItems)
  }
  if (minItems !== undefined && value.length < minItems) {
    causes.invalid(path, value.length, ` in body should have at least ${minItems} items`)
  }
  const items = itemsOf(schema)
  if (items === undefined) return
  for (const [index, one] of value.entries()) {
    validateSchemaValue(items, one, `${path}[${index}]`, causes)
  }
}

function validateObject(schema: JsonSchema, value: object, path: string, causes: Causes): void {
  for (const name of schema.required ?? []) {
    if (!Object.hasOwn(value, name)) causes.required(`${path}.${name}`)
  }
  for (const [name, property] of propertiesOf(schema)) {
    if (!Object.hasOwn(value, name)) continue
    const one = (value as Record<string, unknown>)[name]
    validateSchemaValue(property, one, `${path}.${name}`, causes)
  }
}
