import { stringifyJson } from '../json.ts'
import { openApiNameOf, type ResolvedType, typeByName } from './lookup.ts'
import type { FieldSchema } from './types.ts'

/**
 * Answers in Kubernetes' protobuf: the reverse of protobuf.ts. What the JSON does not have is not
 * written; decoders take it for the zero that it is.
 * Source: k8s.io/apimachinery pkg/runtime/serializer/protobuf.
 */

const magic = Buffer.from('k8s\0', 'latin1')

/** Numbers that are written most often. */
const small = Array.from({ length: 128 }, (_, number) => Buffer.from([number]))

/** Whether a kind can be written so. Schemas within definitions have a form of their own there. */
export function hasProtobuf(apiVersion: string, kind: string): boolean {
  if (apiVersion.startsWith('apiextensions.k8s.io/')) return false
  return typeOf(apiVersion, kind) !== undefined
}

/** The message of an object, without its envelope. @throws Error for a kind without a schema */
export function encodeMessageOf(
  apiVersion: string,
  kind: string,
  object: Readonly<Record<string, unknown>>,
): Buffer {
  const type = typeOf(apiVersion, kind)
  if (type === undefined) throw new Error(`${apiVersion} ${kind} has no schema`)
  return Buffer.concat(message(type, object))
}

/** Metadata alone is in all its versions what it is in v1. */
function typeOf(apiVersion: string, kind: string): ResolvedType | undefined {
  return typeByName(openApiNameOf(apiVersion.replace(/^meta\.k8s\.io\/.*/, 'meta.k8s.io/v1'), kind))
}

/** The envelope of a message, whose pieces come after it: runtime.Unknown. */
export function envelopeHead(apiVersion: string, kind: string, rawBytes: number): Buffer {
  const typeMeta = Buffer.concat([...text(1, apiVersion), ...text(2, kind)])
  return Buffer.concat([magic, ...delimited(1, [typeMeta]), tag(2, 2), varint(BigInt(rawBytes))])
}

/** The last two fields of the envelope, which are empty. */
export const envelopeTail = Buffer.concat([...text(3, ''), ...text(4, '')])

/** A whole body: envelope and message. */
export function encodeProtobuf(object: Readonly<Record<string, unknown>>): Buffer {
  const { apiVersion = '', kind = '' } = object as { apiVersion?: string; kind?: string }
  const raw = encodeMessageOf(apiVersion, kind, object)
  return Buffer.concat([envelopeHead(apiVersion, kind, raw.length), raw, envelopeTail])
}

/** One item of a list: field 2 of every list's message. */
export function listItem(item: Buffer): Buffer {
  return Buffer.concat(delimited(2, [item]))
}

/** The `metadata` of a list: field 1 of every list's message. */
export function listMetadata(metadata: Readonly<Record<string, unknown>>): Buffer {
  const type = typeByName('io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta')
  return Buffer.concat(delimited(1, type === undefined ? [] : message(type, metadata)))
}

/** One frame of a watch: its length in four bytes, then the event, whose object has an envelope. */
export function watchFrame(type: string, object: Buffer): Buffer {
  const event = Buffer.concat([...text(1, type), ...delimited(2, delimited(1, [object]))])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(event.length)
  return Buffer.concat([length, event])
}

function message(type: ResolvedType, object: Readonly<Record<string, unknown>>): Buffer[] {
  const pieces: Buffer[] = []
  for (const [number, field] of type.byNumber) {
    // What Go embeds is a message of its own here; in JSON its fields are the object's.
    if (field.inline) {
      const inner = typeByName(field.ref)
      if (inner !== undefined) pieces.push(...delimited(number, message(inner, object)))
      continue
    }
    const given = object[field.name]
    if (given === undefined || given === null) continue
    if (field.shape === 'list') {
      for (const item of given as unknown[]) pieces.push(...value(number, field, item))
    } else if (field.shape === 'map') {
      for (const [key, item] of Object.entries(given)) {
        pieces.push(...delimited(number, [...text(1, key), ...value(2, field, item)]))
      }
    } else pieces.push(...value(number, field, given))
  }
  return pieces
}

function value(number: number, field: FieldSchema, given: unknown): Buffer[] {
  if (given === null) return field.type === 'ref' ? delimited(number, []) : []
  switch (field.type) {
    case 'string':
      return text(number, String(given))
    case 'bool':
      return [tag(number, 0), varint(given === true ? 1n : 0n)]
    case 'int32':
    case 'int64':
      return integer(number, given)
    case 'double':
      return [tag(number, 1), double(Number(given))]
    case 'bytes':
      return delimited(number, [Buffer.from(String(given), 'base64')])
    case 'ref': {
      const type = typeByName(field.ref)
      const inner = given as Readonly<Record<string, unknown>>
      return type === undefined ? [] : delimited(number, message(type, inner))
    }
    default:
      return delimited(number, special(field.type, given))
  }
}

/** Types whose JSON is not their fields. Source: their ProtoMessage forms in apimachinery. */
function special(type: FieldSchema['type'], given: unknown): Buffer[] {
  switch (type) {
    case 'time':
    case 'microtime':
      return timestamp(String(given))
    case 'duration':
      return integer(1, nanoseconds(String(given)))
    case 'quantity':
      return text(1, String(given))
    case 'intorstring':
      return typeof given === 'string'
        ? [...integer(1, 1), ...integer(2, 0), ...text(3, given)]
        : [...integer(1, 0), ...integer(2, given), ...text(3, '')]
    case 'strings':
      return (given as unknown[]).flatMap(item => text(1, String(item)))
    default:
      return delimited(1, [Buffer.from(stringifyJson(given))])
  }
}

function timestamp(given: string): Buffer[] {
  const ms = Date.parse(given)
  const micros = Number((/\.(\d{1,6})/.exec(given)?.[1] ?? '').padEnd(6, '0'))
  return [...integer(1, Math.floor(ms / 1000)), ...integer(2, micros * 1000)]
}

const units: Readonly<Record<string, number>> = {
  ...{ ns: 1, us: 1e3, µs: 1e3, ms: 1e6 },
  ...{ s: 1e9, m: 60e9, h: 3_600e9 },
}

/** `1h2m3.5s`. Source: time.ParseDuration. */
function nanoseconds(given: string): number {
  let sum = 0
  for (const [, number, unit = ''] of given.matchAll(/([0-9.]+)(ns|us|µs|ms|s|m|h)/g)) {
    sum += Number(number) * (units[unit] ?? 0)
  }
  return Math.round(given.startsWith('-') ? -sum : sum)
}

function text(number: number, given: string): Buffer[] {
  return delimited(number, [Buffer.from(given, 'utf8')])
}

function integer(number: number, given: unknown): Buffer[] {
  return [tag(number, 0), varint(BigInt.asUintN(64, BigInt(given as number | bigint)))]
}

function delimited(number: number, pieces: readonly Buffer[]): Buffer[] {
  const length = pieces.reduce((sum, piece) => sum + piece.length, 0)
  return [tag(number, 2), varint(BigInt(length)), ...pieces]
}

function tag(number: number, wire: number): Buffer {
  return varint(BigInt((number << 3) | wire))
}

function varint(given: bigint): Buffer {
  if (given < 128n) return small[Number(given)]!
  const bytes: number[] = []
  let left = given
  for (; left >= 128n; left >>= 7n) bytes.push(Number(left & 0x7fn) | 0x80)
  bytes.push(Number(left))
  return Buffer.from(bytes)
}

function double(given: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(given)
  return bytes
}
