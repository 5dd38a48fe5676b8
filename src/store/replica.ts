import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Prng } from '../kernel/prng.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Startable } from '../kernel/startable.ts'
import type { LeaseId, Revision } from '../mvcc/types.ts'
import type { Channel } from '../p2p/types.ts'
import type { Core } from '../raft/core.ts'
import { stepAll } from '../raft/step.ts'
import type { Entry, Input, MembershipChange, Message, Ready } from '../raft/types.ts'
import type { Disk } from '../wal/disk.ts'
import type { Wal } from '../wal/wal.ts'
import type { Action, Command } from './command.ts'
import { type Frame, type LeaderRequest, packFrame, unpackFrame } from './frames.ts'
import { Lessor } from './lessor.ts'
import type { ActionResult, Machine } from './machine.ts'
import type { Timings } from './options.ts'
import { type Host, Proposer } from './proposer.ts'
import { Reader } from './reader.ts'
import { checkSize } from './request.ts'
import { Samples } from './samples.ts'
import type { SnapshotPoint } from './snapshots.ts'
import { Snapshotter } from './snapshotter.ts'
import { readStatus } from './status.ts'
import type * as types from './types.ts'
import { Watchers } from './watchers.ts'

/** What a replica is made of; `openReplica` puts it together. */
export interface ReplicaParts {
  readonly core: Core
  readonly machine: Machine
  readonly wal: Wal
  readonly disk: Disk
  readonly channel: Channel
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly timings: Timings
  readonly incarnation: number
  /** Applied entries after which a snapshot is taken. */
  readonly snapshotEveryEntries: number
  /** Bytes of applied entries after which a snapshot is taken, whatever their number. */
  readonly snapshotEveryBytes: number
  /** Index of the snapshot on the disk. */
  readonly snapshotIndex: number
  /** Runs a callback after all that has already arrived: setImmediate. */
  readonly defer: (callback: () => void) => void
}

/**
 * One member of the replicated store: the core's driver. Everything that arrives between two turns
 * of the event loop is one step, one fsync and one frame for each peer. The order of a turn:
 *
 *   1. step the core with all inputs
 *   2. messagesNow leave: a leader's appends are under way while its own fsync runs
 *   3. hard state and entries go to the WAL: one write, one fdatasync
 *   4. messagesAfterSync leave: votes and acknowledgements
 *   5. committed entries are applied, callers get their results, watches their events
 *   6. the core hears `synced`, which may commit more: from 1 again
 */
export class Replica implements types.Store, Startable {
  readonly #parts: ReplicaParts
  readonly #core: Core
  readonly #proposer: Proposer
  readonly #reader: Reader
  readonly #lessor = new Lessor()
  readonly #snapshotter: Snapshotter
  readonly #watchers: Watchers
  readonly #fsyncMs = new Samples()
  readonly #commitMs = new Samples()
  readonly #listeners = new Set<(leadership: types.Leadership) => void>()
  readonly #outgoing = new Map<string, Frame[]>()
  readonly #heartbeats = new Map<string, number>()
  readonly #rtts = new Map<string, number>()
  #machine: Machine
  #inputs: Input[] = []
  #requests: { readonly request: LeaderRequest; sentAt: number }[] = []
  #leadership: types.Leadership
  #turnScheduled = false
  #running = false
  #stalled = false
  #ticker: Cancel | undefined
  #lastTickAt = 0
  #lastSlowTickAt = 0
  #lastLeaseCheckAt = 0
  #lastHandOverAt = Number.NEGATIVE_INFINITY
  #point: { index: number; term: number }
  #snapshotIndex: number
  #bytesSinceSnapshot = 0

  constructor(parts: ReplicaParts) {
    this.#parts = parts
    this.#core = parts.core
    this.#machine = parts.machine
    this.#snapshotIndex = parts.snapshotIndex
    const { core, clock, timings, disk, channel, logger } = parts
    this.#point = { index: core.applied, term: core.log.term(core.applied) ?? 0 }
    this.#leadership = { leading: false, term: core.term, leader: null }
    const post = (to: string, item: Frame) => this.#post(to, item)
    const wake = () => this.#wake()
    const host: Host = { core, clock, timings, post, wake }
    this.#proposer = new Proposer(host, parts.incarnation, this.#commitMs)
    this.#reader = new Reader(host)
    this.#watchers = new Watchers(() => this.#machine.mvcc, parts.defer)
    this.#snapshotter = new Snapshotter({
      ...host,
      ...{ disk, channel, logger },
      machine: () => this.#machine,
      point: () => this.#snapshotPoint(),
      input: input => this.#input(input),
      defer: callback => parts.defer(() => this.#guard(callback)),
      onTaken: index => this.#onSnapshotTaken(index),
    })
  }

  async start(): Promise<void> {
    const { channel, clock, timings } = this.#parts
    this.#running = true
    this.#lastTickAt = clock.now()
    channel.onFrame((from, frame) => this.#onFrame(from, frame))
    channel.onPeerLost(peer => this.#input({ type: 'peer-lost', peer }))
    channel.onPeerUp(() => this.#wake())
    this.#ticker = clock.every(timings.tickMs, () => this.#onTick())
    this.#wake()
  }

  async stop(): Promise<void> {
    if (!this.#running) return
    this.#running = false
    this.#ticker?.()
    this.#snapshotter.stop()
    this.#proposer.endAll()
    this.#reader.endAll()
    this.#watchers.endAll('the store has stopped')
    this.#parts.wal.close()
  }

  async txn(
    request: types.TxnRequest,
    options?: types.ProposeOptions,
  ): Promise<types.StoreResult<types.TxnOutcome>> {
    const { compares, success, failure } = request
    const refused = checkSize(request)
    if (refused !== undefined) return refused
    return this.#propose({ type: 'txn', compares, success, failure }, options)
  }

  async range(
    op: Parameters<types.Store['range']>[0],
    options: NonNullable<Parameters<types.Store['range']>[1]> = {},
  ): ReturnType<types.Store['range']> {
    if (!options.serializable) {
      const permit = await this.#reader.permit(options.timeoutMs)
      if (!permit.ok) return permit
    }
    const read = this.#machine.mvcc.range(op)
    return read.ok ? { ...read, revision: this.#machine.mvcc.revision } : read
  }

  async readIndex(options: { readonly timeoutMs?: number } = {}) {
    const permit = await this.#reader.permit(options.timeoutMs)
    return permit.ok ? { ok: true as const, revision: this.#machine.mvcc.revision } : permit
  }

  watch(request: types.WatchRequest, handlers: types.WatchHandlers): types.Watch {
    return this.#watchers.add(request, handlers)
  }

  compact(
    revision: number,
    options?: types.ProposeOptions,
  ): Promise<types.StoreResult<{ readonly revision: Revision }>> {
    return this.#propose({ type: 'compact', revision }, options)
  }

  async leaseGrant(
    ttlSeconds: number,
    id: LeaseId = this.#newLeaseId(),
  ): Promise<types.StoreResult<{ readonly id: LeaseId }>> {
    const result = await this.#propose<object>({ type: 'grant', id, ttlSeconds })
    return result.ok ? { ok: true, id } : result
  }

  leaseKeepAlive(id: LeaseId): Promise<types.StoreResult<{ readonly ttlSeconds: number }>> {
    return this.#propose({ type: 'keep-alive', id })
  }

  leaseRevoke(id: LeaseId): Promise<types.StoreResult<object>> {
    return this.#propose({ type: 'revoke', id })
  }

  /** Resolves when another member (`to`) leads as far as this one knows. */
  transferLeadership(to?: string): Promise<types.StoreResult<object>> {
    const { leader, term } = this.#core
    const { voters } = this.#core.membership
    if (to !== undefined && !voters.includes(to)) {
      const message = `etcdserver: ${to} is no voter`
      return Promise.resolve({ ok: false, why: 'invalid', message })
    }
    if (to !== undefined && to === leader) return Promise.resolve({ ok: true })
    const request: LeaderRequest = { type: 'transfer', to }
    return this.#ask(request, () => {
      const now = this.#core.leader
      return (
        now !== null && this.#core.term > term && (to === undefined ? now !== leader : now === to)
      )
    })
  }

  /**
   * Adds a learner, makes it a voter, or removes a member: one change at a time. Resolves when it
   * is committed as far as this member knows. A learner should have caught up before it votes.
   */
  changeMembership(change: MembershipChange): Promise<types.StoreResult<object>> {
    return this.#ask({ type: 'change', change }, () => {
      const { voters, learners } = this.#core.memberships.at(this.#core.committed)
      const { kind, id } = change
      if (kind === 'remove') return !voters.includes(id) && !learners.includes(id)
      return voters.includes(id) || (kind === 'add-learner' && learners.includes(id))
    })
  }

  /**
   * While the main thread answers no beats this member hands leadership over and doesn't campaign:
   * a control plane that doesn't run must not hold the store's leadership.
   */
  setMainThreadStalled(stalled: boolean): void {
    if (this.#stalled === stalled) return
    this.#stalled = stalled
    this.#parts.logger.warn('main thread', { stalled })
    this.#input({ type: 'passive', passive: stalled })
  }

  async status(options: { readonly hash?: boolean } = {}): Promise<types.StoreStatus> {
    const status = readStatus({
      core: this.#core,
      machine: this.#machine,
      tickMs: this.#parts.timings.tickMs,
      rtts: this.#rtts,
      proposals: this.#proposer.proposals,
      fencedEarly: this.#proposer.fenced,
      wal: this.#parts.wal,
      watchers: this.#watchers.size,
      fsyncMs: this.#fsyncMs.percentiles(),
      commitMs: this.#commitMs.percentiles(),
    })
    return options.hash ? { ...status, hash: this.#machine.hash() } : status
  }

  onLeadership(listener: (leadership: types.Leadership) => void): () => void {
    this.#listeners.add(listener)
    listener(this.#leadership)
    return () => this.#listeners.delete(listener)
  }

  /** For the simulator's checkers and for tests: not to be changed. */
  get core(): Core {
    return this.#core
  }

  /** As `core`. */
  get machine(): Machine {
    return this.#machine
  }

  #propose<T extends object>(
    action: Action,
    options?: types.ProposeOptions,
  ): Promise<types.StoreResult<T>> {
    if (!this.#running) return Promise.resolve(stopped)
    return this.#proposer.propose(action, options) as Promise<types.StoreResult<T>>
  }

  #newLeaseId(): LeaseId {
    return 1 + this.#parts.prng.below(2 ** 21) * 2 ** 31 + this.#parts.prng.below(2 ** 31)
  }

  /** Repeats a request to the leader until `isDone`. */
  async #ask(request: LeaderRequest, isDone: () => boolean): Promise<types.StoreResult<object>> {
    const { clock, timings } = this.#parts
    const deadline = clock.now() + 5 * timings.electionMsMax
    const pending = { request, sentAt: Number.NEGATIVE_INFINITY }
    this.#requests.push(pending)
    this.#wake()
    const message = 'etcdserver: request timed out'
    const outcome = await new Promise<types.StoreResult<object>>(resolve => {
      const cancel = clock.every(timings.tickMs, () => {
        const late = clock.now() >= deadline || !this.#running
        if (!late && !isDone()) return
        cancel()
        resolve(late ? { ok: false, why: 'unknown', message } : { ok: true })
      })
    })
    this.#requests = this.#requests.filter(other => other !== pending)
    return outcome
  }

  #onFrame(from: string, data: Uint8Array): void {
    if (!this.#running) return
    let frame: Frame
    try {
      frame = unpackFrame(data)
    } catch (error) {
      this.#parts.logger.warn('unreadable frame', { from, error: errorMessage(error) })
      return
    }
    for (const message of frame.r ?? []) this.#onMessage(message)
    if (frame.p !== undefined) this.#proposer.accept(frame.p, frame.t ?? 0)
    if (frame.s !== undefined) this.#snapshotter.onSlice(from, frame.s)
    if (frame.a !== undefined) this.#snapshotter.onAck(from, frame.a)
    if (frame.q !== undefined) this.#onRequest(frame.q)
    this.#wake()
  }

  #onMessage(message: Message): void {
    if (message.type === 'heartbeat-answer') {
      const sentAt = this.#heartbeats.get(message.from)
      this.#heartbeats.delete(message.from)
      if (sentAt !== undefined) this.#rtts.set(message.from, this.#parts.clock.now() - sentAt)
    }
    this.#inputs.push({ type: 'message', message })
  }

  #onRequest(request: LeaderRequest): void {
    if (this.#core.role !== 'leader') return
    if (request.type === 'change') this.#inputs.push(request)
    else this.#inputs.push({ type: 'transfer', to: request.to })
  }

  #onTick(): void {
    if (!this.#running) return
    const { clock, timings } = this.#parts
    const now = clock.now()
    this.#noticeSleep(now)
    const missed = Math.floor((now - this.#lastTickAt) / timings.tickMs)
    if (missed < 1) return
    this.#lastTickAt += missed * timings.tickMs
    // A few late ticks are time that has passed; the many of a long sleep were nobody's silence.
    for (let tick = 0; tick < Math.min(missed, 5); tick++) this.#inputs.push({ type: 'tick' })
    if (now - this.#lastSlowTickAt >= 50) {
      this.#lastSlowTickAt = now
      this.#proposer.tick(now)
      this.#reader.tick(now)
      this.#snapshotter.tick()
    }
    if (this.#leadership.leading) this.#expireLeases(now)
    if (this.#stalled && this.#core.role === 'leader' && now - this.#lastHandOverAt > 1_000) {
      this.#lastHandOverAt = now
      this.#inputs.push({ type: 'transfer' })
    }
    this.#turn()
  }

  /** This thread itself was away: it must not take its own silence for the leader's. */
  #noticeSleep(now: number): void {
    const { timings, logger } = this.#parts
    const gap = now - this.#lastTickAt
    if (gap < timings.electionMsMin / 2) return
    logger.warn('this thread was asleep', { gapMs: Math.round(gap) })
    this.#lastTickAt = now
    this.#inputs.unshift({ type: 'overslept' })
  }

  #expireLeases(now: number): void {
    if (now - this.#lastLeaseCheckAt < this.#parts.timings.leaseCheckMs) return
    this.#lastLeaseCheckAt = now
    const fence = this.#core.term
    for (const id of this.#lessor.takeExpired(now)) {
      void this.#propose({ type: 'revoke', id }, { fence }).then(result => {
        if (!result.ok) this.#lessor.failed(id)
      })
    }
  }

  #input(input: Input): void {
    this.#inputs.push(input)
    this.#wake()
  }

  #wake(): void {
    if (this.#turnScheduled || !this.#running) return
    this.#turnScheduled = true
    this.#parts.defer(() => {
      this.#turnScheduled = false
      this.#guard(() => this.#turn())
    })
  }

  #guard(callback: () => void): void {
    if (this.#running) callback()
  }

  #turn(): void {
    this.#noticeSleep(this.#parts.clock.now())
    this.#proposer.flush()
    const inputs = this.#inputs
    this.#inputs = []
    this.#addRequests(inputs)
    const data = this.#proposer.take()
    if (data.length > 0) inputs.push({ type: 'propose', data })
    const read = this.#reader.takeInput()
    if (read !== undefined) inputs.push(read)
    if (inputs.length > 0) this.#step(inputs)
    this.#flush()
    // Without room in the log, or while leadership is handed over, the next answer or tick goes on.
    if (this.#proposer.isWaiting && data.length > 0) this.#wake()
  }

  #addRequests(inputs: Input[]): void {
    const { leader, id } = this.#core
    const now = this.#parts.clock.now()
    for (const pending of this.#requests) {
      if (leader === null || now - pending.sentAt < this.#parts.timings.retryMs) continue
      pending.sentAt = now
      const { request } = pending
      if (leader !== id) this.#post(leader, { q: request })
      else if (request.type === 'change') inputs.push(request)
      else inputs.push({ type: 'transfer', to: request.to })
    }
  }

  #step(inputs: readonly Input[]): void {
    const ready = stepAll(this.#core, inputs, this.#parts.prng)
    this.#sendMessages(ready.messagesNow)
    this.#flush()
    const synced = this.#persist(ready)
    this.#sendMessages(ready.messagesAfterSync)
    this.#flush()
    if (ready.restored !== undefined) this.#restore(ready.restored)
    if (ready.softChanged) this.#onSoftChange()
    this.#apply(ready.committed)
    this.#reader.onReadStates(ready.readStates)
    this.#reader.onApplied(this.#point.index)
    for (const to of ready.snapshotsWanted) this.#snapshotter.send(to)
    if (synced !== undefined) this.#step([synced])
  }

  /** Returns what the core is to be told afterwards. */
  #persist(ready: Ready): Input | undefined {
    if (!ready.mustSync) return undefined
    const { wal, clock } = this.#parts
    const { term, vote, committed: commit } = this.#core
    const hardState = { term, vote, commit }
    const begun = clock.now()
    if (ready.restored !== undefined) {
      wal.reset(ready.restored.index, ready.restored.term, hardState)
    }
    if (ready.restored === undefined || ready.entries.length > 0) {
      wal.append(hardState, ready.entries)
    }
    this.#fsyncMs.add(clock.now() - begun)
    const last = ready.entries.at(-1)
    return last && { type: 'synced', index: last.index, term: last.term }
  }

  #sendMessages(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.type === 'heartbeat' && !this.#heartbeats.has(message.to)) {
        this.#heartbeats.set(message.to, this.#parts.clock.now())
      }
      this.#post(message.to, { r: [message] })
    }
  }

  /** Raft messages of one turn share a frame; the rest are frames of their own. */
  #post(to: string, item: Frame): void {
    const frames = this.#outgoing.get(to)
    if (frames === undefined) this.#outgoing.set(to, [item])
    else if (item.r !== undefined && frames.at(-1)!.r !== undefined)
      frames.at(-1)!.r!.push(...item.r)
    else frames.push(item)
    this.#wake()
  }

  #flush(): void {
    for (const [to, frames] of this.#outgoing) {
      for (const frame of frames) this.#parts.channel.send(to, packFrame(frame))
    }
    this.#outgoing.clear()
  }

  #apply(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    let established = false
    for (const entry of entries) {
      this.#point = { index: entry.index, term: entry.term }
      this.#bytesSinceSnapshot += entry.data.length
      if (entry.kind === 'command') {
        this.#machine.apply(entry.data, entry.term, (command, result) => {
          this.#onApplied(command, result)
        })
      }
      if (entry.kind === 'noop' && entry.term === this.#core.term) established = true
    }
    this.#watchers.flush()
    if (established && this.#core.role === 'leader') this.#onEstablished()
    this.#maybeSnapshot()
  }

  #onApplied(command: Command, result: ActionResult): void {
    if (this.#leadership.leading && result.ok) {
      this.#lessor.onApplied(command, this.#machine, this.#parts.clock.now())
    }
    this.#proposer.onApplied(command, result)
  }

  #onEstablished(): void {
    const { term } = this.#core
    const { revision } = this.#machine.mvcc
    this.#lessor.begin(this.#machine, this.#parts.clock.now())
    this.#setLeadership({ leading: true, term, revision })
  }

  #onSoftChange(): void {
    const { term, leader, role } = this.#core
    this.#parts.logger.info('raft', { role, term, leader })
    this.#proposer.leaderChanged()
    this.#reader.leaderChanged()
    this.#heartbeats.clear()
    this.#rtts.clear()
    this.#wake()
    if (role !== 'leader') {
      this.#snapshotter.stopSending()
      this.#lessor.end()
    }
    const { leading, term: oldTerm } = this.#leadership
    if (leading && role === 'leader' && oldTerm === term) return
    this.#setLeadership({ leading: false, term, leader })
  }

  #setLeadership(leadership: types.Leadership): void {
    this.#leadership = leadership
    for (const listener of this.#listeners) listener(leadership)
  }

  #restore(point: { readonly index: number; readonly term: number }): void {
    this.#machine = this.#snapshotter.takeReceived(point.index)
    this.#point = { ...point }
    this.#snapshotIndex = point.index
    this.#bytesSinceSnapshot = 0
    this.#parts.logger.info('restored from a snapshot', { index: point.index })
    this.#proposer.onRestored(this.#machine.dedupe)
    this.#watchers.flushLater()
  }

  #snapshotPoint(): SnapshotPoint {
    return { ...this.#point, membership: this.#core.memberships.at(this.#point.index) }
  }

  #maybeSnapshot(): void {
    if (this.#snapshotter.isTaking) return
    const { snapshotEveryEntries, snapshotEveryBytes } = this.#parts
    const entries = this.#point.index - this.#snapshotIndex
    // A large store is not written anew for each small piece of log.
    const bytes = Math.max(snapshotEveryBytes, this.#machine.mvcc.bytes)
    if (entries < snapshotEveryEntries && this.#bytesSinceSnapshot < bytes) return
    if (entries > 0) this.#snapshotter.take()
  }

  #onSnapshotTaken(index: number): void {
    this.#snapshotIndex = index
    this.#bytesSinceSnapshot = 0
    const keepFrom = this.#tailStart(index)
    this.#parts.wal.compact(keepFrom)
    this.#input({ type: 'compact', index: keepFrom })
  }

  /** Slow followers are served from a tail of the log: as much as half of what makes a snapshot. */
  #tailStart(index: number): number {
    const { log } = this.#core
    let entries = this.#parts.snapshotEveryEntries >> 1
    let bytes = this.#parts.snapshotEveryBytes >> 1
    let at = index
    while (at > log.offset && entries-- > 0 && bytes > 0) {
      bytes -= log.get(at)?.data.length ?? 0
      at--
    }
    return at
  }
}

const stopped: types.StoreFailure = {
  ok: false,
  why: 'unavailable',
  message: 'etcdserver: server stopped',
}
