import { finish, mix, mixBytes, mixInteger, mixString } from './hash.ts'
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
    this.hashLow = hashOf(this, 0x51ab)
    this.hashHigh = hashOf(this, 0x7c31)
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

function hashOf(row: Version, seed: number): number {
  let hash = mixString(seed, row.key)
  hash = mixInteger(hash, row.mod)
  hash = mix(hash, row.sub)
  hash = mixInteger(hash, row.create)
  hash = mixInteger(hash, row.version)
  hash = mixInteger(hash, row.lease)
  return finish(mixBytes(hash, row.slab.bytes, row.offset, row.length))
}
