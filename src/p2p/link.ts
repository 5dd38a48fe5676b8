import type { TLSSocket } from 'node:tls'
import { type Clock, sleep } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorCode, errorMessage } from '../kernel/result.ts'
import { FrameWriter } from './frame-writer.ts'
import { ping } from './ping.ts'
import type { MeshMember } from './types.ts'

/** The first redial after a loss is at once; a dying process may still accept for a moment. */
const backoffMinMs = 5
const backoffMaxMs = 500
/** A connection that lasts this long was no misunderstanding: the back-off begins anew. */
const steadyMs = 100

export interface LinkOptions {
  readonly member: MeshMember
  readonly logger: Logger
  readonly clock: Clock
  /** Connects for frames. @throws Error with code ECONNREFUSED when nobody listens. */
  readonly dial: (signal: AbortSignal) => Promise<TLSSocket>
  /** While frames are lost on purpose, a refused redial is not reported, but later it is. */
  readonly isCut: () => boolean
  readonly onUp: () => void
  readonly onLost: () => void
}

/**
 * Our half of the traffic with one member: a connection that only we write on, made again whenever
 * it ends. What the member sends comes in on its own connection (inbox.ts).
 */
export class Link {
  readonly #options: LinkOptions
  readonly #stopped = new AbortController()
  #writer: FrameWriter | undefined
  #backoffMs = 0
  #lossToReport = false
  #lastFailure: string | undefined
  #wake: () => void = () => {}

  constructor(options: LinkOptions) {
    this.#options = options
  }

  get queuedBytes(): number {
    return this.#writer?.queuedBytes ?? 0
  }

  get connected(): boolean {
    return this.#writer !== undefined
  }

  start(): void {
    void this.#run()
  }

  stop(): void {
    this.#stopped.abort(new Error('the link is closed'))
  }

  /** Sends a frame. While nothing is connected frames are dropped: they would be stale later. */
  send(frame: Uint8Array): void {
    this.#writer?.write(frame)
  }

  /** The member has shown that it lives: no reason to wait for the next redial. */
  hurry(): void {
    this.#backoffMs = 0
    this.#wake()
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      try {
        await this.#serve(await this.#options.dial(signal))
      } catch (error) {
        if (!signal.aborted) this.#onFailure(error)
      }
      await this.#pause()
    }
  }

  /** Resolves when the connection has ended. */
  #serve(socket: TLSSocket): Promise<void> {
    const { member, logger, clock, onUp } = this.#options
    const { signal } = this.#stopped
    const began = clock.now()
    const writer = new FrameWriter(socket)
    return new Promise(resolve => {
      const onStop = () => socket.destroy()
      signal.addEventListener('abort', onStop, { once: true })
      const endPings = ping(socket, writer, clock)
      // Without the farewells of an orderly end: who has ended may be dead.
      socket.once('end', () => socket.destroy())
      socket.once('close', () => {
        signal.removeEventListener('abort', onStop)
        endPings()
        this.#writer = undefined
        this.#lossToReport = true
        if (clock.now() - began >= steadyMs) this.#backoffMs = 0
        logger.info('mesh link down', { peer: member.name })
        resolve()
      })
      if (socket.destroyed || signal.aborted) return void socket.destroy()
      this.#writer = writer
      this.#lossToReport = false
      this.#lastFailure = undefined
      logger.info('mesh link up', { peer: member.name })
      onUp()
    })
  }

  #onFailure(error: unknown): void {
    const { member, logger, isCut, onLost } = this.#options
    const failure = errorMessage(error)
    if (failure !== this.#lastFailure) {
      logger.info('mesh link not possible', { peer: member.name, error: failure })
    }
    this.#lastFailure = failure
    // Nobody listens any more: the process is dead, not slow.
    if (!this.#lossToReport || errorCode(error) !== 'ECONNREFUSED' || isCut()) return
    this.#lossToReport = false
    logger.info('peer lost: its redial is refused', { peer: member.name })
    onLost()
  }

  async #pause(): Promise<void> {
    const pauseMs = this.#backoffMs
    this.#backoffMs = Math.min(Math.max(pauseMs * 2, backoffMinMs), backoffMaxMs)
    if (pauseMs === 0 || this.#stopped.signal.aborted) return
    const woken = new AbortController()
    this.#wake = () => woken.abort(new Error('the member lives'))
    const signal = AbortSignal.any([this.#stopped.signal, woken.signal])
    await sleep(pauseMs, signal).catch(() => {})
    this.#wake = () => {}
  }
}
