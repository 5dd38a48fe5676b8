import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Startable } from '../kernel/startable.ts'
import { FaultSwitch } from './faults.ts'
import { Gossip } from './gossip.ts'
import { createHost, type MeshHost } from './host.ts'
import type { MeshIdentity } from './identity.ts'
import { Inbox } from './inbox.ts'
import { Link } from './link.ts'
import { Members } from './members.ts'
import { type Refusal, Refusals } from './refusals.ts'
import { StreamConnections } from './streams.ts'
import type { MeshTransport } from './transport.ts'
import type { Channel, MemberId, MeshMember } from './types.ts'

/** Who misbehaved is not heard for this long. */
const shunMs = 10_000

export interface MeshOptions {
  readonly self: MemberId
  readonly members: readonly MeshMember[]
  readonly identity: MeshIdentity
  readonly clock: Clock
  readonly logger: Logger
}

/** What there is between `start` and `stop`. */
interface Running {
  readonly host: MeshHost
  readonly transport: MeshTransport
  readonly streams: StreamConnections
  readonly gossip: Gossip
}

/**
 * The mesh as one peer sees it: a libp2p host, a link to every other member, gossip and the fault
 * switch. Frames are best effort; see Channel.
 */
export class Mesh implements Channel, Startable {
  readonly faults = new FaultSwitch()
  readonly #options: MeshOptions
  readonly #members: Members
  readonly #links = new Map<MemberId, Link>()
  readonly #inbox: Inbox
  readonly #refusals: Refusals
  /** Disconnected for what they sent; nothing of theirs is taken for a while. */
  readonly #shunned = new Set<MemberId>()
  #running: Running | undefined
  #frameListener: (from: MemberId, frame: Uint8Array) => void = () => {}
  #lostListener: (peer: MemberId) => void = () => {}
  #upListener: (peer: MemberId) => void = () => {}
  #refusedListener: (refusal: Refusal) => void = () => {}

  constructor(options: MeshOptions) {
    this.#options = options
    this.#members = new Members(options.members)
    this.#inbox = new Inbox(options.logger, (peerId, frame) => this.#deliver(peerId, frame))
    this.#refusals = new Refusals(options.clock, refusal => {
      options.logger.warn('mesh connection of a non-member refused', { ...refusal })
      this.#refusedListener(refusal)
    })
  }

  /** A member's name; undefined when there is no such member. */
  nameOf(id: MemberId): string | undefined {
    return this.#members.get(id)?.name
  }

  get gossip(): Gossip {
    if (!this.#running) throw new Error('the mesh is not started')
    return this.#running.gossip
  }

  /** @throws Error with the text EADDRINUSE when the port is taken. */
  async start(): Promise<void> {
    const { identity, self, clock, logger } = this.#options
    const own = this.#members.get(self)
    if (!own) throw new Error(`${self} is not a member of the mesh`)
    const { host, transport } = await createHost({
      identity,
      listen: { host: own.host, port: own.port },
      isMember: peerId => this.#members.ofPeer(peerId) !== undefined,
      onFrames: (peerId, socket) => {
        const member = this.#members.ofPeer(peerId)
        if (member === undefined || this.#shunned.has(member.id)) return void socket.destroy()
        this.#inbox.add(peerId, socket, member.role ?? 'master')
        this.#links.get(member.id)?.hurry()
      },
      onStranger: (peerId, address) => this.#refusals.add({ peerId, address }),
    })
    const gossip = new Gossip(host, logger, peerId => {
      const isRemoved = this.#members.ofPeer(peerId)?.role === 'removed'
      return isRemoved ? undefined : this.#heardOf(peerId)
    })
    const membersUp = () => this.#members.list.filter(({ id }) => this.connected(id))
    const streams = new StreamConnections({ host, clock, logger, membersUp })
    this.#running = { host, transport, streams, gossip }
    streams.start()
    for (const member of this.#members.list) this.#addLink(member)
  }

  async stop(): Promise<void> {
    for (const link of this.#links.values()) link.stop()
    this.#links.clear()
    const running = this.#running
    this.#running = undefined
    running?.streams.stop()
    await running?.host.stop()
  }

  /**
   * The members from now on, this peer among them: links to new ones are made, removed ones are
   * disconnected at once and refused afterwards, and one whose address or peer ID is another is
   * connected anew. Our own address is the one of the start.
   */
  setMembers(members: readonly MeshMember[]): void {
    const { gone, come } = this.#members.set(members)
    for (const member of gone) this.#removeLink(member)
    for (const member of come) this.#addLink(member)
  }

  send(to: MemberId, frame: Uint8Array): void {
    if (this.faults.dropsOut(to)) return
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

  disconnect(peer: MemberId): void {
    const member = this.#members.get(peer)
    if (member === undefined || this.#shunned.has(peer)) return
    this.#shunned.add(peer)
    this.#options.clock.after(shunMs, () => this.#shunned.delete(peer))
    this.#inbox.drop(member.peerId)
  }

  /**
   * A peer that is no member has tried to connect, and has proved its peer ID. Told once in ten
   * seconds of each, and of ten at most.
   */
  onRefused(listener: (refusal: Refusal) => void): void {
    this.#refusedListener = listener
  }

  #addLink(member: MeshMember): void {
    const { self, logger, clock } = this.#options
    const running = this.#running
    if (!running || member.id === self) return
    const link = new Link({
      ...{ member, logger, clock },
      dial: signal => running.transport.dialFrames(member, signal),
      isCut: () => this.faults.isCut(member.id),
      onUp: () => {
        running.streams.check()
        this.#upListener(member.id)
      },
      onLost: () => this.#lostListener(member.id),
    })
    this.#links.set(member.id, link)
    link.start()
  }

  #removeLink(member: MeshMember): void {
    this.#links.get(member.id)?.stop()
    this.#links.delete(member.id)
    this.#inbox.drop(member.peerId)
    void this.#running?.streams.hangUp(member.peerId)
  }

  /** The member with this peer ID, unless there is none or the fault switch has cut it off. */
  #heardOf(peerId: string): MemberId | undefined {
    const from = this.#members.ofPeer(peerId)?.id
    return from === undefined || this.faults.dropsIn(from) ? undefined : from
  }

  #deliver(peerId: string, frame: Uint8Array): void {
    const from = this.#heardOf(peerId)
    if (from === undefined) return
    const delayMs = this.faults.delayMs(from)
    if (delayMs === 0) this.#frameListener(from, frame)
    else this.#options.clock.after(delayMs, () => this.#frameListener(from, frame))
  }
}
