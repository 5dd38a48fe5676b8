import type { Connection, Libp2pEvents, PeerId, TypedEventTarget } from '@libp2p/interface'

/**
 * libp2p tells its protocols that a peer has gone when the last connection ends, and gossipsub
 * takes no new stream of a peer while it believes in the old one. A connection for frames has no
 * streams, so it must not keep a peer alive for those who need one: when the last connection with
 * streams ends, they are told.
 */
export function tellOfLastStreams(components: {
  readonly events: TypedEventTarget<Libp2pEvents>
  readonly connectionManager: { getConnections(peer: PeerId): Connection[] }
}): void {
  const { events } = components
  events.addEventListener('connection:close', ({ detail: closed }) => {
    if (closed.limits !== undefined) return
    const others = components.connectionManager
      .getConnections(closed.remotePeer)
      .filter(other => other.id !== closed.id)
    // Without any other connection libp2p tells them itself.
    if (others.length === 0 || others.some(hasStreams)) return
    events.safeDispatchEvent<PeerId>('peer:disconnect', { detail: closed.remotePeer })
  })
}

/** Whether protocols can use a connection: those for frames are limited (transport.ts). */
export function hasStreams(connection: Connection): boolean {
  return connection.limits === undefined && connection.status === 'open'
}
