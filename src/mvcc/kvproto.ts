import type { Buffer } from 'node:buffer'
import { noBytes } from './history.ts'
import type { Key, KeyValue, LeaseId, Revision } from './types.ts'

const putKeyBytes = 17
const tombstoneKeyBytes = 18
const underscore = 0x5f
const tombstoneMark = 0x74

/**
 * A row of etcd's backend: one change of one key. `sub` counts the changes within a revision.
 * Of a delete only `kv.key` and `kv.modRevision` say something.
 */
export interface BackendRow {
  readonly kv: StoredKeyValue
  readonly sub: number
  readonly deleted: boolean
}

/** As KeyValue; a lease beyond 2^53, which only a real etcd gives, is a bigint. */
export type StoredKeyValue = Omit<KeyValue, 'lease'> & { readonly lease: LeaseId | bigint }

/**
 * Bytes of a row's key in the backend, `main(8, big endian) '_' sub(8, big endian)`, and a 't' when
 * the row is a tombstone. Byte order is the order of (main, sub).
 * Source: etcd server/mvcc/revision.go, kvstore.go.
 */
export function backendKeyBytes(row: BackendRow): number {
  return row.deleted ? tombstoneKeyBytes : putKeyBytes
}

/** Writes a row's backend key at `at`; returns where it ends. */
export function writeBackendKey(row: BackendRow, target: Buffer, at: number): number {
  writeUint64(target, at, row.kv.modRevision)
  target[at + 8] = underscore
  writeUint64(target, at + 9, row.sub)
  if (!row.deleted) return at + putKeyBytes
  target[at + putKeyBytes] = tombstoneMark
  return at + tombstoneKeyBytes
}

/** Takes the backend key in [from, end) apart; undefined when it is none, or is beyond 2^53. */
export function readBackendKey(
  bytes: Buffer,
  from = 0,
  end = bytes.length,
): { readonly main: number; readonly sub: number; readonly deleted: boolean } | undefined {
  const deleted = end - from === tombstoneKeyBytes
  if (end - from !== putKeyBytes && !deleted) return undefined
  if (bytes[from + 8] !== underscore) return undefined
  if (deleted && bytes[from + putKeyBytes] !== tombstoneMark) return undefined
  const main = readUint64(bytes, from)
  const sub = readUint64(bytes, from + 9)
  return Number.isSafeInteger(main) && Number.isSafeInteger(sub)
    ? { main, sub, deleted }
    : undefined
}

/**
 * Bytes of mvccpb.KeyValue: key = 1, create_revision = 2, mod_revision = 3, version = 4, value = 5,
 * lease = 6; what is zero or empty is left out. A tombstone has the key alone.
 * Source: etcd api/mvccpb/kv.proto.
 */
export function keyValueBytes({ kv, deleted }: BackendRow): number {
  let size = bytesField(kv.key.length)
  if (deleted) return size
  size += numberField(kv.createRevision) + numberField(kv.modRevision) + numberField(kv.version)
  size += bytesField(kv.value.length)
  return size + (typeof kv.lease === 'number' ? numberField(kv.lease) : wideField(kv.lease))
}

/** Writes mvccpb.KeyValue at `at`; returns where it ends. */
export function writeKeyValue({ kv, deleted }: BackendRow, target: Buffer, at: number): number {
  let end = at
  if (kv.key.length > 0) {
    target[end] = tags.key
    end = writeVarint(target, end + 1, kv.key.length)
    end += target.write(kv.key, end, kv.key.length, 'latin1')
  }
  if (deleted) return end
  end = writeNumber(target, end, tags.create, kv.createRevision)
  end = writeNumber(target, end, tags.mod, kv.modRevision)
  end = writeNumber(target, end, tags.version, kv.version)
  if (kv.value.length > 0) {
    target[end] = tags.value
    end = writeVarint(target, end + 1, kv.value.length)
    target.set(kv.value, end)
    end += kv.value.length
  }
  if (typeof kv.lease === 'number') return writeNumber(target, end, tags.lease, kv.lease)
  target[end] = tags.lease
  return writeWide(target, end + 1, kv.lease)
}

/**
 * Reads the mvccpb.KeyValue in [from, end); unknown fields are passed over. `value` is a view into
 * `bytes`.
 * @returns undefined when there is no such message.
 */
export function readKeyValue(
  bytes: Buffer,
  from = 0,
  end = bytes.length,
): StoredKeyValue | undefined {
  const fields = new Fields(bytes, from, end)
  let key: Key = ''
  let value: Uint8Array = noBytes
  let lease: LeaseId | bigint = 0
  let create = 0
  let mod = 0
  let version = 0
  for (let tag = fields.next(); tag !== 0; tag = fields.next()) {
    if (tag === tags.key) key = bytes.toString('latin1', fields.from, fields.at)
    else if (tag === tags.value) value = bytes.subarray(fields.from, fields.at)
    else if (tag === tags.create) create = fields.number
    else if (tag === tags.mod) mod = fields.number
    else if (tag === tags.version) version = fields.number
    else if (tag === tags.lease) {
      lease = Number.isSafeInteger(fields.number) ? fields.number : fields.wide()
    }
  }
  const whole =
    Number.isSafeInteger(create) && Number.isSafeInteger(mod) && Number.isSafeInteger(version)
  if (fields.at !== end || !whole) return undefined
  const revisions = { createRevision: create as Revision, modRevision: mod as Revision }
  return { key, value, ...revisions, version, lease }
}

/** Field number and wire type, as they stand before each field. */
const tags = {
  key: 0x0a,
  create: 0x10,
  mod: 0x18,
  version: 0x20,
  value: 0x2a,
  lease: 0x30,
} as const

/** The fields of a message, one after the other. */
class Fields {
  readonly #bytes: Buffer
  readonly #end: number
  /** End of the field read last; never at the message's end when that is damaged. */
  at: number
  /** Begin of the contents of the field read last. */
  from = 0
  /** Of a varint field; inexact above 2^53. */
  number = 0

  constructor(bytes: Buffer, from: number, end: number) {
    this.#bytes = bytes
    this.#end = end
    this.at = from
  }

  /** The tag of the next field; 0 at the end, and where the message is damaged. */
  next(): number {
    if (this.at >= this.#end) return 0
    const tag = this.#varint()
    const wire = tag & 7
    this.from = this.at
    if (tag < 8) {
      this.at = Number.POSITIVE_INFINITY
    } else if (wire === 0) {
      this.number = this.#varint()
    } else if (wire === 2) {
      const length = this.#varint()
      this.from = this.at
      this.at += length
    } else if (wire === 1 || wire === 5) {
      this.at += wire === 1 ? 8 : 4
    } else {
      this.at = Number.POSITIVE_INFINITY
    }
    return this.at <= this.#end ? tag : 0
  }

  /** The varint field read last, exactly, as a signed integer of 64 bits. */
  wide(): bigint {
    let sum = 0n
    for (let at = this.from; at < this.at; at++) {
      sum |= BigInt(this.#bytes[at]! & 127) << BigInt(7 * (at - this.from))
    }
    return BigInt.asIntN(64, sum)
  }

  #varint(): number {
    let sum = 0
    for (let factor = 1; factor <= 2 ** 63; factor *= 128) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined) break
      sum += (byte & 127) * factor
      if (byte < 128) return sum
    }
    this.at = Number.POSITIVE_INFINITY
    return 0
  }
}

/** Bytes of a field with contents of a length; none when it is empty. */
function bytesField(length: number): number {
  return length === 0 ? 0 : 1 + varintBytes(length) + length
}

function numberField(value: number): number {
  return value === 0 ? 0 : 1 + varintBytes(value)
}

function wideField(value: bigint): number {
  let size = 2
  for (let rest = BigInt.asUintN(64, value); rest > 127n; rest >>= 7n) size++
  return size
}

function varintBytes(value: number): number {
  let size = 1
  for (let rest = value; rest >= 128; rest = Math.floor(rest / 128)) size++
  return size
}

function writeNumber(target: Buffer, at: number, tag: number, value: number): number {
  if (value === 0) return at
  target[at] = tag
  return writeVarint(target, at + 1, value)
}

function writeVarint(target: Buffer, at: number, value: number): number {
  let rest = value
  let end = at
  for (; rest >= 128; rest = Math.floor(rest / 128)) target[end++] = (rest % 128) | 128
  target[end] = rest
  return end + 1
}

function writeWide(target: Buffer, at: number, value: bigint): number {
  let rest = BigInt.asUintN(64, value)
  let end = at
  for (; rest > 127n; rest >>= 7n) target[end++] = Number(rest & 127n) | 128
  target[end] = Number(rest)
  return end + 1
}

/** An integer of up to 2^53, in eight bytes, big endian. */
function writeUint64(target: Buffer, at: number, value: number): void {
  target.writeUInt32BE(Math.floor(value / 2 ** 32), at)
  target.writeUInt32BE(value % 2 ** 32, at + 4)
}

function readUint64(bytes: Buffer, at: number): number {
  return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4)
}
