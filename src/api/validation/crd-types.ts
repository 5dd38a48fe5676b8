import type { ServiceReference } from './webhook-client.ts'

/** Source: apiextensions v1 types; what the rules of definitions look at. */

export interface JsonSchema {
  readonly id?: string
  readonly $schema?: string
  readonly $ref?: string
  readonly type?: string
  readonly format?: string
  readonly title?: string
  readonly description?: string
  readonly default?: unknown
  readonly maximum?: number
  readonly exclusiveMaximum?: boolean
  readonly minimum?: number
  readonly exclusiveMinimum?: boolean
  readonly maxLength?: number
  readonly minLength?: number
  readonly pattern?: string
  readonly maxItems?: number
  readonly minItems?: number
  readonly uniqueItems?: boolean
  readonly multipleOf?: number
  readonly enum?: readonly unknown[]
  readonly maxProperties?: number
  readonly minProperties?: number
  readonly required?: readonly string[]
  readonly items?: JsonSchema | readonly JsonSchema[]
  readonly allOf?: readonly JsonSchema[]
  readonly oneOf?: readonly JsonSchema[]
  readonly anyOf?: readonly JsonSchema[]
  readonly not?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema | null>>
  readonly additionalProperties?: JsonSchema | boolean
  readonly patternProperties?: Readonly<Record<string, JsonSchema>>
  readonly dependencies?: Readonly<Record<string, JsonSchema | readonly string[]>>
  readonly additionalItems?: JsonSchema | boolean
  readonly definitions?: Readonly<Record<string, JsonSchema>>
  readonly nullable?: boolean
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean
  readonly 'x-kubernetes-embedded-resource'?: boolean
  readonly 'x-kubernetes-int-or-string'?: boolean
  readonly 'x-kubernetes-list-map-keys'?: readonly string[]
  readonly 'x-kubernetes-list-type'?: string
  readonly 'x-kubernetes-map-type'?: string
  readonly 'x-kubernetes-validations'?: readonly SchemaRule[]
}

export interface SchemaRule {
  readonly rule?: string
  readonly message?: string
  readonly messageExpression?: string
  readonly reason?: string
  readonly fieldPath?: string
}

export interface Column {
  readonly name?: string
  readonly type?: string
  readonly format?: string
  readonly description?: string
  readonly priority?: number
  readonly jsonPath?: string
}

export interface Subresources {
  readonly status?: object
  readonly scale?: {
    readonly specReplicasPath?: string
    readonly statusReplicasPath?: string
    readonly labelSelectorPath?: string
  }
}

/** What a version has, and what all have when it is the same. */
export interface Shared {
  readonly schema?: { readonly openAPIV3Schema?: JsonSchema }
  readonly subresources?: Subresources
  readonly additionalPrinterColumns?: readonly Column[]
  readonly selectableFields?: readonly { readonly jsonPath?: string }[]
}

export interface Version extends Shared {
  readonly name?: string
  readonly served?: boolean
  readonly storage?: boolean
  readonly deprecated?: boolean
  readonly deprecationWarning?: string
}

export interface Names {
  readonly plural?: string
  readonly singular?: string
  readonly kind?: string
  readonly listKind?: string
  readonly shortNames?: readonly string[]
  readonly categories?: readonly string[]
}

export interface Spec {
  readonly group?: string
  readonly names?: Names
  readonly scope?: string
  readonly versions?: readonly Version[]
  readonly conversion?: {
    readonly strategy?: string
    readonly webhook?: {
      readonly clientConfig?: { readonly url?: string; readonly service?: ServiceReference }
      readonly conversionReviewVersions?: readonly string[]
    }
  }
  readonly preserveUnknownFields?: boolean
}

/** The schema of one item, if a list has one for all of them. */
export function itemsOf(schema: JsonSchema): JsonSchema | undefined {
  return Array.isArray(schema.items) ? undefined : (schema.items as JsonSchema | undefined)
}

/** The schema of further properties, if it is more than whether there may be some. */
export function additionalOf({ additionalProperties }: JsonSchema): JsonSchema | undefined {
  return typeof additionalProperties === 'object' ? additionalProperties : undefined
}

/** Properties with their schemas; one that is null has an empty one. */
export function propertiesOf({ properties }: JsonSchema): [string, JsonSchema][] {
  return Object.entries(properties ?? {}).map(([name, schema]) => [name, schema ?? {}])
}

/** Whether a schema, or one within it, is such. Source: validation.go SchemaHas. */
export function schemaHas(
  schema: JsonSchema | undefined | null,
  is: (schema: JsonSchema) => boolean,
): boolean {
  if (!schema) return false
  const { items, additionalItems, not, dependencies = {} } = schema
  const within = [
    ...(Array.isArray(items) ? items : [items]),
    ...[schema.allOf ?? [], schema.anyOf ?? [], schema.oneOf ?? []].flat(),
    ...[
      not,
      additionalOf(schema),
      typeof additionalItems === 'object' ? additionalItems : undefined,
    ],
    ...propertiesOf(schema).map(([, one]) => one),
    ...Object.values(schema.patternProperties ?? {}),
    ...Object.values(schema.definitions ?? {}),
    ...Object.values(dependencies).filter(one => !Array.isArray(one)),
  ] as (JsonSchema | undefined)[]
  return is(schema) || within.some(one => schemaHas(one, is))
}
