import { pack, unpack } from 'msgpackr'
import type { Logger } from '../kernel/logger.ts'
import { isPlain } from '../kernel/plain.ts'
import { errorMessage } from '../kernel/result.ts'
import type { MeshHost } from './host.ts'
import type { MemberId } from './types.ts'

/** Largest message taken from another peer. */
const messageBytesMax = 64 * 1024

/**
 * Gossip among members: what may be late or lost. A hint, never an authority, never the log.
 */
export class Gossip {
  readonly #host: MeshHost
  readonly #logger: Logger
  readonly #listeners = new Map<string, (from: MemberId, value: unknown) => void>()

  /** `heardOf`: the member with a peer ID, if it is to be heard. */
  constructor(host: MeshHost, logger: Logger, heardOf: (peerId: string) => MemberId | undefined) {
    this.#host = host
    this.#logger = logger
    host.services.pubsub.addEventListener('message', event => {
      const message = event.detail
      if (message.type !== 'signed' || message.data.length > messageBytesMax) return
      const from = heardOf(message.from.toString())
      if (from !== undefined && isPlain(message.data))
        this.#deliver(message.topic, from, message.data)
    })
  }

  subscribe(topic: string, listener: (from: MemberId, value: unknown) => void): void {
    this.#listeners.set(topic, listener)
    this.#host.services.pubsub.subscribe(topic)
  }

  /** Sends to whoever is there; nobody there is not an error. */
  publish(topic: string, value: unknown): void {
    this.#host.services.pubsub.publish(topic, pack(value)).catch((error: unknown) => {
      this.#logger.debug('gossip not sent', { topic, error: errorMessage(error) })
    })
  }

  #deliver(topic: string, from: MemberId, data: Uint8Array): void {
    try {
      this.#listeners.get(topic)?.(from, unpack(data))
    } catch (error) {
      this.#logger.warn('gossip not understood', { topic, from, error: errorMessage(error) })
    }
  }
}
