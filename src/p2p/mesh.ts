import type { Connection, Stream } from '@libp2p/interface'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Startable } from '../kernel/startable.ts'
import { FaultSwitch } from './faults.ts'
import { FrameReader } from './framing.ts'
import { Gossip } from './gossip.ts'
import { createHost, type MeshHost } from './host.ts'
import type { MeshIdentity } from './identity.ts'
import { frameProtocol, Link } from './link.ts'
import type { Channel, MemberId, MeshMember } from './types.ts'

export interface MeshOptions {
  readonly self: MemberId
  readonly members: readonly MeshMember[]
  readonly identity: MeshIdentity
  readonly clock: Clock
  readonly logger: Logger
}

/**
 * The mesh as one peer sees it: a libp2p host, a link to every other member, gossip and the fault
 * switch. Frames are best effort; see Channel.
 */
export class Mesh implements Channel, Startable {
  readonly faults = new FaultSwitch()
  readonly #options: MeshOptions
  readonly #byPeerId = new Map<string, MeshMember>()
  readonly #links = new Map<MemberId, Link>()
  #host: MeshHost | undefined
  #gossip: Gossip | undefined
  #frameListener: (from: MemberId, frame: Uint8Array) => void = () => {}
  #lostListener: (peer: MemberId) => void = () => {}
  #upListener: (peer: MemberId) => void = () => {}

  constructor(options: MeshOptions) {
    this.#options = options
    for (const member of options.members) this.#byPeerId.set(member.peerId, member)
  }

  get gossip(): Gossip {
    if (!this.#gossip) throw new Error('the mesh is not started')
    return this.#gossip
  }

  /** @throws Error with code EADDRINUSE when the port is taken. */
  async start(): Promise<void> {
    const { identity, members, self, logger } = this.#options
    const own = members.find(member => member.id === self)
    if (!own) throw new Error(`${self} is not a member of the mesh`)
    const host = await createHost({
      identity,
      listen: { host: own.host, port: own.port },
      isMember: peerId => this.#byPeerId.has(peerId),
    })
    this.#host = host
    this.#gossip = new Gossip(host, logger, peerId => this.#accepts(peerId))
    await host.handle(frameProtocol, ({ stream, connection }) => {
      void this.#receive(stream, connection)
    })
    for (const member of members) {
      if (member.id !== self) this.#addLink(host, member)
    }
  }

  async stop(): Promise<void> {
    for (const link of this.#links.values()) link.stop()
    this.#links.clear()
    await this.#host?.stop()
    this.#host = undefined
  }

  send(to: MemberId, frame: Uint8Array): void {
    if (this.faults.dropped(to)) return
    const delayMs = this.faults.delayMs(to)
    if (delayMs === 0) this.#links.get(to)?.send(frame)
    else this.#options.clock.after(delayMs, () => this.#links.get(to)?.send(frame))
  }

  queuedBytes(to: MemberId): number {
    return this.#links.get(to)?.queuedBytes ?? 0
  }

  connected(to: MemberId): boolean {
    return this.#links.get(to)?.connected ?? false
  }

  onFrame(listener: (from: MemberId, frame: Uint8Array) => void): void {
    this.#frameListener = listener
  }

  onPeerLost(listener: (peer: MemberId) => void): void {
    this.#lostListener = listener
  }

  onPeerUp(listener: (peer: MemberId) => void): void {
    this.#upListener = listener
  }

  #addLink(host: MeshHost, member: MeshMember): void {
    const link = new Link({
      host,
      member,
      logger: this.#options.logger,
      clock: this.#options.clock,
      onUp: () => this.#upListener(member.id),
      onLost: () => {
        if (!this.faults.dropped(member.id)) this.#lostListener(member.id)
      },
    })
    this.#links.set(member.id, link)
    link.start()
  }

  #accepts(peerId: string): boolean {
    const member = this.#byPeerId.get(peerId)
    return member !== undefined && !this.faults.dropped(member.id)
  }

  async #receive(stream: Stream, connection: Connection): Promise<void> {
    const member = this.#byPeerId.get(connection.remotePeer.toString())
    if (!member) {
      stream.abort(new Error('not a member'))
      return
    }
    const reader = new FrameReader()
    try {
      for await (const chunk of stream.source) {
        for (const frame of reader.push(chunk.subarray())) this.#deliver(member.id, frame)
      }
    } catch (error) {
      this.#options.logger.debug('mesh stream ended', {
        peer: member.name,
        error: errorMessage(error),
      })
      stream.abort(new Error('unreadable'))
    }
  }

  #deliver(from: MemberId, frame: Uint8Array): void {
    if (this.faults.dropped(from)) return
    const delayMs = this.faults.delayMs(from)
    if (delayMs === 0) this.#frameListener(from, frame)
    else this.#options.clock.after(delayMs, () => this.#frameListener(from, frame))
  }
}
