import './polyfill.ts'
import { connect, type Socket } from 'node:net'
import type { SecureContext, TLSSocket } from 'node:tls'
import {
  type ComponentLogger,
  type Connection,
  type CreateListenerOptions,
  type DialTransportOptions,
  type Listener,
  type Logger,
  serviceCapabilities,
  type Transport,
  transportSymbol,
  type Upgrader,
} from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'
import { framesAddress, remoteAddress } from './address.ts'
import { closedConnection, noStreams, openConnection } from './connections.ts'
import { MeshListener } from './listener.ts'
import { accept, connectSecure, peerOfHandshake, wrapSecure } from './secure.ts'
import type { MeshMember } from './types.ts'

/** A peer that hangs must not hold up the redial that would succeed. */
const connectTimeoutMs = 300
const handshakeTimeoutMs = 2_000
/** TLS handshakes under way: each costs a signature, whoever asks for it. */
const handshakesMax = 64

/** Options of the upgrader for a connection whose peer the transport itself has verified. */
const verified = {
  skipEncryption: true,
  skipProtection: true,
  muxerFactory: noStreams,
  // A limited connection is one that libp2p lets no protocol choose by itself.
  limits: {},
} as const

export interface MeshTransportOptions {
  readonly context: SecureContext
  /** Asked once more after a handshake: the members may have changed during it. */
  readonly isMember: (peerId: string) => boolean
  /** A member's frames come in on this socket; nothing has been read from it. */
  readonly onFrames: (peerId: string, socket: TLSSocket) => void
  /** A peer that is no member, and proved who it is. */
  readonly onStranger: (peerId: string, address: string) => void
}

/** The parts of libp2p that a transport is given. */
interface Components {
  readonly upgrader: Upgrader
  readonly logger: ComponentLogger
}

/**
 * The libp2p transport between members, over TCP and with one port for both kinds of connection:
 *
 *   multistream, noise, yamux   what libp2p's protocols use (identify, gossipsub)
 *   TLS 1.3                     frames, straight on the socket: no stream, no muxer, no promise
 *
 * Both are libp2p connections: the connection manager lists and closes them.
 */
export class MeshTransport implements Transport {
  readonly [transportSymbol] = true
  readonly [serviceCapabilities] = ['@libp2p/transport']
  readonly [Symbol.toStringTag] = 'quorate-mesh'
  readonly #components: Components
  readonly #options: MeshTransportOptions
  readonly #log: Logger
  /** Accepted TLS sockets, from their first byte. */
  readonly #secure = new Set<TLSSocket>()
  #handshakes = 0

  constructor(components: Components, options: MeshTransportOptions) {
    this.#components = components
    this.#options = options
    this.#log = components.logger.forComponent('quorate:mesh')
  }

  /** Connects for libp2p's protocols. */
  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    const socket = await connectTcp(address, options.signal)
    const connection = openConnection(socket, address, this.#log)
    try {
      return await options.upgrader.upgradeOutbound(connection, options)
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  /**
   * Connects for frames: a socket that `member` has accepted, and on which only we write. It does
   * not use libp2p's dial queue, where a dial joins one to the same peer that is under way.
   * @throws Error with code ECONNREFUSED when nobody listens there.
   */
  async dialFrames(member: MeshMember, signal: AbortSignal): Promise<TLSSocket> {
    const { host, port, peerId } = member
    const { context } = this.#options
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(handshakeTimeoutMs)])
    const target = { host, port, peerId, context, connectTimeoutMs }
    const socket = await connectSecure({ ...target, signal: bounded })
    try {
      const connection = closedConnection(socket, framesAddress(member), this.#log)
      const options = { ...verified, signal: bounded }
      await this.#components.upgrader.upgradeOutbound(connection, options)
      return socket
    } catch (error) {
      socket.destroy()
      throw error
    }
  }

  createListener({ upgrader }: CreateListenerOptions): Listener {
    const listener = new MeshListener({
      onTls: raw => void this.#acceptFrames(raw, upgrader),
      onOther: socket => void this.#acceptOther(socket, upgrader),
    })
    listener.addEventListener('close', () => {
      for (const socket of this.#secure) socket.destroy()
    })
    return listener
  }

  /** TCP addresses, and not those of frames: these are never dialled through libp2p. */
  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter(address => /\/tcp\/\d+(\/p2p\/\w+)?$/.test(address.toString()))
  }

  listenFilter(addresses: Multiaddr[]): Multiaddr[] {
    return this.dialFilter(addresses)
  }

  async #acceptOther(socket: Socket, upgrader: Upgrader): Promise<void> {
    try {
      const connection = openConnection(socket, remoteAddress(socket), this.#log)
      await upgrader.upgradeInbound(connection, { signal: AbortSignal.timeout(handshakeTimeoutMs) })
    } catch (error) {
      this.#log('inbound connection refused - %e', error)
      socket.destroy()
    }
  }

  async #acceptFrames(raw: Socket, upgrader: Upgrader): Promise<void> {
    if (this.#handshakes >= handshakesMax) return void raw.destroy()
    this.#handshakes++
    const socket = wrapSecure(raw, this.#options.context)
    const signal = AbortSignal.timeout(handshakeTimeoutMs)
    const onTimeout = () => socket.destroy()
    signal.addEventListener('abort', onTimeout)
    this.#secure.add(socket)
    socket.once('close', () => this.#secure.delete(socket))
    try {
      const peerId = await peerOfHandshake(socket)
      const address = remoteAddress(raw, `/tls/p2p/${peerId}`)
      if (!this.#options.isMember(peerId)) {
        this.#options.onStranger(peerId, address.toString())
        throw new Error(`${peerId} is no member`)
      }
      const connection = closedConnection(socket, address, this.#log)
      await upgrader.upgradeInbound(connection, { ...verified, signal })
      if (!this.#options.isMember(peerId)) throw new Error(`${peerId} is a member no more`)
      accept(socket)
      this.#options.onFrames(peerId, socket)
    } catch (error) {
      this.#log('inbound frames refused - %e', error)
      socket.destroy()
    } finally {
      this.#handshakes--
      signal.removeEventListener('abort', onTimeout)
    }
  }
}

function connectTcp(address: Multiaddr, signal: AbortSignal): Promise<Socket> {
  const { host, port } = address.toOptions()
  return new Promise((resolve, reject) => {
    signal.throwIfAborted()
    const socket = connect({ host, port, noDelay: true, keepAlive: true })
    const onAbort = () => socket.destroy(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    // This listener stays: later errors end the connection by themselves.
    socket.on('error', error => reject(error))
    socket.once('close', () => reject(new Error('closed while connecting')))
    socket.once('connect', () => {
      signal.removeEventListener('abort', onAbort)
      resolve(socket)
    })
  })
}
