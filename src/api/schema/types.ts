/**
 * The schema of the built-in types, as generated into dist/schema/schema.json. One source for
 * protobuf decoding, strict decoding, strategic merge and OpenAPI.
 */

/**
 * What a field holds. `ref` is another type; the others are leaves with their own JSON form:
 * `raw` is any JSON, `strings` a list of strings that protobuf wraps in a message.
 */
export type FieldType =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'double'
  | 'bytes'
  | 'time'
  | 'microtime'
  | 'duration'
  | 'quantity'
  | 'intorstring'
  | 'raw'
  | 'strings'
  | 'ref'

/** One field of a type. Optional members are absent when they say nothing. */
export interface FieldSchema {
  /** JSON name. */
  readonly name: string
  /** Protobuf field number. */
  readonly number: number
  readonly type: FieldType
  /** Type name when `type` is `ref`. */
  readonly ref?: string
  readonly shape?: 'list' | 'map'
  /** The fields of `ref` belong to the parent's JSON (Go embedding). */
  readonly inline?: true
  readonly required?: true
  /** A pointer in Go: a zero was meant. */
  readonly pointer?: true
  /** Go writes it even when it is empty. */
  readonly written?: true
  /** The named type of the field and of its items, in the words of Go's errors: `v1.Protocol`. */
  readonly goType?: string
  readonly goItemType?: string
  readonly patchStrategy?: string
  readonly patchMergeKey?: string
  readonly listType?: string
  readonly listMapKeys?: readonly string[]
  readonly mapType?: string
}

/** One type; `fields` in protobuf order. */
export interface TypeSchema {
  /** Who applies a part of it applies all of it. */
  readonly atomic?: true
  readonly fields: readonly FieldSchema[]
}

/** Types by OpenAPI name: `io.k8s.api.core.v1.Pod`. */
export interface SchemaFile {
  readonly types: Readonly<Record<string, TypeSchema>>
}

/** Texts for OpenAPI, kept apart, for only `kubectl explain` and the like read them. */
export interface DescriptionsFile {
  readonly types: Readonly<
    Record<string, { readonly text?: string; readonly fields: Readonly<Record<string, string>> }>
  >
}
