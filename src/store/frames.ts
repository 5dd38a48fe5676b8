import { Packr } from 'msgpackr'
import type { MemberId, MembershipChange, Message } from '../raft/types.ts'
import { type MessageRow, messageOfRow, rowOfMessage } from './wire.ts'

/** What replicas send each other: everything for one peer of one turn is one frame. */
export interface Frame {
  /** Raft messages, in order. */
  r?: Message[]
  /** Packed commands for the leader of `t`. */
  p?: Uint8Array[]
  /** The term in which the receiver is believed to lead. */
  t?: number
  /** A slice of a snapshot. */
  s?: SnapshotSliceMessage
  /** How far a snapshot has come. */
  a?: SnapshotAck
  /** A request to the leader that is no command. */
  q?: { readonly id: number; readonly request: LeaderRequest }
  /** The leader's answer to it. */
  w?: LeaderAnswer
  /** Which disk the sender stands on; see Hello. */
  h?: Greeting
  /** The receiver's disk is the one that is known. */
  k?: true
  /** The receiver has to stop. */
  x?: Refusal
}

export interface Greeting {
  readonly storeId: string
  /** Nothing was ever written on it: an answer is needed before it takes part. */
  readonly isNew: boolean
}

/** `removed`: from the cluster, for good. `wiped`: its disk is not the one it joined with. */
export interface Refusal {
  readonly reason: 'removed' | 'wiped'
}

/** Slice `n` of transfer `id`. `term` is the sender's, for the receiver's core. */
export interface SnapshotSliceMessage {
  readonly id: number
  readonly n: number
  readonly term: number
  readonly data: Uint8Array
  readonly last: boolean
}

/** `next` is the slice wanted; -1: this transfer is not known here, begin again. */
export interface SnapshotAck {
  readonly id: number
  readonly next: number
}

/** What only the leader can do or know, asked by any member; see LeaderCalls. */
export type LeaderRequest =
  | { readonly type: 'transfer'; readonly to?: string }
  /** `strict`: refused when the cluster would not survive it, as etcd's strict-reconfig-check. */
  | { readonly type: 'change'; readonly change: MembershipChange; readonly strict: boolean }
  /** Whether a strict change would be refused. */
  | { readonly type: 'check-change'; readonly change: MembershipChange }
  /** Milliseconds that a lease has left. */
  | { readonly type: 'lease-time'; readonly lease: number }

/** `message`: why not. */
export interface LeaderAnswer {
  readonly id: number
  readonly message?: string
  readonly value?: unknown
}

/** Without records: their definitions would be written into each frame anew. */
const packr = new Packr({ useRecords: false })

type PackedFrame = Omit<Frame, 'r'> & { readonly r?: readonly MessageRow[] }

export function packFrame(frame: Frame): Uint8Array {
  if (frame.r === undefined) return packr.pack(frame)
  const packed: PackedFrame = { ...frame, r: frame.r.map(rowOfMessage) }
  return packr.pack(packed)
}

/** A frame that `from` sent `to`. @throws when the bytes are no frame. */
export function unpackFrame(data: Uint8Array, from: MemberId, to: MemberId): Frame {
  const { r, ...rest } = packr.unpack(data) as PackedFrame
  return r === undefined ? rest : { ...rest, r: r.map(row => messageOfRow(row, from, to)) }
}
