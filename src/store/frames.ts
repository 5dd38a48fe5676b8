import { Packr } from 'msgpackr'
import type { MembershipChange, Message } from '../raft/types.ts'

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
  q?: LeaderRequest
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

/** What only the leader can do, asked by any member; repeated until it shows. */
export type LeaderRequest =
  | { readonly type: 'transfer'; readonly to?: string }
  | { readonly type: 'change'; readonly change: MembershipChange }

const packr = new Packr({ useRecords: true })

export function packFrame(frame: Frame): Uint8Array {
  return packr.pack(frame)
}

/** @throws when the bytes are no frame. */
export function unpackFrame(data: Uint8Array): Frame {
  return packr.unpack(data) as Frame
}
