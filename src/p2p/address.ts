import { isIPv4, isIPv6, type Socket } from 'node:net'
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr'
import type { MeshMember } from './types.ts'

/** Where a member listens, as libp2p writes it: `/ip4/10.0.0.1/tcp/7000/p2p/12D3...`. */
export function memberAddress({ host, port, peerId }: MeshMember): Multiaddr {
  return multiaddr(`${hostPart(host)}/tcp/${port}/p2p/${peerId}`)
}

/** A member's address for frames: one that only our transport knows how to use. */
export function framesAddress({ host, port, peerId }: MeshMember): Multiaddr {
  return multiaddr(`${hostPart(host)}/tcp/${port}/tls/p2p/${peerId}`)
}

/** The listening address of a host and port. */
export function listenAddress({ host, port }: { host: string; port: number }): Multiaddr {
  return multiaddr(`${hostPart(host)}/tcp/${port}`)
}

/** Where a connection came from; `tail` is appended. */
export function remoteAddress(socket: Socket, tail = ''): Multiaddr {
  const host = socket.remoteAddress ?? '0.0.0.0'
  return multiaddr(`${hostPart(host)}/tcp/${socket.remotePort ?? 0}${tail}`)
}

function hostPart(host: string): string {
  if (isIPv4(host)) return `/ip4/${host}`
  if (isIPv6(host)) return `/ip6/${host}`
  return `/dns/${host}`
}
