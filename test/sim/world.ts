import type { Logger } from '../../src/kernel/logger.ts'
import { createPrng, type Prng } from '../../src/kernel/prng.ts'
import { errorMessage } from '../../src/kernel/result.ts'
import type { Message } from '../../src/raft/types.ts'
import type { Frame } from '../../src/store/frames.ts'
import type { OpenReplicaOptions } from '../../src/store/open.ts'
import type { Replica } from '../../src/store/replica.ts'
import { SimAuthClient } from './auth.ts'
import {
  type Checker,
  CommitQuorum,
  CommittedLog,
  ElectionSafety,
  EqualStates,
  KeptPromises,
  LogMatching,
  Violation,
} from './checkers.ts'
import { Churn } from './churn.ts'
import { SimClient } from './client.ts'
import { SimFaceWatcher } from './face.ts'
import { handOverSafely } from './hand-over.ts'
import { History } from './history.ts'
import { SimLeaseClient } from './leases.ts'
import { SimLockClient } from './locks.ts'
import { Nemesis } from './nemesis.ts'
import { SimNetwork } from './network.ts'
import { type Life, SimPeer } from './peer.ts'
import { drawScenario, type Scenario } from './scenario.ts'
import { Timeline } from './timeline.ts'
import { SimWatcher, type Watched } from './watcher.ts'

/** What one run has seen: shows that it was no empty one. */
export interface RunReport {
  readonly seed: number
  readonly scenario: string
  readonly requests: number
  readonly revision: number
  readonly elections: number
  readonly crashes: number
  readonly healedInMs: number
  readonly resumes: number
  readonly renewals: number
  readonly refusals: number
  readonly locks: number
  readonly replaced: number
  readonly wiped: number
}

/** One that sees everything, and one of a part, which also wants to know what was there before. */
const watched: readonly Watched[] = [
  { key: '\0', rangeEnd: '\0', prevKv: false },
  { key: 'k2', rangeEnd: 'k6', prevKv: true },
]
/** Clients that hold leases. */
const leaseClients = 2
const lockClients = 2

/** What a member logs when something ended that nothing but a fault of ours can end. */
const neverLogged: ReadonlySet<string> = new Set([
  'old revisions are not removed any more until this member starts anew',
  'a watch has thrown',
  'the end of a watch has thrown',
  'the snapshot can not be sent',
  'a received snapshot is refused',
  'an entry can not be applied',
])

/** A cluster of real replicas in a world that one seed determines. */
export class World {
  readonly timeline = new Timeline()
  readonly network: SimNetwork
  readonly peers: SimPeer[] = []
  readonly history = new History(() => this.timeline.now)
  readonly churn: Churn
  readonly scenario: Scenario
  readonly thinkMs: number
  isHealed = false
  readonly #prng: Prng
  readonly #nemesis: Nemesis
  readonly #clients: SimClient[] = []
  readonly #watchers: readonly SimWatcher[]
  readonly #leaseClients: readonly SimLeaseClient[]
  readonly #lockClients: readonly SimLockClient[]
  readonly #faceWatcher: SimFaceWatcher
  readonly #authClient: SimAuthClient
  readonly #initial: readonly string[]
  /** As there last was a leader: what a new disk is told of the others. */
  #knownVoters: readonly string[]
  readonly #checkers: Checker[]
  readonly #deaths = new Map<Life, (() => void)[]>()
  readonly #verbose: boolean
  readonly #seed: number
  #crashes = 0
  /** How long the next one to die stays away, when that is no matter of chance. */
  #downMs: number | undefined
  #failure: unknown

  constructor(seed: number, { verbose = false, scenario: name }: RunOptions = {}) {
    this.#seed = seed
    this.#verbose = verbose
    this.#prng = createPrng(seed)
    const { scenario } = drawScenario(this.#prng, name)
    this.scenario = scenario
    this.thinkMs = scenario.thinkMs
    this.network = new SimNetwork(this.#fork(), { ...scenario.network })
    this.#nemesis = new Nemesis(this, this.#fork(), scenario.nemesis)
    for (let at = 0; at < scenario.peers; at++) {
      const peer = new SimPeer(this, `p${at + 1}`, this.#prng.below(2 ** 31))
      peer.crashInSyncRatio = scenario.crashInSyncRatio
      this.peers.push(peer)
    }
    for (let at = 0; at < scenario.clients; at++) {
      this.#clients.push(new SimClient(this, this.#fork(), `c${at + 1}`))
    }
    this.churn = new Churn(this, this.#fork())
    this.#initial = this.ids
    this.#knownVoters = this.ids
    this.#watchers = watched.map((each, at) => {
      return new SimWatcher(this, this.#fork(), `w${at + 1}`, each)
    })
    this.#leaseClients = Array.from({ length: leaseClients }, (_, at) => {
      return new SimLeaseClient(this, this.#fork(), String(at + 1))
    })
    this.#lockClients = Array.from({ length: lockClients }, () => {
      return new SimLockClient(this, this.#fork())
    })
    this.#faceWatcher = new SimFaceWatcher(this, this.#fork())
    this.#authClient = new SimAuthClient(this, this.#fork())
    const replicaOf = (id: string) => this.#peer(id).life?.replica
    this.#checkers = [
      new ElectionSafety(),
      new LogMatching(),
      new CommittedLog(),
      new EqualStates(),
      new KeptPromises(replicaOf),
      new CommitQuorum(),
      this.history,
      ...this.#watchers,
      ...this.#leaseClients,
      this.#faceWatcher,
    ]
  }

  get ids(): string[] {
    return this.peers.map(({ id }) => id)
  }

  /** Remembers the first failure of something that nobody awaits. */
  readonly fail = (error: unknown): void => {
    this.#failure ??= error
  }

  /**
   * Faults for the scenario's time, then none: everything must heal, apply and agree.
   * @throws Violation, or whatever the replicas threw.
   */
  async run(): Promise<RunReport> {
    for (const peer of this.peers) this.#boot(peer)
    for (const client of this.#clients) client.next()
    for (const watcher of this.#watchers) watcher.begin()
    for (const client of this.#leaseClients) client.next()
    for (const client of this.#lockClients) client.next()
    this.#faceWatcher.next()
    this.#authClient.next()
    this.#nemesis.next()
    await this.#runUntil(this.scenario.durationMs)
    this.#heal()
    const healed = this.timeline.now
    while (!this.#isSettled()) {
      // A snapshot transfer that hangs takes ten seconds; leases wait for an election only.
      const leader = this.#leader()
      const isLate = leader?.core.hasCommitInTerm && leader.machine.mvcc.leases.size > 0
      const limitMs = isLate ? 9_000 : 20_000
      if (this.timeline.now > healed + limitMs) throw new Violation(this.#unsettled())
      await this.#runUntil(this.timeline.now + 50)
    }
    const healedInMs = this.timeline.now - healed
    await this.#endWithHandOver()
    return this.#report(healedInMs)
  }

  async #endWithHandOver(): Promise<void> {
    let isDone = false
    handOverSafely(this, this.#leader()!, this.#members())
      .catch(this.fail)
      .finally(() => {
        isDone = true
      })
    while (!isDone) await this.#runUntil(this.timeline.now + 50)
    if (this.#failure !== undefined) throw this.#failure
  }

  #report(healedInMs: number): RunReport {
    const members = this.#members()
    return {
      seed: this.#seed,
      scenario: this.scenario.name,
      requests: this.#clients.reduce((sum, { done }) => sum + done, 0),
      revision: members[0]!.life!.replica.machine.mvcc.revision,
      elections: Math.max(...members.map(peer => peer.life!.replica.core.term)),
      crashes: this.#crashes,
      healedInMs,
      resumes: this.#watchers.reduce((sum, { resumes }) => sum + resumes, 0),
      renewals: this.#leaseClients.reduce((sum, { renewals }) => sum + renewals, 0),
      refusals: this.#authClient.refusals,
      locks: this.#lockClients.reduce((sum, { held }) => sum + held, 0),
      replaced: this.churn.replaced,
      wiped: this.churn.wiped,
    }
  }

  deliver(from: string, to: string, frame: Uint8Array, at: number): void {
    for (const delay of this.network.fates(from, to)) {
      this.timeline.plan(at + delay, () => {
        if (this.network.isCut(from, to)) return
        this.peers.find(({ id }) => id === to)?.receive(from, frame)
      })
    }
  }

  onSend(from: string, frame: Frame): void {
    for (const checker of this.#checkers) checker.onSend?.(from, frame)
    const voted = frame.r?.some(isVote) && this.#prng.chance(this.scenario.crashAfterVoteRatio ?? 0)
    if (voted && !this.isHealed) this.#crashVoter(this.#peer(from))
  }

  afterStep(peer: SimPeer): void {
    const { life } = peer
    if (life === undefined) return
    for (const checker of this.#checkers) checker.afterStep(peer, life)
  }

  /** The vote is on its way: the voter must remember it when it is back, a moment later. */
  #crashVoter(peer: SimPeer): void {
    const { life } = peer
    const wipes = this.#prng.chance(this.scenario.wipeAfterVoteRatio ?? 0)
    this.timeline.plan(this.timeline.now + this.#prng.next() * 2, () => {
      if (peer.life !== life || life === undefined) return
      this.#downMs = 1
      if (!wipes || !this.churn.wipe(peer)) peer.crash()
    })
  }

  /** A living member loses its process and its disk, where Churn allows it. */
  wipeSoon(peer: SimPeer): void {
    if (peer.isUp) this.churn.wipe(peer)
  }

  wipe(peer: SimPeer): void {
    this.note(`${peer.id} loses its disk`)
    peer.crash()
    peer.wipe()
    for (const checker of this.#checkers) checker.onWipe?.(peer)
  }

  /** The voters as the newest leader knows them; none while there is none. */
  voters(): readonly string[] {
    const voters = this.#leader()?.core.membership.voters ?? []
    if (voters.length > 0) this.#knownVoters = voters
    return voters
  }

  /** A member that has not started, and is in no list. */
  addPeer(): SimPeer {
    const peer = new SimPeer(this, `p${this.peers.length + 1}`, this.#prng.below(2 ** 31))
    peer.crashInSyncRatio = this.isHealed ? 0 : this.scenario.crashInSyncRatio
    this.peers.push(peer)
    return peer
  }

  /** The new member was added: its process starts. */
  join(peer: SimPeer): void {
    this.#boot(peer)
  }

  sleep(ms: number): Promise<void> {
    return new Promise(resolve => this.timeline.plan(this.timeline.now + ms, resolve))
  }

  #leader(): Replica | undefined {
    const leaders = this.peers.flatMap(({ life }) => {
      return life?.replica.core.role === 'leader' ? [life.replica] : []
    })
    return leaders.sort((left, right) => right.core.term - left.core.term)[0]
  }

  onDeath(peer: SimPeer, life: Life | undefined): void {
    this.#crashes++
    this.note(`${peer.id} died`)
    if (life !== undefined) {
      for (const callback of this.#deaths.get(life) ?? []) callback()
      this.#deaths.delete(life)
    }
    for (const other of this.peers) if (other !== peer) this.#tellLost(peer, other)
    if (peer.isGone) {
      this.note(`${peer.id} is refused`)
      this.churn.replace(peer)
      return
    }
    const downMs = this.isHealed ? 10 : (this.#downMs ?? this.#nemesis.downMs())
    this.#downMs = undefined
    this.timeline.plan(this.timeline.now + downMs, () => this.#boot(peer))
  }

  onRefused(peer: SimPeer): void {
    this.#nemesis.hostile.checkRefused(peer)
  }

  whenDead(life: Life, callback: () => void): void {
    const callbacks = this.#deaths.get(life)
    if (callbacks === undefined) this.#deaths.set(life, [callback])
    else callbacks.push(callback)
  }

  someLife(prng: Prng): Life | undefined {
    const living = this.peers.filter(({ isUp }) => isUp)
    return living[prng.below(living.length)]?.life
  }

  note(text: string): void {
    if (this.#verbose) console.log(`${this.timeline.now.toFixed(2).padStart(10)} ${text}`)
  }

  #fork(): Prng {
    return createPrng(this.#prng.below(2 ** 31))
  }

  #peer(id: string): SimPeer {
    return this.peers.find(peer => peer.id === id)!
  }

  /** The mesh notices a dead process by its connections; not always, not over a partition. */
  #tellLost(peer: SimPeer, other: SimPeer): void {
    if (this.network.isCut(peer.id, other.id) || this.#prng.chance(0.1)) return
    const noticed = this.timeline.now + 5 + this.#prng.next() * 20
    this.timeline.plan(noticed, () => other.loses(peer.id))
  }

  #boot(peer: SimPeer): void {
    if (peer.isUp || peer.isGone) return
    this.note(`${peer.id} starts`)
    const isInitial = this.#initial.includes(peer.id)
    this.voters()
    const known = isInitial && !peer.isWiped ? this.#initial : this.#knownVoters
    const options: Partial<OpenReplicaOptions> = {
      members: isInitial ? this.#initial.map(id => ({ id, name: id })) : [],
      others: known.filter(id => id !== peer.id),
      self: { name: peer.id },
      ...this.scenario.replica,
    }
    void peer
      .boot(options, this.#logger(peer.id))
      .then(() => {
        if (peer.life === undefined) return
        const { replica } = peer.life
        for (const checker of this.#checkers) checker.onBoot?.(peer, replica as Replica)
      })
      .catch(this.fail)
  }

  #logger(id: string): Logger {
    const log = (message: string, fields?: object) =>
      this.note(`${id} ${message} ${JSON.stringify(fields ?? {})}`)
    const error = (message: string, fields?: object) => {
      log(message, fields)
      if (!neverLogged.has(message)) return
      this.fail(new Violation(`${id}: ${message}: ${JSON.stringify(fields ?? {})}`))
    }
    const logger: Logger = { debug: log, info: log, warn: log, error, child: () => logger }
    return logger
  }

  async #runUntil(end: number): Promise<void> {
    while (this.timeline.next(end)) {
      // Promises settle between happenings, as between turns of an event loop.
      for (let turn = 0; turn < 6; turn++) await null
      if (this.#failure !== undefined) throw this.#failure
    }
  }

  #heal(): void {
    this.note('healed')
    this.isHealed = true
    this.network.heal()
    this.network.faults = { ...this.network.faults, dropRatio: 0, spikeRatio: 0, delayMsMax: 1 }
    for (const peer of this.peers) {
      peer.crashInSyncRatio = 0
      peer.syncMs = 0.2
      peer.busyUntil = Math.min(peer.busyUntil, this.timeline.now)
      if (!peer.isUp) this.#boot(peer)
    }
  }

  /** Who belongs to it at last, but for those that are refused and not yet replaced. */
  #members(): SimPeer[] {
    const membership = this.#leader()?.core.membership
    const ids = [...(membership?.voters ?? []), ...(membership?.learners ?? [])]
    return this.peers.filter(({ id, isGone }) => ids.includes(id) && !isGone)
  }

  /** Everybody is up, one leads and is established, all have applied the same, and writes go on. */
  #isSettled(): boolean {
    const members = this.#members()
    const replicas = members.map(peer => peer.life?.replica)
    if (members.length === 0 || replicas.some(replica => replica === undefined)) return false
    const leaders = replicas.filter(replica => replica!.core.role === 'leader')
    if (leaders.length !== 1 || !leaders[0]!.core.hasCommitInTerm) return false
    const first = replicas[0]!
    const { acknowledged } = this.history
    const sees = (replica: Replica) => replica.machine.mvcc.revision >= acknowledged
    if (first.machine.mvcc.leases.size > 0) return false
    if (!this.#watchers.every(watcher => watcher.hasSeen(acknowledged))) return false
    return replicas.every(
      replica =>
        sees(replica!) &&
        !replica!.isMidEntry &&
        replica!.appliedPoint.index === first.appliedPoint.index &&
        replica!.machine.hash() === first.machine.hash(),
    )
  }

  #unsettled(): string {
    const states = this.peers.map(({ id, life }) => {
      const core = life?.replica.core
      return core
        ? `${id} ${core.role} t${core.term} l${core.log.last} c${core.committed}`
        : `${id} is down`
    })
    const leases = this.#members()[0]?.life?.replica.machine.mvcc.leases.size ?? 0
    const behind = this.#watchers.filter(each => !each.hasSeen(this.history.acknowledged)).length
    const rest = `${leases} leases live, ${behind} watches are behind`
    return `no progress after everything healed: ${states.join('; ')}; ${rest}`
  }
}

function isVote(message: Message): boolean {
  return message.type === 'vote-answer' && message.granted && !message.pre
}

export interface RunOptions {
  readonly verbose?: boolean
  /** Instead of any kind of world. */
  readonly scenario?: string
}

/** Runs one seed. The error's text is enough to find it again. */
export async function runSeed(
  seed: number,
  options: RunOptions = {},
): Promise<{ readonly report: RunReport } | { readonly error: string }> {
  try {
    return { report: await new World(seed, options).run() }
  } catch (error) {
    const stack = error instanceof Error && !(error instanceof Violation) ? error.stack : undefined
    return { error: stack ?? errorMessage(error) }
  }
}
