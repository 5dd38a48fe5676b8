import { kinds } from '../api/kinds.ts'
import type { EndpointSlice, Node, Service } from '../api/objects.ts'
import type { InformerFactory } from '../client/informer.ts'
import type { EventRecorder } from '../client/recorder.ts'
import type { Informer } from '../client/types.ts'
import { type Cancel, type Clock, systemClock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Startable } from '../kernel/startable.ts'
import { Balancer } from './balancer.ts'
import {
  buildServiceMap,
  desiredListeners,
  diffListeners,
  type Listener,
  nodeAddressesOf,
  type ServicePortEntry,
} from './servicemap.ts'
import { type OpenPort, openTcp, type PortContext } from './tcp.ts'
import { openUdp } from './udp.ts'

export interface UserspaceProxyOptions {
  /** Started and stopped by the caller. */
  readonly factory: InformerFactory
  readonly recorder?: EventRecorder
  readonly logger: Logger
  readonly clock?: Clock
  /** Addresses for node ports; absent: the InternalIP of every Node. */
  readonly nodeAddresses?: readonly { readonly name: string; readonly address: string }[]
  /** Connections at one time; more are refused. */
  readonly connectionsMax?: number
}

/** A port of a service that had to be opened elsewhere. */
export interface RemappedPort {
  readonly service: string
  readonly address: string
  readonly port: number
  readonly served: number
}

/** The proxy, and what there is to say about it. */
export interface UserspaceProxy extends Startable {
  /** Ports below 1024 that lacked a privilege: for `up`'s output. */
  remapped(): readonly RemappedPort[]
}

/** Changes that come together are applied together, after so many milliseconds. */
const gatherMs = 10

/** A socket that could not be opened is tried again. */
const reopenMs = 2_000

const connectionsMaxDefault = 4_096

/**
 * Service proxy of one network namespace in user space: it binds the services' own addresses (which
 * lie in 127/8) and passes connections on. Needs no root and no firewall.
 * `start` resolves when all present services are served.
 */
export function createUserspaceProxy(options: UserspaceProxyOptions): UserspaceProxy {
  return new Userspace(options)
}

interface Port {
  readonly listener: Listener
  entryKey: string
  open: OpenPort | undefined
}

class Userspace implements UserspaceProxy {
  readonly #options: UserspaceProxyOptions
  readonly #clock: Clock
  readonly #services: Informer<Service>
  readonly #slices: Informer<EndpointSlice>
  readonly #nodes: Informer<Node>
  readonly #ports = new Map<string, Port>()
  readonly #balancers = new Map<string, Balancer>()
  readonly #undo: (() => void)[] = []
  readonly #stopped = new AbortController()
  #map: ReadonlyMap<string, ServicePortEntry> = new Map()
  #scheduled: Cancel | undefined
  #applying: Promise<void> = Promise.resolve()
  #connections = 0

  constructor(options: UserspaceProxyOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#services = options.factory.informer(kinds.services)
    this.#slices = options.factory.informer(kinds.endpointSlices)
    this.#nodes = options.factory.informer(kinds.nodes)
  }

  async start(): Promise<void> {
    const all = [this.#services, this.#slices, this.#nodes]
    await Promise.all(all.map(informer => informer.waitForSync(this.#stopped.signal)))
    const changed = () => this.#schedule(gatherMs)
    for (const informer of [this.#services, this.#slices]) {
      const handler = { onAdd: changed, onUpdate: changed, onDelete: changed }
      this.#undo.push((informer as Informer<Service | EndpointSlice>).addHandler(handler))
    }
    // Nodes report often; only their addresses matter here.
    const onUpdate = (now: Node, old: Node) => {
      const text = (node: Node) => JSON.stringify(node.status?.addresses)
      if (text(now) !== text(old)) changed()
    }
    this.#undo.push(this.#nodes.addHandler({ onAdd: changed, onUpdate, onDelete: changed }))
    await this.#apply()
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('stopped'))
    for (const undo of this.#undo.splice(0)) undo()
    this.#scheduled?.()
    await this.#applying
    await Promise.all([...this.#ports.values()].map(port => port.open?.close()))
    this.#ports.clear()
  }

  remapped(): readonly RemappedPort[] {
    return [...this.#ports.values()].flatMap(({ listener, open }) =>
      open && open.port !== listener.port
        ? [
            {
              service: listener.entry.split(' ')[1] ?? '',
              address: listener.address,
              port: listener.port,
              served: open.port,
            },
          ]
        : [],
    )
  }

  #schedule(ms: number): void {
    if (this.#stopped.signal.aborted || this.#scheduled) return
    this.#scheduled = this.#clock.after(ms, () => {
      this.#scheduled = undefined
      void this.#apply()
    })
  }

  /** Makes the sockets what the API says; one run after the other, whatever became of the last. */
  #apply(): Promise<void> {
    this.#applying = this.#applying.then(async () => {
      try {
        await this.#converge()
      } catch (error) {
        this.#options.logger.error('services could not be applied', { error: errorMessage(error) })
        this.#schedule(reopenMs)
      }
    })
    return this.#applying
  }

  async #converge(): Promise<void> {
    this.#map = buildServiceMap(this.#services.lister.list(), this.#slices.lister.list())
    const nodes = this.#options.nodeAddresses ?? nodeAddressesOf(this.#nodes.lister.list())
    const desired = desiredListeners(this.#map, nodes)
    const current = new Map([...this.#ports].map(([id, port]) => [id, port.listener]))
    const { open, close } = diffListeners(current, desired)
    await Promise.all(close.map(listener => this.#close(listener)))
    for (const [id, listener] of desired) {
      const port = this.#ports.get(id)
      if (port) port.entryKey = listener.entry
    }
    for (const port of this.#ports.values()) port.open?.refresh?.()
    for (const key of this.#balancers.keys()) if (!this.#map.has(key)) this.#balancers.delete(key)
    const isStopped = this.#stopped.signal.aborted
    if (!isStopped) await Promise.all(open.map(listener => this.#open(listener)))
  }

  async #close({ id }: Listener): Promise<void> {
    const port = this.#ports.get(id)
    this.#ports.delete(id)
    await port?.open?.close()
  }

  async #open(listener: Listener): Promise<void> {
    const port: Port = { listener, entryKey: listener.entry, open: undefined }
    try {
      const context = this.#portContext(port)
      port.open = await (listener.protocol === 'TCP' ? openTcp(context) : openUdp(context))
      this.#ports.set(listener.id, port)
      if (port.open.port !== listener.port) this.#tellRemapped(listener, port.open.port)
    } catch (error) {
      const { logger } = this.#options
      logger.warn('a service port could not be opened', {
        port: listener.id,
        service: listener.entry,
        error: errorMessage(error),
      })
      this.#event(listener, 'FailedToOpenPort', `${listener.id}: ${errorMessage(error)}`)
      this.#schedule(reopenMs)
    }
  }

  #portContext(port: Port): PortContext {
    const { logger, connectionsMax = connectionsMaxDefault } = this.#options
    const balancer = () => {
      const known = this.#balancers.get(port.entryKey) ?? new Balancer(this.#clock)
      this.#balancers.set(port.entryKey, known)
      return known
    }
    return {
      listener: port.listener,
      get balancer() {
        return balancer()
      },
      logger,
      entry: () => this.#map.get(port.entryKey),
      admit: () => {
        if (this.#connections >= connectionsMax) return false
        this.#connections++
        return true
      },
      release: () => {
        this.#connections--
      },
    }
  }

  #tellRemapped(listener: Listener, served: number): void {
    const { address, port } = listener
    const text =
      `port ${port} needs a privilege that this process lacks: ${address}:${port} is served at ` +
      `${address}:${served}. To change that: sysctl net.ipv4.ip_unprivileged_port_start=${port}`
    this.#options.logger.warn(text)
    this.#event(listener, 'PortRemapped', text)
  }

  #event(listener: Listener, reason: string, message: string): void {
    const service = this.#map.get(listener.entry)?.service
    if (service) this.#options.recorder?.event(service, 'Warning', reason, message)
  }
}
