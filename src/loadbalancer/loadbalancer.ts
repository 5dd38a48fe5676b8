import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { dial } from '../kernel/dial.ts'
import { splice } from '../kernel/splice.ts'
import type { Startable } from '../kernel/startable.ts'
import { HealthTracker } from './health.ts'
import type { Backend, LoadBalancerOptions } from './types.ts'

/** A load balancer that serves; `port` is known once it has started. */
export interface LoadBalancer extends Startable {
  readonly port: number
  /** Peers have joined or left; connections of those that left go on until they end. */
  setBackends(backends: readonly Backend[]): void
  /** Connections that are open now, by backend. */
  connections(): Readonly<Record<string, number>>
}

const connectTimeoutMsDefault = 500
const connectionsMaxDefault = 10_000

/** Times that all backends are tried for one connection: a leader change takes that long. */
const roundsMax = 3

/** Longest quiet of a connection that has ended one way: TLS has no half-close. */
const halfCloseIdleMs = 10_000

/** Between two rounds. */
const roundPauseMs = 100

/**
 * TCP pass-through in front of the API servers: TLS goes to the peers unchanged. New connections
 * go to followers first, so that a leader's death cuts as few clients as possible; one that is
 * refused goes to the next peer at once. Connections of a peer that no longer answers are cut.
 */
export function createLoadBalancer(options: LoadBalancerOptions): LoadBalancer {
  return new TcpLoadBalancer(options)
}

class TcpLoadBalancer implements LoadBalancer {
  readonly #options: LoadBalancerOptions
  readonly #health: HealthTracker
  readonly #clients = new Map<Socket, string | undefined>()
  #server: Server | undefined
  #backends: readonly Backend[]
  #next = 0

  constructor(options: LoadBalancerOptions) {
    this.#options = options
    this.#backends = options.backends
    const { backends, healthCheck = {}, clock } = options
    this.#health = new HealthTracker(backends, healthCheck, name => this.#cut(name), clock)
  }

  get port(): number {
    return (this.#server?.address() as AddressInfo | null)?.port ?? 0
  }

  async start(): Promise<void> {
    const { host, port } = this.#options
    const options = { allowHalfOpen: true, pauseOnConnect: true }
    const server = createServer(options, client => void this.#serve(client))
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen({ host, port }, () => {
        server.off('error', reject)
        server.on('error', () => undefined)
        resolve()
      })
    })
    this.#server = server
    this.#health.start()
  }

  async stop(): Promise<void> {
    this.#health.stop()
    for (const client of this.#clients.keys()) client.destroy()
    const server = this.#server
    this.#server = undefined
    if (server) await new Promise(resolve => server.close(resolve))
  }

  setBackends(backends: readonly Backend[]): void {
    this.#backends = backends
    this.#health.set(backends)
  }

  connections(): Readonly<Record<string, number>> {
    const counts: Record<string, number> = {}
    for (const { name } of this.#backends) counts[name] = 0
    for (const name of this.#clients.values()) if (name) counts[name] = (counts[name] ?? 0) + 1
    return counts
  }

  async #serve(client: Socket): Promise<void> {
    client.on('error', () => client.destroy())
    if (this.#clients.size >= (this.#options.connectionsMax ?? connectionsMaxDefault)) {
      client.resetAndDestroy()
      return
    }
    this.#clients.set(client, undefined)
    client.once('close', () => this.#clients.delete(client))
    const connection = await this.#connect(client)
    if (!connection) {
      client.resetAndDestroy()
      return
    }
    if (client.destroyed) {
      connection.socket.destroy()
      return
    }
    this.#clients.set(client, connection.backend.name)
    splice(client, connection.socket, halfCloseIdleMs)
    client.resume()
  }

  async #connect(client: Socket): Promise<{ socket: Socket; backend: Backend } | undefined> {
    const timeoutMs = this.#options.connectTimeoutMs ?? connectTimeoutMsDefault
    for (let round = 0; round < roundsMax; round++) {
      if (round > 0) await new Promise(resolve => setTimeout(resolve, roundPauseMs))
      for (const backend of this.#order()) {
        if (client.destroyed) return undefined
        const result = await dial(backend.host, backend.port, timeoutMs)
        if (!('code' in result)) return { socket: result.socket, backend }
        if (result.code === 'ECONNREFUSED') this.#health.refused(backend.name)
        const { name } = backend
        this.#options.logger.debug('a backend did not take a connection', { name, ...result })
      }
    }
    return undefined
  }

  /** Ready followers, the ready leader, unready ones, then those that seem to be down. */
  #order(): Backend[] {
    const { preferred } = this.#options
    const backends = this.#backends
    const names = preferred?.() ?? []
    const counts = this.connections()
    const rank = ({ name }: Backend) => {
      const state = this.#health.stateOf(name)
      if (state === 'down') return 3
      if (state === 'unready') return 2
      return this.#health.isLeader(name) ? 1 : 0
    }
    const position = ({ name }: Backend) => {
      const found = names.indexOf(name)
      return found < 0 ? names.length : found
    }
    const turn = this.#next++
    const rotated = backends.map((_, index) => backends[(index + turn) % backends.length]!)
    return rotated.sort(
      (a, b) => rank(a) - rank(b) || position(a) - position(b) || counts[a.name]! - counts[b.name]!,
    )
  }

  /** Connections of a backend that is gone would hang: clients learn of it at once instead. */
  #cut(name: string): void {
    this.#options.logger.warn('a backend is down', { name })
    for (const [client, backend] of this.#clients) if (backend === name) client.resetAndDestroy()
  }
}
