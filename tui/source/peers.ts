import { AdminClient } from '../../src/admin/client.ts'
import type { PeerReport } from '../../src/admin/types.ts'
import { type Clock, sleep } from '../../src/kernel/clock.ts'
import type { SourceEvent } from '../model/types.ts'
import { ClockOffset } from './offset.ts'
import type { Settings } from './settings.ts'

/** A quarter of a second normally; ten times a second after a fault, to see an election. */
const pollMs = { calm: 250, busy: 100, dead: 500 } as const
const busyForMs = 10_000
const statusTimeoutMs = 700

/** One peer that is asked again and again. */
interface Polled {
  name: string
  readonly client: AdminClient
  lastEvent: number
  /** The process that numbered `lastEvent`: a restarted one counts from 1 again. */
  pid: number
  failures: number
  readonly offset: ClockOffset
}

/** Asks every peer for its report and events, and the supervisor for its processes. */
export class PeerPoller {
  readonly #settings: Settings
  readonly #clock: Clock
  readonly #emit: (event: SourceEvent) => void
  readonly #peers: Polled[]
  readonly #supervisor: AdminClient | undefined
  readonly #startedAt: number
  readonly #stop = new AbortController()
  #loops: Promise<void>[] = []
  #busyUntil = 0
  #api: ((address: string) => void) | undefined

  constructor(settings: Settings, clock: Clock, emit: (event: SourceEvent) => void) {
    this.#settings = settings
    this.#clock = clock
    this.#emit = emit
    this.#startedAt = clock.wall()
    this.#peers = settings.peers.map(({ name, admin }) => this.#polled(name, admin))
    const { supervisor, tls } = settings
    this.#supervisor = supervisor ? new AdminClient(supervisor, tls) : undefined
  }

  /** `onApi` hears of a peer's API address with its first report. */
  start(onApi?: (address: string) => void): void {
    this.#api = onApi
    this.#loops = this.#peers.map(peer => this.#poll(peer))
    if (this.#supervisor) this.#loops.push(this.#pollSupervisor(this.#supervisor))
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#loops)
    for (const peer of this.#peers) peer.client.close()
    this.#supervisor?.close()
  }

  /** Ask more often for a while. */
  hurry(): void {
    this.#busyUntil = this.#clock.now() + busyForMs
  }

  client(name: string): AdminClient | undefined {
    return this.#peers.find(peer => peer.name === name)?.client
  }

  get supervisor(): AdminClient | undefined {
    return this.#supervisor
  }

  #polled(name: string, admin: string): Polled {
    const client = new AdminClient(admin, this.#settings.tls)
    return { name, client, lastEvent: 0, pid: 0, failures: 0, offset: new ClockOffset() }
  }

  async #poll(peer: Polled): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const began = this.#clock.now()
      try {
        const report = await peer.client.status({ timeoutMs: statusTimeoutMs })
        if (signal.aborted) return
        this.#onReport(peer, report)
        await this.#askEvents(peer)
      } catch {
        if (signal.aborted) return
        peer.failures++
        if (peer.failures === 1) this.hurry()
        this.#emit({ type: 'unreachable', at: this.#clock.wall(), peer: peer.name })
      }
      const spent = this.#clock.now() - began
      await sleep(Math.max(10, this.#pauseMs(peer) - spent), signal).catch(() => {})
    }
  }

  #onReport(peer: Polled, report: PeerReport): void {
    const at = this.#clock.wall()
    if (peer.name === '') {
      peer.name = report.name
      this.#emit({ type: 'discovered', peer: report.name, admin: report.admin })
      for (const other of report.gossip) {
        this.#emit({ type: 'discovered', peer: other.name, admin: '' })
      }
    }
    if (this.#api && report.api) {
      this.#api(report.api)
      this.#api = undefined
    }
    if (report.pid !== peer.pid) peer.lastEvent = 0
    peer.pid = report.pid
    peer.failures = 0
    this.#emit({ type: 'report', at, peer: peer.name, report })
  }

  /** New events of a peer or the supervisor, by our own clock. */
  async #askEvents(
    asked: Pick<Polled, 'client' | 'offset'> & { lastEvent: number },
  ): Promise<void> {
    const askedAt = this.#clock.wall()
    const answer = await asked.client.events(asked.lastEvent)
    asked.offset.answered(askedAt, answer.now, this.#clock.wall())
    const newest = answer.events.at(-1)
    if (!newest || this.#stop.signal.aborted) return
    asked.lastEvent = newest.id
    const events = answer.events.map(event => asked.offset.ours(event))
    // What happened before the dashboard came is history: shown, not measured.
    const old = events.filter(event => event.at < this.#startedAt)
    const fresh = events.filter(event => event.at >= this.#startedAt)
    if (old.length > 0) this.#emit({ type: 'events', fresh: false, list: old })
    if (fresh.length > 0) this.#emit({ type: 'events', fresh: true, list: fresh })
    if (fresh.some(({ data }) => data !== undefined)) this.hurry()
  }

  async #pollSupervisor(client: AdminClient): Promise<void> {
    const { signal } = this.#stop
    const asked = { client, lastEvent: 0, offset: new ClockOffset() }
    let startedAt = ''
    while (!signal.aborted) {
      try {
        const list = await client.processes()
        if (!signal.aborted) this.#emit({ type: 'processes', at: this.#clock.wall(), list })
        // Another supervisor counts its events from 1 again.
        const own = list.find(({ name }) => name === 'supervisor')?.startedAt ?? ''
        if (own !== startedAt) asked.lastEvent = 0
        startedAt = own
        await this.#askEvents(asked)
      } catch {
        // Without its supervisor the cluster goes on; peers' own answers are shown.
        const at = this.#clock.wall()
        if (!signal.aborted) this.#emit({ type: 'processes', at, list: [] })
      }
      await sleep(this.#busy ? pollMs.busy : pollMs.calm, signal).catch(() => {})
    }
  }

  get #busy(): boolean {
    return this.#clock.now() < this.#busyUntil
  }

  #pauseMs(peer: Polled): number {
    if (this.#busy) return pollMs.busy
    return peer.failures > 3 ? pollMs.dead : pollMs.calm
  }
}
