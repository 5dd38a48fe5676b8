import { pack, unpack } from 'msgpackr'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { MeshHost } from './host.ts'

/** Largest message taken from another peer. */
const messageBytesMax = 64 * 1024

/**
 * Gossip among members: what may be late or lost. A hint, never an authority, never the log.
 */
export class Gossip {
  readonly #host: MeshHost
  readonly #logger: Logger
  readonly #listeners = new Map<string, (peerId: string, value: unknown) => void>()

  constructor(host: MeshHost, logger: Logger, accepts: (peerId: string) => boolean) {
    this.#host = host
    this.#logger = logger
    host.services.pubsub.addEventListener('message', event => {
      const message = event.detail
      if (message.type !== 'signed' || message.data.length > messageBytesMax) return
      const peerId = message.from.toString()
      if (!accepts(peerId)) return
      this.#deliver(message.topic, peerId, message.data)
    })
  }

  subscribe(topic: string, listener: (peerId: string, value: unknown) => void): void {
    this.#listeners.set(topic, listener)
    this.#host.services.pubsub.subscribe(topic)
  }

  /** Sends to whoever is there; nobody there is not an error. */
  publish(topic: string, value: unknown): void {
    this.#host.services.pubsub.publish(topic, pack(value)).catch((error: unknown) => {
      this.#logger.debug('gossip not sent', { topic, error: errorMessage(error) })
    })
  }

  #deliver(topic: string, peerId: string, data: Uint8Array): void {
    try {
      this.#listeners.get(topic)?.(peerId, unpack(data))
    } catch (error) {
      this.#logger.warn('gossip not understood', { topic, peerId, error: errorMessage(error) })
    }
  }
}
