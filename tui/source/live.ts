import type { Fault } from '../../src/admin/types.ts'
import { createClient } from '../../src/client/client.ts'
import { type HttpsTransport, httpsTransport } from '../../src/client/https.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import type { SourceEvent } from '../model/types.ts'
import { ObjectWatch } from './objects.ts'
import { PeerPoller } from './peers.ts'
import { Prober } from './prober.ts'
import type { Settings } from './settings.ts'
import type { Source } from './types.ts'

const userAgent = 'quorate-tui'

/** A running cluster: peers' admin protocol, the API through the load balancer, and a probe. */
export class LiveSource implements Source {
  readonly #settings: Settings
  readonly #clock: Clock
  readonly #probes: boolean
  readonly #transports: HttpsTransport[] = []
  #poller: PeerPoller | undefined
  #objects: ObjectWatch | undefined
  #prober: Prober | undefined

  constructor(settings: Settings, clock: Clock, options: { readonly probe: boolean }) {
    this.#settings = settings
    this.#clock = clock
    this.#probes = options.probe
  }

  async start(tell: (event: SourceEvent) => void): Promise<void> {
    const { loadBalancer } = this.#settings
    const emit = (event: SourceEvent) => {
      if (event.type === 'events' && event.fresh) {
        for (const each of event.list) this.#prober?.heard(each)
      }
      tell(event)
    }
    this.#poller = new PeerPoller(this.#settings, this.#clock, emit)
    if (loadBalancer) {
      await this.#attach(loadBalancer, emit)
      this.#poller.start()
      return
    }
    this.#poller.start(api => {
      void this.#attach(api, emit)
    })
  }

  async stop(): Promise<void> {
    await Promise.all([this.#prober?.stop(), this.#objects?.stop(), this.#poller?.stop()])
    for (const transport of this.#transports) transport.close()
  }

  async fault(fault: Fault): Promise<void> {
    this.#poller?.hurry()
    const supervisor = this.#poller?.supervisor
    if (supervisor) await supervisor.fault(fault, this.#clock.wall())
    else await this.#withoutSupervisor(fault)
  }

  async transfer(leader: string, to: string | undefined): Promise<void> {
    this.#poller?.hurry()
    const client = this.#poller?.client(leader)
    if (!client) throw new Error(`${leader} can't be asked: its admin address is not known`)
    await client.transfer(to, this.#clock.wall())
  }

  /** A probe and watches on connections of their own: neither waits for the other. */
  async #attach(address: string, emit: (event: SourceEvent) => void): Promise<void> {
    const { tls } = this.#settings
    const server = `https://${address}`
    const transport = httpsTransport({ servers: [server], ...tls })
    this.#transports.push(transport)
    this.#objects = new ObjectWatch(createClient(transport, { userAgent }), this.#clock, emit)
    await this.#objects.start()
    if (!this.#probes) return
    this.#prober = new Prober(server, tls, this.#clock, emit)
    this.#prober.start()
  }

  /** What a peer does to itself can be asked of it directly. */
  async #withoutSupervisor(fault: Fault): Promise<void> {
    const names = fault.type === 'slow' ? fault.peers : this.#settings.peers.map(peer => peer.name)
    if (fault.type !== 'slow' && fault.type !== 'heal') {
      throw new Error(`${fault.type} needs the supervisor: attach with the --data of "up"`)
    }
    for (const name of names) {
      const client = this.#poller?.client(name)
      if (!client) throw new Error(`${name} can't be asked: its admin address is not known`)
      await client.fault(fault)
    }
  }
}
