import { exact, parseJsonExact } from '../json.ts'
import { setOwn } from '../own.ts'
import { depthMax, duplicateFields } from './duplicates.ts'
import { openApiNameOf, type ResolvedType, typeByName } from './lookup.ts'
import type { FieldSchema } from './types.ts'
import { isDropped } from './written.ts'

/**
 * Request bodies in Kubernetes' protobuf: `k8s\0`, then runtime.Unknown with the type's name and
 * the object. Decodes to the JSON that the same client would have sent.
 * Source: k8s.io/apimachinery pkg/runtime/serializer/protobuf; the quirks were measured with
 * kubectl 1.33.
 */

/** Thrown for bytes that are no such message: HTTP 400. */
export class ProtobufError extends Error {
  override readonly name = 'ProtobufError'
}

const magic = Buffer.from('k8s\0', 'latin1')

/**
 * Decodes a body to the JSON object that it stands for.
 * @throws ProtobufError
 */
export function decodeProtobuf(body: Uint8Array): Record<string, unknown> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (!bytes.subarray(0, 4).equals(magic)) {
    throw new ProtobufError('provided data does not appear to be a protobuf message')
  }
  const envelope: { apiVersion: string; kind: string; raw: Buffer } = {
    apiVersion: '',
    kind: '',
    raw: Buffer.alloc(0),
  }
  for (const { number, data } of records(bytes.subarray(4))) {
    if (number === 1 && Buffer.isBuffer(data)) {
      for (const part of records(data)) {
        if (part.number === 1) envelope.apiVersion = String(part.data)
        if (part.number === 2) envelope.kind = String(part.data)
      }
    }
    if (number === 2 && Buffer.isBuffer(data)) envelope.raw = data
  }
  const { apiVersion, kind } = envelope
  const type = typeByName(openApiNameOf(apiVersion, kind))
  if (type === undefined) {
    throw new ProtobufError(`no kind "${kind}" is registered for version "${apiVersion}"`)
  }
  return { apiVersion, kind, ...decodeMessage(envelope.raw, type, 0) }
}

interface WireRecord {
  readonly number: number
  /** Varint and fixed as bigint, length-delimited as bytes. */
  readonly data: bigint | Buffer
}

function* records(bytes: Buffer): Generator<WireRecord> {
  let at = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined) throw new ProtobufError('unexpected end of the message')
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asIntN(64, value)
    }
    throw new ProtobufError('a varint is too long')
  }
  const take = (length: number): Buffer => {
    if (length < 0 || at + length > bytes.length) {
      throw new ProtobufError('unexpected end of the message')
    }
    at += length
    return bytes.subarray(at - length, at)
  }
  while (at < bytes.length) {
    const tag = Number(varint())
    const wire = tag & 7
    const number = tag >>> 3
    if (wire === 0) yield { number, data: varint() }
    else if (wire === 1) yield { number, data: take(8) }
    else if (wire === 2) yield { number, data: take(Number(varint())) }
    else if (wire === 5) yield { number, data: take(4) }
    else throw new ProtobufError(`wire type ${wire} is not known`)
  }
}

function decodeMessage(bytes: Buffer, type: ResolvedType, depth: number): Record<string, unknown> {
  if (depth > depthMax) throw new ProtobufError('exceeded max depth')
  const result: Record<string, unknown> = {}
  for (const { number, data } of records(bytes)) {
    const field = type.byNumber.get(number)
    if (field === undefined) continue // a field newer than the schema
    if (field.shape === 'map' && Buffer.isBuffer(data)) {
      const [key, value] = decodeEntry(data, field, depth)
      result[field.name] ??= {}
      const map = result[field.name] as Record<string, unknown>
      setOwn(map, key, value)
      continue
    }
    const value = decodeValue(data, field, depth)
    if (field.shape === 'list') {
      result[field.name] ??= []
      ;(result[field.name] as unknown[]).push(value)
    } else if (field.inline && typeof value === 'object') Object.assign(result, value)
    else if (value !== undefined && !isDropped(field, value)) result[field.name] = value
  }
  return result
}

function decodeEntry(data: Buffer, field: FieldSchema, depth: number): [string, unknown] {
  let key = ''
  let value: unknown = field.type === 'bytes' || field.type === 'string' ? '' : {}
  for (const part of records(data)) {
    if (part.number === 1) key = String(part.data)
    if (part.number === 2) value = decodeValue(part.data, field, depth)
  }
  return [key, value]
}

function decodeValue(data: bigint | Buffer, field: FieldSchema, depth: number): unknown {
  if (typeof data === 'bigint') return field.type === 'bool' ? data !== 0n : exact(data)
  switch (field.type) {
    case 'string':
      return data.toString('utf8')
    case 'bytes':
      return data.toString('base64')
    case 'double':
      if (data.length !== 8) throw new ProtobufError('a double is not 8 bytes long')
      return data.readDoubleLE(0)
    case 'ref': {
      const type = typeByName(field.ref)
      return type === undefined ? undefined : decodeMessage(data, type, depth + 1)
    }
    default:
      return decodeSpecial(data, field.type)
  }
}

function decodeSpecial(data: Buffer, type: FieldSchema['type']): unknown {
  const parts = new Map<number, bigint | Buffer>()
  const items: string[] = []
  for (const record of records(data)) {
    parts.set(record.number, record.data)
    if (type === 'strings') items.push(String(record.data))
  }
  const number = (at: number) => Number(parts.get(at) ?? 0n)
  switch (type) {
    case 'time':
      return parts.size === 0 ? undefined : timeText(number(1), 0, false)
    case 'microtime':
      return parts.size === 0 ? undefined : timeText(number(1), number(2), true)
    case 'duration':
      return `${number(1) / 1e9}s`
    case 'quantity':
      return String(parts.get(1) ?? '0')
    case 'intorstring':
      return number(1) === 0 ? number(2) : String(parts.get(3) ?? '')
    case 'strings':
      return items
    case 'raw': {
      const raw = parts.get(1)
      return Buffer.isBuffer(raw) && raw.length > 0 ? parseRaw(raw) : undefined
    }
    default:
      throw new ProtobufError(`the field can't be of wire type 2`)
  }
}

function parseRaw(raw: Buffer): unknown {
  try {
    const text = raw.toString('utf8')
    const value = parseJsonExact(text)
    duplicateFields(text)
    return value
  } catch {
    throw new ProtobufError('an embedded object is not JSON')
  }
}

/** The end of the year 9999. */
const secondsMax = 253_402_300_799

function timeText(seconds: number, nanos: number, micro: boolean): string {
  // Years of five digits are no times of JSON. Source: meta/v1 Time.MarshalJSON.
  if (!(Math.abs(seconds) <= secondsMax)) throw new ProtobufError('a time is out of range')
  const text = new Date(seconds * 1000).toISOString().slice(0, 19)
  return micro ? `${text}.${String(Math.floor(nanos / 1000)).padStart(6, '0')}Z` : `${text}Z`
}
