import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Channel } from '../p2p/types.ts'
import type { Core } from '../raft/core.ts'
import { type Frame, unpackFrame } from './frames.ts'
import type { Hello } from './hello.ts'
import { Offences } from './offences.ts'
import type { Senders } from './senders.ts'

/** What the door needs of the driver. */
export interface DoorHost {
  readonly core: Core
  readonly clock: Clock
  readonly channel: Channel
  readonly logger: Logger
  readonly hello: Hello
  readonly senders: Senders
  /** A frame whose form is right, of somebody who may send frames. */
  onMemberFrame(from: string, frame: Frame): void
}

/** The door: who sends is asked before what is decoded, and what is decoded is checked. */
export class Door {
  readonly #host: DoorHost
  readonly #offences = new Offences()

  constructor(host: DoorHost) {
    this.#host = host
  }

  /** Frames that were refused since this process began. */
  get refused(): number {
    return this.#offences.total
  }

  onFrame(from: string, data: Uint8Array): void {
    const { senders, hello } = this.#host
    const sender = senders.of(from)
    if (sender === 'removed') hello.tellRemoved(from)
    else if (sender === 'stranger') this.#onStranger(from)
    else {
      const frame = this.#unpack(from, data)
      if (frame !== undefined) this.#host.onMemberFrame(from, frame)
    }
  }

  /** A connection has come up. */
  onPeerUp(peer: string): void {
    const { senders, hello } = this.#host
    const sender = senders.of(peer)
    if (sender === 'member') hello.greet(peer)
    if (sender === 'removed') hello.tellRemoved(peer)
  }

  /** Something that no honest member sends. */
  onForged(from: string, reason: string): void {
    const { channel, clock, logger } = this.#host
    const sentence = this.#offences.add(from, clock.now())
    if (sentence === 'log') logger.warn('a frame was refused', { from, reason })
    if (sentence !== 'disconnect') return
    logger.warn('a peer that keeps sending such frames is disconnected', { from, reason })
    channel.disconnect?.(from)
  }

  #unpack(from: string, data: Uint8Array): Frame | undefined {
    try {
      return unpackFrame(data, from, this.#host.core.id)
    } catch (error) {
      this.onForged(from, errorMessage(error))
      return undefined
    }
  }

  /** Who lags takes a member that joined since for one, too: it is asked for, not hung up on. */
  #onStranger(from: string): void {
    const { clock, logger, senders } = this.#host
    if (this.#offences.add(from, clock.now()) === 'log') {
      logger.warn('frames of a stranger are not taken', { from })
    }
    senders.inquire()
  }
}
