import type { Connection, Stream } from '@libp2p/interface'
import { peerIdFromString } from '@libp2p/peer-id'
import { multiaddr } from '@multiformats/multiaddr'
import { type Clock, sleep } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import { frameBytesMax, packFrames } from './framing.ts'
import type { MeshHost } from './host.ts'
import type { MeshMember } from './types.ts'

/** Protocol of the frames between members. */
export const frameProtocol = '/quorate/frames/1'

/** Frames that wait for the connection; beyond it they are lost, and Raft sends again. */
const queueBytesMax = 32 * 1024 * 1024
const dialTimeoutMs = 300
const backoffMinMs = 50
const backoffMaxMs = 500

/** The end of a stream: settles when it comes. */
interface End {
  readonly over: Promise<void>
  readonly isOver: () => boolean
}

/**
 * Our half of the traffic with one member: a long-lived outbound stream, opened again whenever it
 * ends. What the member sends comes in on its own stream (mesh.ts).
 */
export class Link {
  readonly #host: MeshHost
  readonly #member: MeshMember
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #stopped = new AbortController()
  readonly #onUp: () => void
  readonly #onLost: () => void
  #queue: Uint8Array[] = []
  #queuedBytes = 0
  #wake: (() => void) | undefined
  #connected = false
  #wasUp = false

  constructor(options: {
    readonly host: MeshHost
    readonly member: MeshMember
    readonly logger: Logger
    readonly clock: Clock
    readonly onUp: () => void
    readonly onLost: () => void
  }) {
    this.#host = options.host
    this.#member = options.member
    this.#logger = options.logger
    this.#clock = options.clock
    this.#onUp = options.onUp
    this.#onLost = options.onLost
  }

  get queuedBytes(): number {
    return this.#queuedBytes
  }

  get connected(): boolean {
    return this.#connected
  }

  start(): void {
    void this.#run()
  }

  stop(): void {
    this.#stopped.abort(new Error('the link is closed'))
    this.#wake?.()
  }

  /** Queues a frame. While nothing is connected frames are dropped: they would be stale later. */
  send(frame: Uint8Array): void {
    if (!this.#connected || frame.length > frameBytesMax) return
    if (this.#queuedBytes + frame.length > queueBytesMax) return
    this.#queue.push(frame)
    this.#queuedBytes += frame.length
    this.#wake?.()
  }

  async #run(): Promise<void> {
    let backoffMs = backoffMinMs
    while (!this.#stopped.signal.aborted) {
      const began = this.#clock.now()
      try {
        const stream = await this.#open()
        backoffMs = backoffMinMs
        await this.#pump(stream)
      } catch (error) {
        this.#reportLoss(error)
      }
      this.#disconnect()
      if (this.#wasUp && this.#clock.now() - began > backoffMaxMs) continue
      await sleep(backoffMs, this.#stopped.signal).catch(() => {})
      backoffMs = Math.min(backoffMs * 2, backoffMaxMs)
    }
  }

  async #open(): Promise<Stream> {
    const connection = this.#existing() ?? (await this.#dial())
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(dialTimeoutMs * 3)])
    return connection.newStream(frameProtocol, { signal, runOnLimitedConnection: false })
  }

  #existing(): Connection | undefined {
    const id = peerIdFromString(this.#member.peerId)
    return this.#host.getConnections(id as never).find(known => known.status === 'open')
  }

  #dial(): Promise<Connection> {
    const { host, port, peerId } = this.#member
    const address = multiaddr(`/ip4/${host}/tcp/${port}/p2p/${peerId}`)
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(dialTimeoutMs)])
    return this.#host.dial(address as never, { force: true, signal } as never)
  }

  /** Sends until the stream ends; one write for all frames of a tick. */
  async #pump(stream: Stream): Promise<void> {
    this.#connected = true
    this.#wasUp = true
    this.#logger.info('mesh link up', { peer: this.#member.name })
    this.#onUp()
    const end = this.#watchEnd(stream)
    try {
      // A sink whose connection is gone may never settle, so the end of the stream decides too.
      await Promise.race([stream.sink(this.#drain(end) as never), end.over])
    } finally {
      stream.abort(new Error('the link is closed'))
    }
  }

  /** The remote never writes on our stream: its end means that the connection is gone. */
  #watchEnd(stream: Stream): End {
    let isOver = false
    const over = (async () => {
      try {
        for await (const _chunk of stream.source) {
          // nothing is expected
        }
      } finally {
        isOver = true
        this.#wake?.()
      }
    })()
    return { over, isOver: () => isOver || stream.status !== 'open' }
  }

  async *#drain(end: End): AsyncGenerator<Uint8Array> {
    while (!this.#stopped.signal.aborted && !end.isOver()) {
      if (this.#queue.length === 0) {
        await new Promise<void>(resolve => {
          this.#wake = resolve
        })
        this.#wake = undefined
        continue
      }
      const frames = this.#queue
      this.#queue = []
      this.#queuedBytes = 0
      yield packFrames(frames)
    }
  }

  #disconnect(): void {
    if (this.#connected) this.#logger.info('mesh link down', { peer: this.#member.name })
    this.#connected = false
    this.#queue = []
    this.#queuedBytes = 0
  }

  /** A refused redial means that nobody listens any more: the process is dead, not slow. */
  #reportLoss(error: unknown): void {
    if (!this.#wasUp || !isRefused(error)) return
    this.#wasUp = false
    this.#logger.info('peer lost: its redial is refused', { peer: this.#member.name })
    this.#onLost()
  }
}

function isRefused(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isRefused)
  return errorMessage(error).includes('ECONNREFUSED')
}
