import { prefixBytes } from '../grpc/deframer.ts'
import { bytesOf, type Outgoing } from '../grpc/types.ts'
import {
  ConnectionError,
  defaultWindow,
  flags,
  frameBytesMax,
  frameHeadBytes,
  frameTypes,
  windowMax,
} from './codes.ts'
import type { Outbox } from './outbox.ts'
import { okHead, okTrailers } from './response-head.ts'
import type { Stream } from './stream.ts'

const lastBlock = flags.endHeaders | flags.endStream

/**
 * The sending half of a connection: windows, the order of streams that wait for one, and the frames
 * of responses. A stream waits for its own window, the connection's, or the socket.
 */
export class Sender {
  readonly #outbox: Outbox
  readonly #outboxBytesMax: number
  readonly #onSent: () => void
  readonly #waiting = new Set<Stream>()
  #window = defaultWindow
  frameBytesMax = frameBytesMax

  /** `onSent` hears of each DATA frame. */
  constructor(outbox: Outbox, outboxBytesMax: number, onSent: () => void) {
    this.#outbox = outbox
    this.#outboxBytesMax = outboxBytesMax
    this.#onSent = onSent
  }

  /** The client takes `increment` bytes more on the connection. */
  grow(increment: number): void {
    this.#window += increment
    if (this.#window > windowMax) {
      throw new ConnectionError('flowControlError', 'the connection window is too large')
    }
    this.resume()
  }

  /**
   * The connection's window has opened, or the socket has room: waiting streams go on, the first
   * one first.
   */
  resume(): void {
    if (this.#waiting.size === 0) return
    for (const stream of [...this.#waiting]) {
      if (this.#window <= 0 || this.#isFull) return
      this.resumeOne(stream)
    }
  }

  /** The window of `stream` has opened. */
  resumeOne(stream: Stream): void {
    if (stream.sendWindow > 0 && this.#waiting.delete(stream)) this.pump(stream)
  }

  forget(stream: Stream): void {
    this.#waiting.delete(stream)
  }

  /**
   * Headers, message and trailers at once, when nothing stands in the way: by far the most frequent
   * response.
   */
  writeUnary(stream: Stream, message: Outgoing): boolean {
    const messageBytes = bytesOf(message)
    const length = prefixBytes + messageBytes
    const room = Math.min(this.#window, stream.sendWindow, this.frameBytesMax)
    if (length > room || stream.hasHead || this.#isFull) return false
    const outbox = this.#outbox
    const { id } = stream
    const bytes = 3 * frameHeadBytes + okHead.length + length + okTrailers.length
    let at = outbox.reserve(bytes)
    at = outbox.head(at, okHead.length, frameTypes.headers, flags.endHeaders, id)
    at += okHead.copy(outbox.slab, at)
    at = outbox.head(at, length, frameTypes.data, 0, id)
    outbox.slab[at] = 0
    at = outbox.slab.writeUInt32BE(messageBytes, at + 1)
    for (const part of message) at += part.copy(outbox.slab, at)
    at = outbox.head(at, okTrailers.length, frameTypes.headers, lastBlock, id)
    okTrailers.copy(outbox.slab, at)
    this.#window -= length
    stream.sendWindow -= length
    this.#onSent()
    stream.onEnded()
    return true
  }

  /** Writes as much of the stream's queue as windows and socket allow, then its trailers. */
  pump(stream: Stream): void {
    if (this.#waiting.has(stream)) return
    const { queue } = stream
    while (queue.bytes > 0) {
      const room = Math.min(this.#window, stream.sendWindow, this.frameBytesMax)
      if (room <= 0 || this.#isFull) {
        this.#waiting.add(stream)
        return
      }
      this.#data(stream, room)
    }
    const { trailers, id } = stream
    if (trailers === undefined || stream.isOver) return
    const block = stream.hasHead ? trailers : Buffer.concat([okHead, trailers])
    stream.hasHead = true
    this.#outbox.frame(frameTypes.headers, lastBlock, id, block)
    stream.onEnded()
  }

  get #isFull(): boolean {
    return this.#outbox.queuedBytes > this.#outboxBytesMax
  }

  /** One DATA frame of up to `room` bytes: several messages, or part of one. */
  #data(stream: Stream, room: number): void {
    const { queue, id } = stream
    const outbox = this.#outbox
    if (!stream.hasHead) {
      stream.hasHead = true
      outbox.frame(frameTypes.headers, flags.endHeaders, id, okHead)
    }
    const length = Math.min(queue.bytes, room)
    const at = outbox.reserve(frameHeadBytes + length)
    queue.take(outbox.slab, outbox.head(at, length, frameTypes.data, 0, id), length)
    this.#window -= length
    stream.sendWindow -= length
    this.#onSent()
    stream.onWritten()
  }
}
