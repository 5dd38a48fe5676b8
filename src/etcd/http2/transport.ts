import type { AddressInfo } from 'node:net'
import { createServer, type Server, type TLSSocket } from 'node:tls'
import { within } from '../../kernel/clock.ts'
import type { Startable } from '../../kernel/startable.ts'
import { limits, type TransportOptions } from '../grpc/types.ts'
import { Budget } from './budget.ts'
import { Connection, type ConnectionOptions } from './connection.ts'

/** Longest TLS handshake, and how often a silent connection is tried, milliseconds. */
const times = { handshakeMs: 10_000, keepAliveMs: 30_000 } as const

/**
 * gRPC on an HTTP/2 of our own, on TLS sockets: 3-5 us of CPU a call, where node:http2 takes 43-70.
 * Only what gRPC needs of HTTP/2, and everything that RFC 9113 asks of a server.
 */
export class Http2Transport implements Startable {
  readonly #options: TransportOptions
  readonly #server: Server
  readonly #connections = new Set<Pick<Connection, 'drain' | 'destroy'>>()
  readonly #shared: ConnectionOptions

  constructor(options: TransportOptions) {
    this.#options = options
    const { methods, clock, logger, trusts = () => true } = options
    const budget = new Budget(limits.heldBytesMax)
    this.#shared = { methods, clock, logger, trusts, budget }
    const { ca, cert, key } = options.tls
    this.#server = createServer({
      ...{ ca, cert, key, requestCert: true, rejectUnauthorized: true },
      ALPNCallback: ({ protocols }) => protocolFor(protocols, options.onHttp1 !== undefined),
      minVersion: 'TLSv1.2',
      handshakeTimeout: times.handshakeMs,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: times.keepAliveMs,
    })
    this.#server.maxConnections = limits.connectionsMax
    this.#server.on('tlsClientError', () => {})
    this.#server.on('secureConnection', socket => this.#onConnection(socket))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#options.port
  }

  /** @throws Error when the port is taken. */
  start(): Promise<void> {
    const { host, port, logger } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        this.#server.on('error', error => logger.warn('etcd server', { error: error.message }))
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const connection of this.#connections) connection.drain()
    await within(closed, limits.drainMs)
    for (const connection of this.#connections) connection.destroy()
    await closed
  }

  #onConnection(socket: TLSSocket): void {
    if (socket.alpnProtocol !== 'h2') {
      this.#onHttp1(socket)
      return
    }
    const { CN: name, O: groups = [] } = socket.getPeerCertificate().subject ?? {}
    const commonName = typeof name === 'string' ? name : ''
    const client = { commonName, groups: [groups].flat() }
    const connection = new Connection(socket, client, this.#shared)
    this.#connections.add(connection)
    socket.on('close', () => this.#connections.delete(connection))
  }

  #onHttp1(socket: TLSSocket): void {
    const { onHttp1 } = this.#options
    if (onHttp1 === undefined) {
      socket.destroy()
      return
    }
    const connection = { drain: () => socket.end(), destroy: () => socket.destroy() }
    this.#connections.add(connection)
    socket.on('close', () => this.#connections.delete(connection))
    onHttp1(socket)
  }
}

/**
 * Clients of gRPC speak HTTP/2 alone. Whoever speaks HTTP/1.1 too comes for a page: so there is one
 * way to serve pages, whichever of both a client likes better.
 */
function protocolFor(protocols: readonly string[], hasPages: boolean): string | undefined {
  if (hasPages && protocols.includes('http/1.1')) return 'http/1.1'
  return protocols.find(protocol => protocol === 'h2')
}
