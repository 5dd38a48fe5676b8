import type { MessagePort } from 'node:worker_threads'
import { Packr } from 'msgpackr'
import type { Event, KeyValue } from '../mvcc/types.ts'
import type { Leadership, StoreFailure, WatchRequest } from './types.ts'

/** Methods of Store that are one request and one result. */
export type Method =
  | 'txn'
  | 'range'
  | 'readIndex'
  | 'compact'
  | 'leaseGrant'
  | 'leaseKeepAlive'
  | 'leaseRevoke'
  | 'transferLeadership'
  | 'members'
  | 'memberAdd'
  | 'memberRemove'
  | 'memberUpdate'
  | 'memberPromote'
  | 'status'

/** From the main thread to the store's. */
export type ToStore =
  | readonly ['call', id: number, method: Method, args: readonly unknown[]]
  | readonly ['watch', id: number, request: WatchRequest]
  | readonly ['cancel', id: number]
  /** The main thread has dealt with this many bytes of the watch. */
  | readonly ['seen', id: number, bytes: number]

/** From the store's thread. */
export type FromStore =
  /** A part of a range's kvs, before its result; see PartListener. */
  | readonly ['part', id: number, kvs: readonly KeyValue[], at: number]
  | readonly ['result', id: number, result: unknown]
  | readonly ['threw', id: number, message: string]
  /** A part of a batch's events, before it. */
  | readonly ['events', id: number, events: readonly Event[]]
  | readonly ['batch', id: number, revision: number, events: readonly Event[], bytes: number]
  /** These watches miss nothing up to the revision, and there was nothing for them. */
  | readonly ['idle', revision: number, ids: readonly number[]]
  | readonly ['end', id: number, failure: StoreFailure]
  | readonly ['leadership', leadership: Leadership]

const packr = new Packr({ useRecords: true })

/** Bytes after which a batch of messages is posted without waiting for the turn's end. */
const batchBytesMax = 1 << 20

/**
 * One direction of the bridge: all messages of one turn of the event loop are one packed buffer,
 * moved, not copied, to the other thread.
 */
export class Outbox<Message> {
  readonly #port: MessagePort
  #messages: Message[] = []
  #bytes = 0
  #scheduled = false
  /** Times something was posted: a message pushed since the last time can still be added to. */
  posts = 0

  constructor(port: MessagePort) {
    this.#port = port
  }

  /** `bytes`: about what the message weighs. */
  push(message: Message, bytes = 0): void {
    this.#messages.push(message)
    this.#bytes += bytes
    if (this.#bytes >= batchBytesMax) this.#post()
    if (this.#scheduled) return
    this.#scheduled = true
    // After the promises that this turn resolves, before the next I/O.
    queueMicrotask(() =>
      process.nextTick(() => {
        this.#scheduled = false
        this.#post()
      }),
    )
  }

  #post(): void {
    if (this.#messages.length === 0) return
    // Exactly as large as its content: posting a view would copy the packer's whole buffer.
    const packed = Uint8Array.prototype.slice.call(packr.pack(this.#messages))
    this.#messages = []
    this.#bytes = 0
    this.posts++
    this.#port.postMessage(packed, [packed.buffer as ArrayBuffer])
  }
}

/** Calls `onMessage` for each message of each buffer that arrives. */
export function receive<Message>(port: MessagePort, onMessage: (message: Message) => void): void {
  port.on('message', (packed: Uint8Array) => {
    for (const message of packr.unpack(packed) as Message[]) onMessage(message)
  })
}
