import { peerIdFromString } from '@libp2p/peer-id'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import { memberAddress } from './address.ts'
import { hasStreams } from './disconnects.ts'
import type { MeshHost } from './host.ts'
import type { MeshMember } from './types.ts'

const checkMs = 1_000
const dialTimeoutMs = 3_000

/**
 * Keeps a connection with streams to each member that is up, beside the one for frames: what
 * identify and gossipsub live on. Of two members the one with the lower peer ID connects.
 */
export class StreamConnections {
  readonly #host: MeshHost
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #membersUp: () => readonly MeshMember[]
  readonly #dialing = new Set<string>()
  #checks: Cancel = () => {}

  constructor(options: {
    readonly host: MeshHost
    readonly clock: Clock
    readonly logger: Logger
    /** The other members to which frames can be sent now. */
    readonly membersUp: () => readonly MeshMember[]
  }) {
    this.#host = options.host
    this.#clock = options.clock
    this.#logger = options.logger
    this.#membersUp = options.membersUp
  }

  start(): void {
    this.#checks = this.#clock.every(checkMs, () => this.check())
  }

  stop(): void {
    this.#checks()
  }

  /** Connects to whom a connection is missing; once a second, and when a member comes up. */
  check(): void {
    for (const member of this.#membersUp()) {
      const { peerId } = member
      if (this.#host.peerId.toString() > peerId || this.#dialing.has(peerId)) continue
      const id = peerIdFromString(peerId)
      if (!this.#host.getConnections(id as never).some(hasStreams)) void this.#dial(member)
    }
  }

  /** Ends every connection with a peer, those for frames as well. */
  async hangUp(peerId: string): Promise<void> {
    try {
      await this.#host.hangUp(peerIdFromString(peerId) as never)
    } catch (error) {
      this.#logger.debug('hanging up failed', { peerId, error: errorMessage(error) })
    }
  }

  async #dial(member: MeshMember): Promise<void> {
    this.#dialing.add(member.peerId)
    try {
      const signal = AbortSignal.timeout(dialTimeoutMs)
      await this.#host.dial(memberAddress(member) as never, { force: true, signal } as never)
    } catch (error) {
      const { name: peer } = member
      this.#logger.debug('no connection for streams', { peer, error: errorMessage(error) })
    } finally {
      this.#dialing.delete(member.peerId)
    }
  }
}
