import { EventRing, faultText } from '../admin/events.ts'
import { AdminServer } from '../admin/server.ts'
import type { GossipReport, PeerReport } from '../admin/types.ts'
import { createClient } from '../client/client.ts'
import { httpsTransport } from '../client/https.ts'
import type { Client } from '../client/types.ts'
import { formatAddress } from '../config/ports.ts'
import type { PeerConfig } from '../config/types.ts'
import { must } from '../kernel/assert.ts'
import type { Cancel } from '../kernel/clock.ts'
import { sleep, systemClock } from '../kernel/clock.ts'
import type { Logger, LogLevel } from '../kernel/logger.ts'
import type { Startable } from '../kernel/startable.ts'
import type { MeshMember } from '../p2p/types.ts'
import { readCertificate, readKeyPair } from '../pki/files.ts'
import type { Leadership } from '../store/types.ts'
import type { PreparedCluster } from '../supervisor/prepare.ts'
import { peerHandlers } from './admin.ts'
import { clusterIdOf } from './cluster-id.ts'
import { Consensus } from './consensus.ts'
import { etcdLocation } from './datastore.ts'
import { WriteHold } from './hold.ts'
import { LiveCluster, type LiveMember } from './live.ts'
import { Master } from './master.ts'
import type { ConsensusOptions } from './messages.ts'
import { buildReport } from './report.ts'
import { createWorker } from './worker.ts'

const promoteRetryMs = 500
const gossipMs = 500
const gossipForgetMs = 10_000

export interface PeerOptions {
  readonly cluster: PreparedCluster
  readonly members: readonly MeshMember[]
  readonly name: string
  /** It came to a cluster that existed. */
  readonly joined: boolean
  readonly faults: boolean
  readonly logLevel: LogLevel
  readonly logger: Logger
  /** The store is gone and the process must end. */
  readonly onFatal: (reason: string) => void
}

/**
 * One peer, whole: consensus thread, API server, control plane on call, kubelet, admin server. The
 * only place that wires; start order is bottom up, stop order the reverse.
 */
export class Peer implements Startable {
  readonly #options: PeerOptions
  readonly #peer: PeerConfig
  readonly #member: MeshMember
  /** Who leads, by name, as this peer knows it. */
  #leader: string | undefined
  readonly #events: EventRing
  readonly #hold = new WriteHold()
  readonly #consensus: Consensus
  readonly #master: Master | undefined
  readonly #gossip = new Map<string, { report: Omit<GossipReport, 'ageMs'>; at: number }>()
  readonly #startedAt = new Date(systemClock.wall()).toISOString()
  readonly #activeFaults = new Set<string>()
  readonly #live: LiveCluster
  #worker: Startable | undefined
  #admin: AdminServer | undefined
  #gossipTimer: Cancel = () => {}
  #ready = false

  constructor(options: PeerOptions) {
    this.#options = options
    this.#live = new LiveCluster(options.cluster.config, options.members)
    const { config } = options.cluster
    const { name, logger } = options
    const known = config.peers.map(peer => peer.name).join(', ')
    this.#peer = must(
      config.peers.find(peer => peer.name === name),
      `no peer "${name}" in the configuration; there are ${known}`,
    )
    this.#member = must(
      options.members.find(member => member.name === name),
      `${name} is not a member of the mesh`,
    )
    this.#events = new EventRing(name, systemClock.wall)
    this.#consensus = new Consensus(this.#consensusOptions(), logger)
    const { store } = this.#consensus
    if (!store) return
    this.#master = new Master({
      config,
      peer: this.#peer,
      live: this.#live,
      layout: options.cluster.layout,
      pkiDir: options.cluster.layout.peer(name).pki,
      ca: this.#ca(),
      store,
      hold: this.#hold,
      logger,
      onEvent: message => this.#events.add('CONTROL', message),
    })
  }

  async start(): Promise<void> {
    const { logger } = this.#options
    this.#consensus.on('gossip', report => this.#onGossip(report))
    this.#consensus.on('event', message => this.#events.add('STORE', message))
    this.#consensus.on('died', reason => this.#options.onFatal(reason))
    this.#consensus.on('refused', reason => this.#options.onFatal(reason))
    this.#consensus.on('members', members => this.#onMembers(members))
    await this.#consensus.start()
    this.#consensus.store?.onLeadership(leadership => this.#tellLeadership(leadership))
    this.#admin = new AdminServer({
      address: this.#peer.admin,
      tls: { ...this.#tls('apiserver'), ca: this.#ca() },
      handlers: peerHandlers({
        report: hash => this.report(hash),
        events: after => this.#events.after(after),
        transfer: (to, askedAt) => this.#transfer(to, askedAt),
        membership: this.#consensus.store && {
          store: this.#consensus.store,
          live: this.#live,
        },
        fault: this.#options.faults ? { ...this.#faultTargets() } : undefined,
      }),
      logger,
    })
    await this.#admin.start()
    await this.#master?.start()
    if (this.#peer.roles.includes('worker')) {
      this.#worker = this.#createWorker()
      await this.#worker.start()
    }
    this.#gossipTimer = systemClock.every(gossipMs, () => void this.#publish())
    this.#ready = true
    logger.info('peer started')
  }

  async stop(): Promise<void> {
    this.#ready = false
    this.#gossipTimer()
    await this.#worker?.stop()
    // Leadership moves before the API goes: a planned stop fails no write.
    this.#master?.controlPlane.close()
    await this.#consensus.stop()
    await this.#master?.stop()
    await this.#admin?.stop()
  }

  /** A learner becomes a voter as soon as it has caught up; see `quorate peer --join`. */
  async becomeVoter(): Promise<void> {
    const { store } = this.#consensus
    const { logger } = this.#options
    const { id } = this.#member
    while (store !== undefined) {
      const self = (await store.members()).find(member => member.id === id)
      if (self !== undefined && !self.isLearner) return
      const promoted = await store.memberPromote(id)
      if (promoted.ok) {
        logger.info('caught up: this peer votes from now on')
        return
      }
      logger.debug('not promoted yet', { message: promoted.message })
      await sleep(promoteRetryMs)
    }
  }

  async report(hash: boolean): Promise<PeerReport> {
    const status = await this.#consensus.store?.status({ hash })
    const controlPlane = this.#master?.controlPlane
    return buildReport(
      {
        config: this.#options.cluster.config,
        peer: this.#peer,
        member: this.#member,
        members: this.#live.members,
        startedAt: this.#startedAt,
        gossip: this.#gossipReports(),
        faults: [...this.#activeFaults].map(each => this.#hold.told(each)),
        ready: this.#ready,
        nodes: this.#master?.nodes() ?? [],
        controlPlane: {
          running: controlPlane?.running ?? false,
          term: controlPlane?.term ?? 0,
          components: controlPlane?.components ?? [],
        },
      },
      status,
    )
  }

  #consensusOptions(): ConstructorParameters<typeof Consensus>[0] {
    const { cluster, members, name, logLevel } = this.#options
    const layout = cluster.layout.peer(name)
    const voters = cluster.config.peers
      .filter(peer => peer.roles.includes('control-plane'))
      .map(peer => {
        const member = must(
          members.find(known => known.name === peer.name),
          `${peer.name} is not a member`,
        )
        return { id: member.id, name: peer.name }
      })
    return {
      name,
      self: this.#member.id,
      members,
      masters: voters.map(({ id }) => id),
      voters: this.#peer.roles.includes('control-plane') ? voters : undefined,
      joined: this.#options.joined,
      meshKeyFile: layout.meshKey,
      storeDir: layout.store,
      timings: cluster.config.timings,
      store: cluster.config.store,
      datastore: etcdLocation(cluster.config),
      etcd: this.#etcdFace(),
      logLevel,
    }
  }

  #etcdFace(): ConsensusOptions['etcd'] {
    if (!this.#peer.roles.includes('control-plane')) return undefined
    if (this.#options.cluster.config.datastore.driver === 'etcd') return undefined
    const ca = this.#ca()
    return { ...this.#peer.etcd, tls: { ca, ...this.#tls('etcd') }, clusterId: clusterIdOf(ca) }
  }

  #createWorker(): Startable {
    const { cluster, name, logger } = this.#options
    const client = this.#master?.kubeletClient(name) ?? this.#remoteClient()
    return createWorker({
      config: cluster.config,
      peer: this.#peer,
      layout: cluster.layout.peer(name),
      ca: this.#ca(),
      client,
      logger,
    })
  }

  /** A worker-only peer has no API server: it asks the masters, the nearest that answers. */
  #remoteClient(): Client {
    const { config } = this.#options.cluster
    const masters = config.peers.filter(peer => peer.roles.includes('control-plane'))
    const transport = httpsTransport({
      servers: masters.map(peer => `https://${formatAddress(peer.api)}`),
      ca: this.#ca(),
      ...this.#tls('kubelet'),
    })
    return createClient(transport, { userAgent: 'kubelet' })
  }

  #ca(): string {
    return readCertificate(this.#options.cluster.layout.pki, 'ca')
  }

  #tls(name: 'apiserver' | 'kubelet' | 'etcd'): { readonly cert: string; readonly key: string } {
    const folder = this.#options.cluster.layout.peer(this.#options.name).pki
    return must(readKeyPair(folder, name), `${folder}: no ${name} certificate`)
  }

  #faultTargets() {
    return { consensus: this.#consensus, hold: this.#hold, active: this.#activeFaults }
  }

  /** Somebody joined, started or left: the API's own Service must name who serves it now. */
  #onMembers(members: readonly LiveMember[]): void {
    const before = this.#live.members.map(({ name }) => name)
    this.#live.set(members)
    const joined = members.filter(({ name }) => !before.includes(name)).map(({ name }) => name)
    const left = before.filter(name => !members.some(member => member.name === name))
    for (const name of joined) this.#events.add('STORE', `${name} joined`)
    for (const name of left) this.#events.add('STORE', `${name} was removed`)
    if (joined.length + left.length > 0) this.#master?.controlPlane.refresh()
  }

  #onGossip(report: Omit<GossipReport, 'ageMs'>): void {
    this.#gossip.set(report.name, { report, at: systemClock.now() })
  }

  #gossipReports(): GossipReport[] {
    const now = systemClock.now()
    return [...this.#gossip.values()]
      .map(({ report, at }) => ({ ...report, ageMs: Math.round(now - at) }))
      .filter(report => report.ageMs < gossipForgetMs)
  }

  async #publish(): Promise<void> {
    const { name, role, term, commit, applied } = await this.report(false)
    this.#consensus.gossip({ name, role, term, commit, applied })
  }

  /** What has been carried out enters the timeline, at the moment from which it cost writes. */
  async #transfer(
    to: string | undefined,
    askedAt: number | undefined,
  ): Promise<string | undefined> {
    const id = this.#live.members.find(member => member.name === to)?.id
    if (to && !id) return `no peer "${to}"`
    const peers = this.#leader ? [this.#leader] : []
    const t0 = systemClock.wall()
    const result = await this.#consensus.store?.transferLeadership(id)
    if (!result) return 'a worker has no leadership'
    if (!result.ok) return result.message
    // It led before: nothing has moved, and nothing enters the timeline.
    if (to !== undefined && peers.includes(to)) return undefined
    const data = { type: 'fault', fault: 'transfer', peers, t0, askedAt } as const
    this.#events.add('FAULT', faultText(data), data, t0)
    return undefined
  }

  #tellLeadership(leadership: Leadership): void {
    const { term } = leadership
    if (leadership.leading) {
      this.#leader = this.#options.name
      this.#events.add('RAFT', `became leader of term ${term}`, { type: 'elected', term })
      return
    }
    const leader = this.#live.members.find(member => member.id === leadership.leader)?.name
    this.#leader = leader
    if (leader) {
      this.#events.add('RAFT', `follows ${leader} in term ${term}`, {
        ...({ type: 'follows', term } as const),
        leader,
      })
      return
    }
    this.#events.add('RAFT', `knows no leader in term ${term}`, { type: 'no-leader', term })
  }
}
