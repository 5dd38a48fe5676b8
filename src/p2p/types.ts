/** A member's ID: opaque, never reused, given when the member joins. Ordered as a string. */
export type MemberId = string

/**
 * What a member's connection may carry beside pings, which only say that it lives:
 * - master: frames.
 * - removed: as many as it takes to be told so.
 * - worker: none. Workers have the API, and gossip.
 */
export type MeshRole = 'master' | 'worker' | 'removed'

/** Who may be in the mesh. The list of members is separate from Raft's voters. */
export interface MeshMember {
  readonly id: MemberId
  /** Default `master`. */
  readonly role?: MeshRole
  /** The peer's name in the configuration: `peer-1`. */
  readonly name: string
  /** libp2p peer ID: the hash of the member's public key. */
  readonly peerId: string
  readonly host: string
  readonly port: number
}

/**
 * Frames between members: best effort, in order within one connection, no duplicates.
 * A frame is lost when no connection is up or the queue is full; Raft repeats what matters.
 */
export interface Channel {
  /**
   * Sends a frame: the first of a turn of the event loop goes to the kernel before this returns,
   * further ones of the turn leave in one write at its end. Never throws, never waits. An empty
   * frame does not arrive: it is the mesh's own ping.
   */
  send(to: MemberId, frame: Uint8Array): void
  /** Bytes for `to` that are not yet handed to the kernel: back-pressure for bulk senders. */
  queuedBytes(to: MemberId): number
  onFrame(listener: (from: MemberId, frame: Uint8Array) => void): void
  /** The connection to `peer` was lost and its redial was refused: its process is dead. */
  onPeerLost(listener: (peer: MemberId) => void): void
  /** A connection to `peer` is up (again). */
  onPeerUp(listener: (peer: MemberId) => void): void
  /** Ends the connection from `peer`, which has misbehaved, and takes none for a while. */
  disconnect?(peer: MemberId): void
}
