/**
 * A key as a byte string: one UTF-16 unit (0..255) a byte, so that `<` on strings is byte order.
 * `Buffer.from(key, 'latin1')` gives the bytes.
 */
export type Key = string

/** Main revision, one per committed transaction that writes; starts at 1. Never a Raft index. */
export type Revision = number & { readonly __brand: 'Revision' }

/** A lease's ID; 0 means none. Kept within 2^53. */
export type LeaseId = number

/** One version of a key. Source: etcd mvccpb.KeyValue. */
export interface KeyValue {
  readonly key: Key
  readonly value: Uint8Array
  /** Revision of the put that created this generation of the key. */
  readonly createRevision: Revision
  /** Revision of the last put. */
  readonly modRevision: Revision
  /** Puts since creation, from 1. */
  readonly version: number
  readonly lease: LeaseId
}

/** One version of a key in a snapshot: `sub` counts the changes within the revision, from 0. */
export interface RevisionRow {
  readonly kv: KeyValue
  readonly sub: number
  readonly deleted: boolean
}

/** One put or delete of a key: a delete has version 0 and create 0. Its form in a snapshot. */
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

/** What a compare looks at. Source: etcd rpc.proto Compare.CompareTarget. */
export type CompareTarget = 'version' | 'create' | 'mod' | 'value' | 'lease'

/**
 * Holds when every key of [key, rangeEnd) satisfies `target op operand`; a missing key counts as
 * zeros.
 */
export interface Compare {
  readonly key: Key
  readonly rangeEnd?: Key
  readonly target: CompareTarget
  readonly op: '=' | '!=' | '<' | '>'
  readonly operand: number | Uint8Array
}

/** Reads [key, rangeEnd), or only `key` without `rangeEnd`; `rangeEnd` "\0" means to the end. */
export interface RangeOp {
  readonly type: 'range'
  readonly key: Key
  readonly rangeEnd?: Key
  /** 0 or absent: no limit. */
  readonly limit?: number
  /** Absent or 0: the current revision. */
  readonly revision?: number
  readonly keysOnly?: boolean
  readonly countOnly?: boolean
  readonly sort?: {
    readonly by: 'key' | 'version' | 'create' | 'mod' | 'value'
    readonly descending: boolean
  }
  readonly minModRevision?: number
  readonly maxModRevision?: number
  readonly minCreateRevision?: number
  readonly maxCreateRevision?: number
}

export interface PutOp {
  readonly type: 'put'
  readonly key: Key
  readonly value: Uint8Array
  readonly lease?: LeaseId
  readonly prevKv?: boolean
  readonly ignoreValue?: boolean
  readonly ignoreLease?: boolean
}

export interface DeleteOp {
  readonly type: 'delete'
  readonly key: Key
  readonly rangeEnd?: Key
  readonly prevKv?: boolean
}

export interface TxnOp {
  readonly type: 'txn'
  readonly compares: readonly Compare[]
  readonly success: readonly Op[]
  readonly failure: readonly Op[]
}

export type Op = RangeOp | PutOp | DeleteOp | TxnOp

export interface RangeResult {
  readonly type: 'range'
  readonly kvs: readonly KeyValue[]
  /** Keys in the range, whatever the limit. */
  readonly count: number
  readonly more: boolean
}

/**
 * `at`: the place of the first of `kvs` in the whole result. 0 again, maybe without any: the read
 * begins anew, and what came before doesn't count.
 */
export type PartListener = (kvs: readonly KeyValue[], at: number) => void

export interface PutResult {
  readonly type: 'put'
  readonly prevKv?: KeyValue
}
export interface DeleteResult {
  readonly type: 'delete'
  readonly deleted: number
  readonly prevKvs?: readonly KeyValue[]
}
export interface TxnResult {
  readonly type: 'txn'
  readonly succeeded: boolean
  readonly results: readonly OpResult[]
}
export type OpResult = RangeResult | PutResult | DeleteResult | TxnResult

/**
 * One change. A delete's `kv` has only the key and, as modRevision, the revision of the deletion.
 */
export interface Event {
  readonly type: 'put' | 'delete'
  readonly kv: KeyValue
  /** The version before, when the watch asked for it and it is not compacted. */
  readonly prevKv?: KeyValue
}
