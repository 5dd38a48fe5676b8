import { Packr } from 'msgpackr'
import { isPlain } from '../kernel/plain.ts'
import * as shapes from '../kernel/shape.ts'
import { frameBytesMax } from '../p2p/framing.ts'
import type { MemberId, MembershipChange, Message } from '../raft/types.ts'
import { memberShape, recordShape } from './member-shape.ts'
import type { MemberRecord } from './member-types.ts'
import { type MessageRow, messageOfRow, rowOfMessage, termMax } from './wire.ts'

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
  /** The receiver has to stop; believed as Hello says. */
  x?: Refusal
  /** Who are the members? Asked by one that hears of a stranger; see Senders. */
  i?: true
  /** The members, as the sender's log has them. */
  m?: readonly MemberRecord[]
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
  /**
   * One change after the other. `strict`: refused when the cluster would not survive it, as etcd's
   * strict-reconfig-check.
   */
  | { readonly type: 'change'; readonly change: MembershipChange; readonly strict: boolean }
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

/**
 * A frame that `from` sent `to`, every field of it checked. Parts that are not known are left out.
 * @throws RangeError, or what msgpackr throws, when the bytes are no frame.
 */
export function unpackFrame(data: Uint8Array, from: MemberId, to: MemberId): Frame {
  if (!isPlain(data)) throw new RangeError('no plain MessagePack')
  const packed: unknown = packr.unpack(data)
  if (typeof packed !== 'object' || packed === null || Array.isArray(packed)) {
    throw new RangeError('no map')
  }
  const frame: Record<string, unknown> & { r?: unknown } = {}
  for (const [part, shape] of partShapes) {
    const value = Object.hasOwn(packed, part)
      ? (packed as Record<string, unknown>)[part]
      : undefined
    if (value === undefined) continue
    const wrong = shape(value)
    if (wrong !== undefined) throw new RangeError(`${part}: ${wrong}`)
    frame[part] = value
  }
  const rows = frame.r as readonly MessageRow[] | undefined
  if (rows !== undefined) frame.r = rows.map(row => messageOfRow(row, from, to))
  return frame as Frame
}

const { integer } = shapes
const term = integer(0, termMax)
const { bytes, count, flag, list, object, oneOf, optional, text } = shapes
const id = text(64)
const change = object({
  kind: oneOf('add-learner', 'add-voter', 'remove'),
  id,
  context: optional(memberShape),
})

/** What each part of a frame has to be; the rows of `r` are looked at one by one in wire.ts. */
const partShapes: readonly (readonly [string, shapes.Shape])[] = Object.entries({
  r: list(list(shapes.anything, 8), 1 << 16),
  p: list(bytes(frameBytesMax), 1 << 16),
  t: term,
  s: object({ id: count, n: count, term, data: bytes(frameBytesMax), last: flag }),
  a: object({ id: count, next: integer(-1, Number.MAX_SAFE_INTEGER) }),
  q: object({
    id: count,
    request: shapes.tagged('type', {
      transfer: object({ to: optional(id) }),
      change: object({ change, strict: flag }),
      'lease-time': object({ lease: shapes.number }),
    }),
  }),
  w: object({
    id: count,
    message: optional(text(4_096)),
    value: optional(shapes.either(flag, shapes.number)),
  }),
  h: object({ storeId: text(256), isNew: flag }),
  k: oneOf(true),
  x: object({ reason: oneOf('removed', 'wiped') }),
  i: oneOf(true),
  m: list(recordShape, 1_024),
} satisfies Record<keyof Frame, shapes.Shape>)
