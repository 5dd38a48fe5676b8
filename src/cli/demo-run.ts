import { createClient } from '../client/client.ts'
import { httpsTransport } from '../client/https.ts'
import type { Client } from '../client/types.ts'
import { formatAddress } from '../config/ports.ts'
import { must } from '../kernel/assert.ts'
import { sleep } from '../kernel/clock.ts'
import type { ProbeState } from '../probe/messages.ts'
import type { Outage } from '../probe/outage.ts'
import { RemoteProbe } from '../probe/remote.ts'
import type { ProbeReport, Verdict } from '../probe/types.ts'
import { deployWorkload, scaleWorkload, waitForReplicas } from '../probe/workload.ts'
import { askFault } from '../supervisor/ask.ts'
import { adminTls, PeerClients } from '../supervisor/peers.ts'
import type { PreparedCluster } from '../supervisor/prepare.ts'
import { waitUntilReady } from '../supervisor/ready.ts'
import { leaderHere } from '../supervisor/views.ts'
import { type EventFigures, figuresOf, lineOf } from './demo-figures.ts'

const namespace = 'dev'
const steadyMs = 2_500
const recoverTimeoutMs = 60_000
const leaderTimeoutMs = 15_000
const stopTimeoutMs = 10_000
const pollMs = 20
/** Two hundred writes a second, an acknowledgement every 5 ms. */
const load = { writers: 8, periodMs: 40 } as const

/** The demonstration on a running cluster: kills of the leader under load, and a partition. */
export class DemoRun {
  readonly #cluster: PreparedCluster
  readonly #say: (text: string) => void
  readonly #clients: PeerClients
  readonly #client: Client
  readonly #close: () => void
  readonly #probe: RemoteProbe
  #state: ProbeState | undefined

  constructor(cluster: PreparedCluster, say: (text: string) => void) {
    this.#cluster = cluster
    this.#say = say
    this.#clients = new PeerClients(cluster)
    const server = `https://${formatAddress(cluster.config.loadBalancer)}`
    const tls = adminTls(cluster.layout)
    const transport = httpsTransport({ servers: [server], ...tls })
    this.#close = () => transport.close()
    const userAgent = 'quorate-demo'
    this.#client = createClient(transport, { userAgent })
    const options = { server, tls, namespace, id: `demo-${process.pid}`, userAgent, ...load }
    this.#probe = new RemoteProbe(options, state => {
      this.#state = state
    })
  }

  async perform(kills: number): Promise<{
    readonly events: readonly EventFigures[]
    readonly verdict: Verdict
    readonly report: ProbeReport
  }> {
    try {
      await deployWorkload(this.#client, namespace)
      await scaleWorkload(this.#client, namespace, 3)
      await waitForReplicas(this.#client, namespace, 3, recoverTimeoutMs)
      this.#say('the seed is deployed: 3 pods ready')
      await this.#until('the probe writes', () => this.#state?.state === 'running')
      await sleep(steadyMs)
      const events: EventFigures[] = []
      for (let n = 0; n < kills; n++) {
        const event = await this.#killLeader(3 + (n % 2))
        events.push(event)
        this.#say(`${n + 1}/${kills} ${lineOf(event)}`)
      }
      const cut = await this.#isolateLeader()
      events.push(cut)
      this.#say(`${lineOf(cut)}; healed`)
      const verdict = await this.#probe.judge()
      return { events, verdict, report: must(this.#state, 'a state').report }
    } finally {
      await this.#probe.stop(stopTimeoutMs)
      this.#clients.close()
      this.#close()
    }
  }

  async #killLeader(replicas: number): Promise<EventFigures> {
    const leader = await this.#leader()
    // At the moment of the kill: the old leader's controllers may or may not have begun.
    const scaling = this.#retry(() => scaleWorkload(this.#client, namespace, replicas))
    const { t0 } = await askFault(this.#cluster, { type: 'kill', peer: leader })
    const figures = await this.#measured(`kill-${t0}`, t0)
    const electedMs = (await this.#electedAfter(t0)) - t0
    await scaling
    await askFault(this.#cluster, { type: 'restart', peer: leader })
    await waitForReplicas(this.#client, namespace, replicas, recoverTimeoutMs)
    const reconciledMs = Date.now() - t0
    await waitUntilReady(this.#cluster, recoverTimeoutMs, () => {})
    await sleep(steadyMs)
    return { cause: 'kill', peer: leader, ...figures, electedMs, reconciledMs }
  }

  async #isolateLeader(): Promise<EventFigures> {
    const leader = await this.#leader()
    const { t0 } = await askFault(this.#cluster, { type: 'partition', from: [leader] })
    const figures = await this.#measured(`partition-${t0}`, t0)
    const electedMs = (await this.#electedAfter(t0)) - t0
    await askFault(this.#cluster, { type: 'heal' })
    await waitUntilReady(this.#cluster, recoverTimeoutMs, () => {})
    return { cause: 'partition', peer: leader, ...figures, electedMs }
  }

  async #measured(id: string, t0: number): Promise<ReturnType<typeof figuresOf>> {
    this.#probe.event(id, t0)
    const outage = await this.#until('a write after the event', (): Outage | undefined =>
      this.#state?.outages.find(each => each.id === id && each.state !== 'open'),
    )
    return figuresOf(outage)
  }

  /** When a leader was elected since, by its own word. */
  #electedAfter(t0: number): Promise<number> {
    return this.#until('a new leader', async () => {
      const peers = this.#cluster.config.peers.map(({ name }) => name)
      const told = await Promise.all(peers.map(name => this.#electionsOf(name, t0)))
      return told.flat().sort((left, right) => left - right)[0]
    })
  }

  async #electionsOf(peer: string, t0: number): Promise<number[]> {
    try {
      const { events } = await this.#clients.get(peer).events(0)
      return events.flatMap(({ at, data }) => (data?.type === 'elected' && at >= t0 ? [at] : []))
    } catch {
      // Dead, as it should be.
      return []
    }
  }

  #leader(): Promise<string> {
    return this.#until('a leader', async () => {
      const views = await this.#clients.views({ timeoutMs: 200 })
      return leaderHere(views)?.name
    })
  }

  /** @throws Error when it does not come true in time. */
  async #until<T>(
    what: string,
    look: () => T | undefined | Promise<T | undefined>,
  ): Promise<NonNullable<T>> {
    const deadline = performance.now() + leaderTimeoutMs
    while (performance.now() < deadline) {
      const found = await look()
      if (found) return found
      await sleep(pollMs)
    }
    const why = this.#state?.error === undefined ? '' : `: ${this.#state.error}`
    throw new Error(`not within ${leaderTimeoutMs / 1000} s: ${what}${why}`)
  }

  async #retry(request: () => Promise<void>): Promise<void> {
    const deadline = performance.now() + leaderTimeoutMs
    for (;;) {
      try {
        return await request()
      } catch (error) {
        if (performance.now() > deadline) throw error
        await sleep(pollMs)
      }
    }
  }
}
