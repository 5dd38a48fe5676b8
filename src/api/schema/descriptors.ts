import { inflateRawSync } from 'node:zlib'
import { fromBinary } from '@bufbuild/protobuf'
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt'
import type { FieldSchema, FieldType } from './types.ts'

/** Types by OpenAPI name, before requiredness and merge facts are added. */
export type RawTypes = Map<string, FieldSchema[]>

/**
 * The protobuf types inside a kubectl binary: Go registers each file's descriptor as a gzip member.
 * The members are found by their header; inflate stops by itself at a member's end.
 */
export function scanDescriptors(binary: Buffer): RawTypes {
  const magic = Buffer.from([0x1f, 0x8b, 0x08, 0x00])
  const types: RawTypes = new Map()
  for (let at = binary.indexOf(magic); at >= 0; at = binary.indexOf(magic, at + 1)) {
    const file = readDescriptor(binary.subarray(at + 10, at + 10 + 1_000_000))
    if (!file?.package.startsWith('k8s.io.')) continue
    for (const message of file.messageType) addMessage(types, file.package, message)
  }
  return types
}

/** `k8s.io.api.core.v1` is `io.k8s.api.core.v1` in OpenAPI. */
function openApiName(protoName: string): string {
  return protoName.replace(/^\.?k8s\.io\./, 'io.k8s.')
}

function readDescriptor(packed: Buffer): FileDescriptorProto | undefined {
  try {
    return fromBinary(FileDescriptorProtoSchema, inflateRawSync(packed))
  } catch {
    return undefined // not a descriptor: another gzip member, or chance
  }
}

function addMessage(types: RawTypes, pkg: string, message: DescriptorProto): void {
  const maps = new Map(
    message.nestedType
      .filter(nested => nested.options?.mapEntry)
      .map(nested => [`.${pkg}.${message.name}.${nested.name}`, nested]),
  )
  const fields = message.field.map(field => {
    const map = maps.get(field.typeName)
    const value = map?.field.find(candidate => candidate.number === 2)
    if (value !== undefined) return { ...fieldOf(value), ...identity(field), shape: 'map' as const }
    const list = field.label === FieldDescriptorProto_Label.REPEATED
    return { ...fieldOf(field), ...identity(field), ...(list ? { shape: 'list' as const } : {}) }
  })
  types.set(
    openApiName(`${pkg}.${message.name}`),
    fields.map(field => renamed(pkg, field)),
  )
}

/** Some of these have names in protobuf that are not those of JSON. */
function renamed(pkg: string, field: FieldSchema): FieldSchema {
  if (!pkg.startsWith('k8s.io.api.admissionregistration.')) return field
  return { ...field, name: field.name.charAt(0).toLowerCase() + field.name.slice(1) }
}

function identity(field: FieldDescriptorProto): { name: string; number: number } {
  return { name: jsonNames[field.name] ?? field.name, number: field.number }
}

/**
 * Fields whose name in protobuf is that of Go's struct.
 * Source: k8s.io/api admissionregistration/v1/types.go; DaemonEndpoint's `Port` is so in JSON, too.
 */
const jsonNames: Readonly<Record<string, string>> = {
  Webhooks: 'webhooks',
  Expression: 'expression',
  Name: 'name',
}

const scalars: Partial<Record<FieldDescriptorProto_Type, FieldType>> = {
  [FieldDescriptorProto_Type.STRING]: 'string',
  [FieldDescriptorProto_Type.BOOL]: 'bool',
  [FieldDescriptorProto_Type.INT32]: 'int32',
  [FieldDescriptorProto_Type.INT64]: 'int64',
  [FieldDescriptorProto_Type.UINT32]: 'int64',
  [FieldDescriptorProto_Type.DOUBLE]: 'double',
  [FieldDescriptorProto_Type.BYTES]: 'bytes',
}

/** Messages whose JSON form is not their fields. Source: their MarshalJSON in apimachinery. */
const special: Record<string, FieldType> = {
  'io.k8s.apimachinery.pkg.apis.meta.v1.Time': 'time',
  'io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime': 'microtime',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Duration': 'duration',
  'io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1': 'raw',
  'io.k8s.apimachinery.pkg.apis.meta.v1.Verbs': 'strings',
  'io.k8s.apimachinery.pkg.api.resource.Quantity': 'quantity',
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': 'intorstring',
  'io.k8s.apimachinery.pkg.runtime.RawExtension': 'raw',
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON': 'raw',
}

function fieldOf(field: FieldDescriptorProto): { type: FieldType; ref?: string } {
  const scalar = scalars[field.type]
  if (scalar !== undefined) return { type: scalar }
  const ref = openApiName(field.typeName)
  const type = ref.endsWith('.ExtraValue') ? 'strings' : special[ref]
  return type === undefined ? { type: 'ref', ref } : { type }
}
