import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'
import { errorMessage } from '../../kernel/result.ts'
import { etcdError } from '../errors.ts'
import { unknownMethod } from '../grpc/status.ts'
import { type Call, type Client, limits, type Methods, type Outgoing } from '../grpc/types.ts'
import type { Budget, Holder } from './budget.ts'
import {
  ConnectionError,
  defaultWindow,
  type ErrorName,
  errorCodes,
  flags,
  frameBytesMax,
  frameTypes,
} from './codes.ts'
import { Flood } from './flood.ts'
import { FrameReader } from './frame-reader.ts'
import { checkFrame } from './frame-rules.ts'
import { type AssembledHead, HeadAssembler } from './head-assembler.ts'
import { Outbox } from './outbox.ts'
import { unpadded } from './padding.ts'
import type { RequestHead } from './request-head.ts'
import { refusalHead, trailersOnly } from './response-head.ts'
import { Sender } from './sender.ts'
import { ownSettings, ownWindows, readSettings } from './settings.ts'
import { Stream, type StreamHost } from './stream.ts'

/** What all connections of a server share. */
export interface ConnectionOptions {
  readonly methods: Methods
  readonly budget: Budget
  readonly trusts: (call: Call) => boolean
  readonly clock: Clock
  readonly logger: Logger
}

const connectionLimits = {
  /** A client that takes none of our answers is not read any further. */
  outboxBytesMax: 4 << 20,
  /** Streams we have reset whose late frames are not held against the client. */
  forgivenMax: 1_024,
  prefaceMs: 10_000,
} as const

type FrameHandler = (flag: number, id: number, bytes: Buffer, from: number, to: number) => void

/** One client's HTTP/2 connection: frames in, calls out, answers back. Source: RFC 9113. */
export class Connection implements StreamHost, Holder {
  readonly client: Client
  readonly clock: Clock
  readonly #socket: TLSSocket
  readonly #options: ConnectionOptions
  readonly #reader: FrameReader
  readonly #outbox: Outbox
  readonly #sender: Sender
  readonly #heads = new HeadAssembler()
  /** By frame type. */
  readonly #handlers: readonly FrameHandler[] = [
    (flag, id, bytes, from, to) => this.#onDataFrame(flag, id, bytes, from, to),
    (...frame) => this.#onHead(this.#heads.onHeaders(...frame)),
    (_flag, id, bytes, from) => this.#onPriority(id, bytes, from),
    (_flag, id) => this.#onReset(id),
    (flag, _id, bytes, from, to) => this.#onSettings(flag, bytes, from, to),
    () => {
      throw broken('a client does not push')
    },
    (flag, _id, bytes, from, to) => this.#onPing(flag, bytes, from, to),
    () => {},
    (_flag, id, bytes, from) => this.#onWindowUpdate(id, bytes, from),
    (...frame) => this.#onHead(this.#heads.onContinuation(...frame)),
  ]
  readonly #flood: Flood
  readonly #streams = new Map<number, Stream>()
  readonly #forgiven = new Set<number>()
  readonly #cancelPreface: () => void
  #hasSettings = false
  #lastStream = 0
  /** What the client has sent since we opened the connection's window last. */
  #received = 0
  #initialWindow = defaultWindow
  /** Handlers at work, those of reset streams included. */
  #working = 0
  #heldBytes = 0
  #queuedBytes = 0
  #reliefs: (() => void)[] = []
  #isDraining = false
  #isDead = false

  constructor(socket: TLSSocket, client: Client, options: ConnectionOptions) {
    this.#socket = socket
    this.client = client
    this.clock = options.clock
    this.#options = options
    this.#flood = new Flood(options.clock)
    this.#outbox = new Outbox(socket)
    this.#sender = new Sender(this.#outbox, connectionLimits.outboxBytesMax, () => {
      this.#flood.sent()
    })
    this.#reader = new FrameReader((type, flag, stream, bytes, from, to) => {
      this.#onFrame(type, flag, stream, bytes, from, to)
    })
    this.#outbox.frame(frameTypes.settings, 0, 0, ownSettings())
    this.#windowUpdate(0, ownWindows.connection - defaultWindow)
    const late = () => {
      if (!this.#hasSettings) this.#socket.destroy()
    }
    this.#cancelPreface = options.clock.after(connectionLimits.prefaceMs, late)
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('drain', () => this.guard(() => this.#onDrain()))
    socket.on('error', () => {})
    socket.on('close', () => this.#onClose())
  }

  /** Takes no new calls; those of one answer may end, the endless ones are ended. */
  drain(): void {
    if (this.#isDead || this.#isDraining) return
    this.#isDraining = true
    this.#goAway('noError')
    for (const stream of this.#streams.values()) {
      if (!stream.isUnary) stream.end(etcdError('etcdserver: server stopped'))
    }
    this.#endIfDrained()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  // The host of its streams.

  writeUnary(stream: Stream, message: Outgoing): boolean {
    return !this.#isDead && this.#sender.writeUnary(stream, message)
  }

  pump(stream: Stream): void {
    if (!this.#isDead) this.guard(() => this.#sender.pump(stream))
  }

  credit(stream: Stream, bytes: number): void {
    this.#windowUpdate(stream.id, bytes)
  }

  /** Whoever is at fault, it is about this client: the others are served on. */
  guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      this.#fail(error)
    }
  }

  onExceeded(): void {
    this.#fail(new ConnectionError('enhanceYourCalm', 'the server holds too much for its clients'))
  }

  working(change: 1 | -1): void {
    this.#working += change
  }

  holding(change: number): void {
    this.#heldBytes += change
    this.#options.budget.change(this, change)
    if (this.#heldBytes <= limits.unfinishedBytesMax) return
    throw new ConnectionError('enhanceYourCalm', 'too many unfinished messages')
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  queued(change: number): void {
    this.#queuedBytes += change
    this.#options.budget.change(this, change)
    if (this.#reliefs.length === 0) return
    if (this.#queuedBytes > limits.queuedBytesMax.connection / 10) return
    const reliefs = this.#reliefs
    this.#reliefs = []
    for (const relieve of reliefs) relieve()
  }

  relieved(): Promise<void> {
    return new Promise(resolve => this.#reliefs.push(resolve))
  }

  closed(stream: Stream): void {
    if (!this.#streams.delete(stream.id)) return
    this.#sender.forget(stream)
    // The client may still be sending: it learns that nobody reads it.
    if (!stream.remoteEnded) this.#reset(stream.id, 'noError')
    this.#endIfDrained()
  }

  #onData(chunk: Buffer): void {
    if (this.#isDead) return
    this.#outbox.hold()
    this.guard(() => this.#reader.push(chunk, () => !this.#isDead))
    if (this.#isDead) return
    this.#outbox.release()
    if (this.#outbox.queuedBytes > connectionLimits.outboxBytesMax) this.#socket.pause()
  }

  #onDrain(): void {
    if (this.#isDead) return
    this.#socket.resume()
    this.#sender.resume()
  }

  #onFrame(
    type: number,
    flag: number,
    stream: number,
    bytes: Buffer,
    from: number,
    to: number,
  ): void {
    if (!this.#hasSettings && type !== frameTypes.settings) throw broken('SETTINGS come first')
    if (this.#heads.isUnfinished && type !== frameTypes.continuation) {
      throw broken('only CONTINUATION may follow here')
    }
    checkFrame(type, stream, to - from)
    const handle = this.#handlers[type]
    // What is not known is to be ignored.
    if (handle === undefined) this.#flood.count('ignored')
    else handle(flag, stream, bytes, from, to)
  }

  #onDataFrame(flag: number, id: number, bytes: Buffer, from: number, to: number): void {
    const cost = to - from
    const isLast = (flag & flags.endStream) !== 0
    this.#receivedData(cost)
    const [start, end] = unpadded(flag, bytes, from, to)
    if (start === end && !isLast) this.#flood.count('empty')
    const stream = this.#streams.get(id)
    if (stream === undefined) this.#onLate(id)
    else if (stream.remoteEnded) this.#abort(stream, 'streamClosed')
    else stream.receive(bytes.subarray(start, end), cost, isLast)
  }

  #receivedData(cost: number): void {
    this.#received += cost
    if (this.#received > ownWindows.connection) {
      throw new ConnectionError('flowControlError', 'connection window')
    }
    if (this.#received < ownWindows.connection / 4) return
    this.#windowUpdate(0, this.#received)
    this.#received = 0
  }

  /** A frame of a stream that is no more. */
  #onLate(id: number): void {
    this.#checkNotIdle(id)
    this.#flood.count('ignored')
    if (!this.#forgiven.has(id)) this.#reset(id, 'streamClosed')
  }

  #onHead(assembled: AssembledHead | undefined): void {
    if (assembled === undefined) return
    const { stream: id, head, isLast } = assembled
    const known = this.#streams.get(id)
    if (known !== undefined) this.#onTrailers(known, isLast)
    else if (id > this.#lastStream) this.#onRequest(id, head, isLast)
    else if (!this.#forgiven.has(id)) throw new ConnectionError('streamClosed', 'HEADERS again')
  }

  /** No more calls, until those there are have ended or what waits for the client is less. */
  get #isFull(): boolean {
    const calls = Math.max(this.#streams.size, this.#working)
    return calls >= limits.streamsMax || this.#queuedBytes > limits.queuedBytesMax.connection
  }

  #onTrailers(stream: Stream, isLast: boolean): void {
    if (stream.remoteEnded) this.#abort(stream, 'streamClosed')
    else if (!isLast) this.#abort(stream, 'protocolError')
    else stream.receiveEnd()
  }

  #onRequest(id: number, head: RequestHead, isLast: boolean): void {
    if (id % 2 === 0) throw broken('a client has odd streams')
    this.#lastStream = id
    if (head.isMalformed || this.#isFull || this.#isDraining) {
      this.#reset(id, head.isMalformed ? 'protocolError' : 'refusedStream')
      return
    }
    const method = this.#options.methods.get(head.path)
    if (head.refusal !== undefined || method === undefined) {
      const { headers } = frameTypes
      const block = head.refusal
        ? refusalHead(head.refusal)
        : trailersOnly(unknownMethod(head.path))
      this.#outbox.frame(headers, flags.endHeaders | flags.endStream, id, block)
      if (!isLast) this.#reset(id, 'noError')
      return
    }
    const stream = new Stream(this, id, this.#initialWindow, method, head, this.#options.trusts)
    this.#streams.set(id, stream)
    stream.open()
    if (isLast) stream.receiveEnd()
  }

  #onWindowUpdate(id: number, bytes: Buffer, from: number): void {
    const increment = bytes.readUInt32BE(from) & 0x7fff_ffff
    this.#flood.count('window')
    if (id === 0) {
      if (increment === 0) throw broken('WINDOW_UPDATE by 0')
      this.#sender.grow(increment)
      return
    }
    const stream = this.#streams.get(id)
    if (stream === undefined) this.#checkNotIdle(id)
    else if (increment === 0) this.#abort(stream, 'protocolError')
    else if (stream.grow(increment)) this.#sender.resumeOne(stream)
    else this.#abort(stream, 'flowControlError')
  }

  #onReset(id: number): void {
    this.#checkNotIdle(id)
    this.#flood.count('reset')
    const stream = this.#streams.get(id)
    if (stream !== undefined) this.#drop(stream)
  }

  #onSettings(flag: number, bytes: Buffer, from: number, to: number): void {
    const length = to - from
    const isAck = (flag & flags.ack) !== 0
    if (length % 6 !== 0 || (isAck && length > 0)) {
      throw new ConnectionError('frameSizeError', 'SETTINGS has rows of 6 bytes')
    }
    if (isAck) return
    this.#flood.count('answer')
    this.#hasSettings = true
    this.#cancelPreface()
    const { initialWindow, frameBytes } = readSettings(bytes, from, to)
    if (frameBytes !== undefined) this.#sender.frameBytesMax = Math.min(frameBytes, frameBytesMax)
    if (initialWindow !== undefined) this.#changeWindows(initialWindow)
    this.#outbox.frame(frameTypes.settings, flags.ack, 0, nothing)
    this.#sender.resume()
  }

  #changeWindows(initialWindow: number): void {
    const change = initialWindow - this.#initialWindow
    this.#initialWindow = initialWindow
    for (const stream of this.#streams.values()) {
      if (!stream.grow(change)) throw new ConnectionError('flowControlError', 'window')
    }
  }

  #onPing(flag: number, bytes: Buffer, from: number, to: number): void {
    if (flag & flags.ack) return
    this.#flood.count('answer')
    this.#outbox.frame(frameTypes.ping, flags.ack, 0, bytes.subarray(from, to))
  }

  #onPriority(id: number, bytes: Buffer, from: number): void {
    if ((bytes.readUInt32BE(from) & 0x7fff_ffff) === id) throw broken('depends on itself')
    this.#flood.count('ignored')
  }

  #checkNotIdle(id: number): void {
    if (id % 2 === 0 || id > this.#lastStream) throw broken('the stream is idle')
  }

  /** Ends a stream because of what the client did. */
  #abort(stream: Stream, code: ErrorName): void {
    this.#drop(stream)
    this.#reset(stream.id, code)
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream.id)
    this.#sender.forget(stream)
    stream.abort()
    this.#endIfDrained()
  }

  #reset(id: number, code: ErrorName): void {
    if (this.#isDead) return
    if (this.#forgiven.size >= connectionLimits.forgivenMax) {
      for (const oldest of this.#forgiven) {
        this.#forgiven.delete(oldest)
        break
      }
    }
    this.#forgiven.add(id)
    this.#outbox.frame(frameTypes.rstStream, 0, id, uint32(errorCodes[code]))
  }

  #windowUpdate(id: number, bytes: number): void {
    this.#outbox.frame(frameTypes.windowUpdate, 0, id, uint32(bytes))
  }

  #goAway(code: ErrorName): void {
    const payload = Buffer.concat([uint32(this.#lastStream), uint32(errorCodes[code])])
    this.#outbox.frame(frameTypes.goAway, 0, 0, payload)
  }

  #endIfDrained(): void {
    if (!this.#isDraining || this.#isDead || this.#streams.size > 0) return
    this.#outbox.flush()
    this.#socket.end()
  }

  #fail(error: unknown): void {
    if (this.#isDead) return
    this.#isDead = true
    const { logger } = this.#options
    const code = error instanceof ConnectionError ? error.code : 'internalError'
    if (code === 'internalError') logger.error('a connection has failed', { error: stackOf(error) })
    else logger.debug('connection refused', { code, error: errorMessage(error) })
    this.#goAway(code)
    this.#outbox.release()
    // A moment for the GOAWAY to be read; then the socket goes, whatever the client does.
    this.#socket.end()
    this.#options.clock.after(limits.drainMs, () => this.#socket.destroy())
    this.#abortAll()
  }

  #onClose(): void {
    this.#isDead = true
    this.#cancelPreface()
    this.#abortAll()
  }

  #abortAll(): void {
    const streams = [...this.#streams.values()]
    this.#streams.clear()
    for (const stream of streams) this.guard(() => stream.abort())
    this.#options.budget.release(this)
  }
}

const nothing = Buffer.alloc(0)

function uint32(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(4)
  bytes.writeUInt32BE(value)
  return bytes
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

function broken(message: string): ConnectionError {
  return new ConnectionError('protocolError', message)
}
