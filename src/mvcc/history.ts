import { blockOf, finish, step } from './hash.ts'
import type { Place, Slab, Slabs } from './slab.ts'
import type { Key, KeyValue, LeaseId, Revision } from './types.ts'

/** One put or delete of a key; a delete has version 0 and createRevision 0. */
export class Version implements Place {
  slab: Slab
  offset: number
  readonly length: number
  readonly key: Key
  readonly mod: number
  readonly sub: number
  readonly create: number
  readonly version: number
  readonly lease: LeaseId
  /** The row's share of the state hash. */
  readonly hashLow: number
  readonly hashHigh: number

  constructor(slabs: Slabs, row: VersionRow) {
    const place = slabs.store(row.value)
    this.slab = place.slab
    this.offset = place.offset
    this.length = place.length
    this.key = row.key
    this.mod = row.mod
    this.sub = row.sub
    this.create = row.create
    this.version = row.version
    this.lease = row.lease
    lanes.start(0x51ab, 0x7c31)
    lanes.mixRow(this)
    this.hashLow = finish(lanes.low)
    this.hashHigh = finish(lanes.high)
  }

  get deleted(): boolean {
    return this.version === 0
  }

  /** The value's bytes: a view into the slab, not a copy. */
  value(): Uint8Array {
    return this.slab.bytes.subarray(this.offset, this.offset + this.length)
  }

  toKeyValue(keysOnly = false): KeyValue {
    return {
      key: this.key,
      value: keysOnly ? noBytes : this.value(),
      createRevision: this.create as Revision,
      modRevision: this.mod as Revision,
      version: this.version,
      lease: this.lease,
    }
  }
}

/** What a version is made of; also its form in a snapshot. */
export interface VersionRow {
  readonly key: Key
  readonly value: Uint8Array
  readonly mod: number
  /** Place among the changes of its revision, from 0: etcd's sub revision. */
  readonly sub: number
  readonly create: number
  readonly version: number
  readonly lease: LeaseId
}

/**
 * All kept versions of one key, oldest first, generations divided by deletes:
 *
 *     mod      4        7        9          12
 *     version  1        2        0 (delete) 1
 *     create   4        4        0          12
 *
 * Appended in place; a compaction replaces the whole object, so that a frozen view, which skips
 * versions above its revision, keeps what it saw. Source: etcd server/mvcc/key_index.go.
 */
export interface History {
  readonly key: Key
  readonly versions: Version[]
}

/** The version in force at `revision`, deletes included; undefined before the first. */
export function versionAt(history: History, revision: number): Version | undefined {
  const { versions } = history
  let at = versions.length - 1
  // Nearly every read is of the present.
  if (at >= 0 && versions[at]!.mod <= revision) return versions[at]
  let low = 0
  while (low < at) {
    const middle = (low + at) >> 1
    if (versions[middle]!.mod > revision) at = middle
    else low = middle + 1
  }
  return low === 0 ? undefined : versions[low - 1]
}

/** As versionAt, without deletes. */
export function liveAt(history: History | undefined, revision: number): Version | undefined {
  if (history === undefined) return undefined
  const found = versionAt(history, revision)
  return found === undefined || found.deleted ? undefined : found
}

/** No bytes: the value of deletes and of keysOnly reads. */
export const noBytes = new Uint8Array(0)

/**
 * Two sums over one row, side by side: key and value are read once. The same as mix and its like
 * for each of the seeds.
 */
class Lanes {
  low = 0
  high = 0

  start(low: number, high: number): void {
    this.low = low
    this.high = high
  }

  mixRow({ key, mod, sub, create, version, lease, slab, offset, length }: Version): void {
    this.#mix(key.length)
    for (let at = 0; at < key.length; at++) this.#mix(key.charCodeAt(at))
    this.#mixInteger(mod)
    this.#mix(sub)
    this.#mixInteger(create)
    this.#mixInteger(version)
    this.#mixInteger(lease)
    this.#mixBytes(slab.bytes, offset, length)
  }

  #mixInteger(value: number): void {
    this.#mix(value | 0)
    this.#mix(Math.floor(value / 2 ** 32) | 0)
  }

  #mixBytes(bytes: Uint8Array, offset: number, length: number): void {
    this.#mix(length)
    const end = offset + length
    let { low, high } = this
    let at = offset
    for (; at + 4 <= end; at += 4) {
      const word =
        bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
      const block = blockOf(word)
      low = step(low, block)
      high = step(high, block)
    }
    this.low = low
    this.high = high
    let tail = 0
    for (; at < end; at++) tail = (tail << 8) | bytes[at]!
    this.#mix(tail)
  }

  #mix(value: number): void {
    const block = blockOf(value)
    this.low = step(this.low, block)
    this.high = step(this.high, block)
  }
}

const lanes = new Lanes()
