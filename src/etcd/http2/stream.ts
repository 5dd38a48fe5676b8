import type { Cancel, Clock } from '../../kernel/clock.ts'
import { etcdError } from '../errors.ts'
import { Deframer, prefixBytes } from '../grpc/deframer.ts'
import { RpcError, rpcErrorOf } from '../grpc/status.ts'
import {
  bytesOf,
  type Call,
  type Client,
  limits,
  type Method,
  type Outgoing,
  type ServerStream,
  type StreamHandlers,
} from '../grpc/types.ts'
import { ByteQueue } from './byte-queue.ts'
import { ConnectionError, windowMax } from './codes.ts'
import type { RequestHead } from './request-head.ts'
import { okTrailers, trailersOf } from './response-head.ts'
import { ownWindows } from './settings.ts'

/** What a stream needs of its connection. */
export interface StreamHost {
  readonly client: Client
  readonly clock: Clock
  /** Runs `act`; what it throws ends the connection, and nothing else. */
  guard(act: () => void): void
  /** Writes the whole of a unary response if windows allow it now. */
  writeUnary(stream: Stream, message: Outgoing): boolean
  /** Writes what windows allow of the stream's queue; the rest when they open. */
  pump(stream: Stream): void
  /** Lets the client send `bytes` more on the stream. */
  credit(stream: Stream, bytes: number): void
  /** Both sides have ended. */
  closed(stream: Stream): void
  /** A handler has begun or ended. */
  working(change: 1 | -1): void
  /** Bytes of unfinished messages and calls. @throws ConnectionError when there are too many. */
  holding(change: number): void
  /** What responses that wait take, of all streams, bytes. */
  readonly queuedBytes: number
  queued(change: number): void
  /** Resolves when `queuedBytes` is small again. */
  relieved(): Promise<void>
}

/** One call on a connection. Source: RFC 9113, 5.1 for the states. */
export class Stream implements ServerStream, Call {
  readonly id: number
  readonly #host: StreamHost
  readonly #method: Method
  readonly #head: RequestHead
  readonly #deframer: Deframer
  readonly #isStranger: boolean
  #handlers: StreamHandlers | undefined
  #cancelDeadline: Cancel = () => {}
  #waiters: (() => void)[] = []
  #isBusy = false
  /** What is counted at the host as unfinished. */
  #held = 0
  /** What is counted at the host as waiting. */
  #queued = 0
  /** DATA frames of the message that is coming. */
  #fragments = 0
  #wasEndTold = false
  /** Few calls have any. */
  #overListeners: Set<() => void> | undefined
  /** What the client may still send, and what it will be given back. */
  #receiveWindow: number = ownWindows.stream
  #credit = 0
  /** What we may still send. */
  sendWindow: number
  /** Messages with their prefix, and rests of them. */
  readonly queue = new ByteQueue()
  hasHead = false
  /** To be sent after the queue; then our side has ended. */
  trailers: Buffer | undefined
  /** The client sends no more. */
  remoteEnded = false
  /** We send no more: ended, or reset by either side. */
  isOver = false

  constructor(
    host: StreamHost,
    id: number,
    sendWindow: number,
    method: Method,
    head: RequestHead,
    trusts: (call: Call) => boolean,
  ) {
    this.#host = host
    this.id = id
    this.sendWindow = sendWindow
    this.#method = method
    this.#head = head
    this.#isStranger = !trusts(this)
    const { messageBytesMax, strangerMessageBytesMax } = limits
    this.#deframer = new Deframer(this.#isStranger ? strangerMessageBytesMax : messageBytesMax)
  }

  get client(): Client {
    return this.#host.client
  }

  get timeoutMs(): number | undefined {
    return this.#head.timeoutMs
  }

  get isUnary(): boolean {
    return this.#method.kind === 'unary'
  }

  onOver(listener: () => void): () => void {
    this.#overListeners ??= new Set()
    this.#overListeners.add(listener)
    if (this.isOver) listener()
    return () => this.#overListeners?.delete(listener)
  }

  header(name: string): string | undefined {
    return this.#head.header(name)
  }

  /** The headers are in; a stream's handler begins. */
  open(): void {
    const { timeoutMs } = this.#head
    this.#hold()
    if (this.#method.kind === 'unary') return
    this.#handlers = this.#method.open(this, this)
    if (timeoutMs === undefined || this.isOver) return
    const late = () => this.end(new RpcError('deadlineExceeded', 'context deadline exceeded'))
    this.#cancelDeadline = this.#host.clock.after(timeoutMs, late)
  }

  /** Payload of a DATA frame; `cost`: its bytes with padding, as windows count. */
  receive(data: Buffer, cost: number, isLast: boolean): void {
    this.#receiveWindow -= cost
    if (this.#receiveWindow < 0) throw new ConnectionError('flowControlError', 'stream window')
    this.remoteEnded ||= isLast
    if (this.isOver) return
    this.#credit += cost
    const before = this.#deframer.pendingBytes
    this.#deframer.push(data)
    this.#deliver()
    this.#countFragment(before)
    this.#settle()
  }

  /** The client has ended its side without data. */
  receiveEnd(): void {
    this.remoteEnded = true
    this.#deliver()
  }

  /** The stream was reset, or the connection is gone. */
  abort(): void {
    this.isOver = true
    this.queue.clear()
    this.#weigh()
    this.#onOver()
  }

  grow(increment: number): boolean {
    this.sendWindow += increment
    return this.sendWindow <= windowMax
  }

  write(message: Outgoing): void {
    if (this.isOver || this.trailers !== undefined) return
    const bytes = bytesOf(message)
    const prefix = Buffer.allocUnsafe(prefixBytes)
    prefix[0] = 0
    prefix.writeUInt32BE(bytes, 1)
    this.queue.push(prefix)
    for (const part of message) this.queue.push(part)
    this.#weigh()
    this.#host.pump(this)
  }

  end(error?: RpcError): void {
    if (this.isOver || this.trailers !== undefined) return
    this.trailers = trailersOf(error)
    this.#host.pump(this)
  }

  get isCongested(): boolean {
    const { stream, connection } = limits.queuedBytesMax
    return this.queue.bytes > stream || this.#host.queuedBytes > connection
  }

  async drained(): Promise<void> {
    const { stream, connection } = limits.queuedBytesMax
    if (!this.isOver && this.queue.bytes > stream / 10) {
      await new Promise<void>(resolve => this.#waiters.push(resolve))
    }
    if (!this.isOver && this.#host.queuedBytes > connection / 10) await this.#host.relieved()
  }

  /** The connection has written from the queue. */
  onWritten(): void {
    this.#weigh()
    if (this.#waiters.length === 0) return
    if (this.queue.bytes <= limits.queuedBytesMax.stream / 10) this.#wakeWaiters()
  }

  /** Our side has ended: the trailers are written. */
  onEnded(): void {
    this.isOver = true
    this.#onOver()
    this.#host.closed(this)
  }

  #deliver(): void {
    if (this.#method.kind === 'unary') {
      if (this.remoteEnded) this.#call(this.#method.handle)
      else this.#look()
      return
    }
    while (!this.#isBusy && !this.isOver) {
      const message = this.#next()
      if (message === undefined) break
      const busy = this.#handlers?.onMessage(message)
      if (busy !== undefined) this.#wait(busy)
    }
    if (!this.remoteEnded || this.#isBusy || this.isOver || this.#wasEndTold) return
    this.#wasEndTold = true
    this.#handlers?.onEnd?.()
  }

  #call(handle: (request: Buffer, call: Call) => Promise<Outgoing>): void {
    const request = this.#next()
    if (this.isOver || this.trailers !== undefined) return
    if (request === undefined || this.#deframer.pendingBytes > 0) {
      this.end(new RpcError('internal', 'a unary call has exactly one message'))
      return
    }
    this.#host.working(1)
    handle(request, this).then(
      response => this.#host.guard(() => this.#finish(response)),
      error => this.#host.guard(() => this.#fail(error)),
    )
  }

  /** A unary call's message is taken when it is whole; one that will be too large ends it now. */
  #look(): void {
    try {
      this.#deframer.check()
    } catch (error) {
      this.end(this.#refusalOf(error))
    }
  }

  #finish(response: Outgoing): void {
    this.#host.working(-1)
    if (this.isOver || this.#host.writeUnary(this, response)) return
    this.write(response)
    this.trailers = okTrailers
    this.#host.pump(this)
  }

  #fail(error: unknown): void {
    this.#host.working(-1)
    this.end(rpcErrorOf(error))
  }

  #next(): Buffer | undefined {
    try {
      return this.#deframer.take()
    } catch (error) {
      this.end(this.#refusalOf(error))
      return undefined
    }
  }

  /** A stranger is told that he is one, not how much he might send. */
  #refusalOf(error: unknown): RpcError {
    return this.#isStranger ? etcdError('etcdserver: permission denied') : rpcErrorOf(error)
  }

  #wait(busy: Promise<void>): void {
    this.#isBusy = true
    this.#host.working(1)
    const go = () => {
      this.#isBusy = false
      this.#host.working(-1)
      if (this.isOver) return
      this.#deliver()
      this.#settle()
    }
    busy.then(
      () => this.#host.guard(go),
      error => {
        this.#host.guard(() => {
          this.end(rpcErrorOf(error))
          go()
        })
      },
    )
  }

  /** The chunk is read: what is left of it is kept, counted, and the window opened again. */
  #settle(): void {
    if (this.isOver) this.#deframer.clear()
    else this.#deframer.settle()
    this.#hold()
    this.#giveBack()
  }

  /** @throws ConnectionError for a message in many frames with next to nothing in them. */
  #countFragment(before: number): void {
    const { pendingBytes } = this.#deframer
    const goesOn = before > 0 && pendingBytes > before
    this.#fragments = goesOn ? this.#fragments + 1 : 0
    const { framesMax, bytesMin } = limits.fragments
    if (this.#fragments < framesMax || pendingBytes > bytesMin * this.#fragments) return
    throw new ConnectionError('enhanceYourCalm', 'a message in too small pieces')
  }

  /** Opens the client's window again, unless the handler is to have time. */
  #giveBack(): void {
    if (this.#isBusy || this.remoteEnded || this.isOver) return
    if (this.#credit < ownWindows.stream / 2) return
    this.#receiveWindow += this.#credit
    this.#host.credit(this, this.#credit)
    this.#credit = 0
  }

  #hold(): void {
    const bytes = this.isOver ? 0 : limits.overheadBytes.call + this.#deframer.heldBytes
    const change = bytes - this.#held
    this.#held = bytes
    if (change !== 0) this.#host.holding(change)
  }

  #weigh(): void {
    const change = this.queue.weight - this.#queued
    this.#queued += change
    if (change !== 0) this.#host.queued(change)
  }

  #onOver(): void {
    this.#cancelDeadline()
    this.#deframer.clear()
    this.#hold()
    const handlers = this.#handlers
    this.#handlers = undefined
    handlers?.onClose?.()
    for (const listener of this.#overListeners ?? []) listener()
    this.#wakeWaiters()
  }

  #wakeWaiters(): void {
    const waiters = this.#waiters
    this.#waiters = []
    for (const wake of waiters) wake()
  }
}
