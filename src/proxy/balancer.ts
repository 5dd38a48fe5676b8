import type { Clock } from '../kernel/clock.ts'
import type { Backend, ServicePortEntry } from './servicemap.ts'

/** Clients whose endpoint is remembered, for each service port. */
const affinityClientsMax = 10_000

/**
 * Chooses endpoints: round robin, or the client's last one with ClientIP affinity.
 * Source: the former pkg/proxy/userspace/roundrobin.go.
 */
export class Balancer {
  readonly #clock: Clock
  #next = 0
  readonly #clients = new Map<string, { readonly backend: string; readonly until: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Endpoints in the order in which they should be tried. */
  order(entry: ServicePortEntry, clientIp: string, nodeName: string | undefined): Backend[] {
    const isLocal = entry.isExternalLocal && nodeName !== undefined
    const usable = entry.backends.filter(each => !isLocal || each.nodeName === nodeName)
    if (usable.length === 0) return []
    const first = this.#next++ % usable.length
    const order = [...usable.slice(first), ...usable.slice(0, first)]
    const remembered = this.#remembered(clientIp)
    if (entry.affinitySeconds === undefined || !remembered) return order
    const own = order.findIndex(each => idOf(each) === remembered)
    if (own > 0) order.unshift(...order.splice(own, 1))
    return order
  }

  /** A connection of this client was made to `backend`. */
  connected(entry: ServicePortEntry, clientIp: string, backend: Backend): void {
    if (entry.affinitySeconds === undefined) return
    const until = this.#clock.now() + entry.affinitySeconds * 1_000
    this.#clients.delete(clientIp)
    this.#clients.set(clientIp, { backend: idOf(backend), until })
    if (this.#clients.size <= affinityClientsMax) return
    for (const oldest of this.#clients.keys()) {
      this.#clients.delete(oldest)
      return
    }
  }

  #remembered(clientIp: string): string | undefined {
    const client = this.#clients.get(clientIp)
    return client && client.until > this.#clock.now() ? client.backend : undefined
  }
}

function idOf(backend: Backend): string {
  return `${backend.ip}:${backend.port}`
}
