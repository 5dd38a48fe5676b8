import { Announced } from '../kernel/announced.ts'
import type { Cancel } from '../kernel/clock.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Startable } from '../kernel/startable.ts'
import type { Core } from '../raft/core.ts'
import { transferTarget } from '../raft/replication.ts'
import { stepAll } from '../raft/step.ts'
import type { Entry, Input, Message, Ready } from '../raft/types.ts'
import { Applier } from './applier.ts'
import { Door } from './door.ts'
import type { Frame, LeaderRequest, Refusal, SnapshotSliceMessage } from './frames.ts'
import { HandOver } from './hand-over.ts'
import { Hello } from './hello.ts'
import { Lateness } from './lateness.ts'
import { LeaderCalls, type Serve } from './leader-calls.ts'
import { Lessor } from './lessor.ts'
import type { Machine, OnApplied } from './machine.ts'
import type { MemberRecord } from './member-types.ts'
import { refusalOfChange } from './members.ts'
import type { EntryNotAppliedError } from './not-applied.ts'
import { Outgoing } from './outgoing.ts'
import { type Host, Proposer } from './proposer.ts'
import { Reader } from './reader.ts'
import type { ReplicaParts } from './replica-parts.ts'
import type { Roster } from './roster.ts'
import { Samples } from './samples.ts'
import { Senders } from './senders.ts'
import { SnapshotPace } from './snapshot-pace.ts'
import type { SnapshotPoint } from './snapshots.ts'
import { Snapshotter } from './snapshotter.ts'
import { Sweeper } from './sweeper.ts'
import { TickWatch } from './tick-watch.ts'
import type * as types from './types.ts'
import { Watchers } from './watchers.ts'

const handOver: Input = { type: 'transfer' }
/** Source: etcd api/v3rpc/rpctypes/error.go ErrGRPCBadLeaderTransferee. */
const badTransferee = 'etcdserver: bad leader transferee'

/** Looked at this often: deadlines, repeats, stalled transfers. */
const slowTickMs = 50

/**
 * The core's driver: the turn loop of one member. Everything that arrives between two turns of the
 * event loop is one step, one fsync and one frame for each peer. The order of a turn:
 *
 *   1. step the core with all inputs
 *   2. messagesNow leave: a leader's appends are under way while its own fsync runs
 *   3. hard state and entries go to the WAL: one write, one fdatasync
 *   4. messagesAfterSync leave: votes and acknowledgements
 *   5. committed entries are applied, callers get their results, watches their events
 *   6. the core hears `synced`, which may commit more: from 1 again
 */
export abstract class Driver implements Startable {
  protected readonly parts: ReplicaParts
  protected readonly proposer: Proposer
  protected readonly reader: Reader
  protected readonly calls: LeaderCalls
  protected readonly watchers: Watchers
  protected readonly lessor = new Lessor()
  protected readonly fsyncMs = new Samples()
  protected readonly commitMs = new Samples()
  protected readonly tickWatch: TickWatch
  protected readonly sweeper: Sweeper
  protected readonly outgoing: Outgoing
  protected readonly door: Door
  protected readonly senders: Senders
  protected running = false
  protected wasRemoved = false
  readonly #core: Core
  readonly #hello: Hello
  readonly #snapshotter: Snapshotter
  readonly #handOver: HandOver
  readonly #lateness: Lateness
  /** The same without what this member's own disk took: how busy the machine is. */
  readonly #busyness: Lateness
  /** What its fsyncs took since the last tick. */
  #syncedMs = 0
  readonly #pace: SnapshotPace
  readonly #leadership: Announced<types.Leadership>
  readonly #roster: Announced<Roster>
  readonly #introduced = new Announced<readonly MemberRecord[]>([])
  readonly #applier: Applier
  #machine: Machine
  #inputs: Input[] = []
  #stopped = Promise.resolve()
  #turnScheduled = false
  #ticker: Cancel | undefined
  #lastTickAt = 0
  #lastSlowTickAt = 0
  #lastLeaseCheckAt = 0
  #point: { index: number; term: number }
  /** Of the roster that was announced last. */
  #rosterVersion: number
  /** The no-op of this term was applied in this turn. */
  #isNoopApplied = false
  /** Followers that need a snapshot, until one may be taken. */
  #snapshotsWanted: string[] = []

  constructor(parts: ReplicaParts) {
    this.parts = parts
    this.#core = parts.core
    this.#machine = parts.machine
    const { core, clock, timings, disk, channel, logger } = parts
    this.#point = { index: core.applied, term: core.log.term(core.applied) ?? 0 }
    this.#leadership = new Announced<types.Leadership>({
      leading: false,
      term: core.term,
      leader: null,
    })
    this.#roster = new Announced(this.#machine.roster)
    this.#rosterVersion = this.#machine.roster.version
    const wake = () => this.wake()
    const defer = (callback: () => void) => parts.defer(() => this.#guard(callback))
    const now = () => clock.now()
    this.outgoing = new Outgoing({ now, defer, wake, send: (...to) => channel.send(...to) })
    const post = (to: string, item: Frame) => this.outgoing.post(to, item)
    const host: Host = { core, clock, timings, post, wake }
    const onForged = (from: string, reason: string) => this.door.onForged(from, reason)
    const { incarnation } = parts
    this.proposer = new Proposer({ ...host, onForged }, incarnation, this.commitMs)
    this.reader = new Reader(host, incarnation)
    const serve: Serve = request => this.#serve[request.type](request as never)
    this.calls = new LeaderCalls(host, incarnation, serve)
    this.#handOver = new HandOver(timings, logger)
    this.tickWatch = new TickWatch(timings.tickMs)
    this.#lateness = new Lateness(2 * timings.electionMsMax)
    this.#busyness = new Lateness(2 * timings.electionMsMax)
    this.watchers = new Watchers(() => this.#machine.mvcc, parts.defer, logger)
    this.sweeper = new Sweeper(
      () => this.#machine.mvcc,
      defer,
      error => this.#onSweepFailed(error),
    )
    const roster = () => this.#machine.roster
    const onIntroduced = (records: readonly MemberRecord[]) => this.#introduced.set(records)
    this.senders = new Senders({ ...host, roster, onIntroduced }, parts.others)
    const onRefused = (refusal: Refusal) => this.#onRefused(refusal)
    const catchUp = () => this.reader.permit()
    const helloHost = { ...host, roster, onRefused, catchUp, senders: this.senders }
    const hello = new Hello(helloHost, parts.storeId, parts.others, parts.fresh)
    this.#hello = hello
    this.door = new Door({
      ...{ core, clock, channel, logger, hello, senders: this.senders },
      onMemberFrame: (from, frame) => this.#onMemberFrame(from, frame),
    })
    this.#snapshotter = new Snapshotter({
      ...host,
      ...{ disk, channel, logger, mvccOptions: parts.mvcc },
      machine: () => this.#machine,
      point: () => this.#snapshotPoint(),
      input: input => this.input(input),
      defer,
      onTaken: index => this.#onSnapshotTaken(index),
      onDiskFailed: error => this.#onDiskFailed(error),
    })
    this.#pace = new SnapshotPace(parts)
    this.#applier = new Applier({
      ...{ now, defer },
      steps: entry => this.#machine.applySteps(entry, this.#onCommand),
      onApplied: entry => this.#onEntryApplied(entry),
      onFailed: error => this.#onNotApplied(error),
      onTurn: () => this.#onApplyTurn(),
    })
  }

  async start(): Promise<void> {
    const { channel, clock, timings } = this.parts
    this.running = true
    this.#lastTickAt = clock.now()
    channel.onFrame((from, data) => {
      if (!this.running) return
      this.door.onFrame(from, data)
      this.wake()
    })
    channel.onPeerLost(peer => this.input({ type: 'peer-lost', peer }))
    channel.onPeerUp(peer => {
      this.door.onPeerUp(peer)
      this.wake()
    })
    this.#ticker = clock.every(timings.tickMs, () => this.#onTick())
    this.wake()
  }

  stop(): Promise<void> {
    if (this.running) this.#stopped = this.#end()
    return this.#stopped
  }

  async #end(): Promise<void> {
    this.running = false
    this.#ticker?.()
    this.#snapshotter.stop()
    this.proposer.endAll()
    this.reader.endAll()
    this.calls.endAll()
    this.sweeper.end()
    this.#applier.clear()
    this.watchers.endAll('the store has stopped')
    this.parts.wal.close()
    await this.parts.disk.settle?.()
  }

  /**
   * While the main thread answers no beats this member hands leadership over and doesn't campaign:
   * a control plane that doesn't run must not hold the store's leadership.
   */
  setMainThreadStalled(stalled: boolean): void {
    if (!this.#handOver.setStalled(stalled)) return
    this.parts.logger.warn('main thread', { stalled })
    this.input({ type: 'passive', passive: stalled })
  }

  onLeadership(listener: (leadership: types.Leadership) => void): () => void {
    return this.#leadership.listen(listener)
  }

  /** Called at once, then whenever the records of members have changed. */
  onRoster(listener: (roster: Roster) => void): () => void {
    return this.#roster.listen(listener)
  }

  /** Called at once, then when members were introduced that are not in the records here yet. */
  onIntroduced(listener: (records: readonly MemberRecord[]) => void): () => void {
    return this.#introduced.listen(listener)
  }

  /** The mesh has refused somebody whom it doesn't know; a member by now, perhaps. */
  metStranger(): void {
    if (this.running) this.senders.inquire()
  }

  /** For the simulator's checkers and for tests: not to be changed. */
  get core(): Core {
    return this.#core
  }

  /** As `core`. */
  get machine(): Machine {
    return this.#machine
  }

  /** An entry is half applied: hash and leases are no state that ever was. */
  get isMidEntry(): boolean {
    return this.#applier.isMidEntry
  }

  /** Resolves when all that is committed here is applied. */
  protected applied(): Promise<void> {
    return this.#applier.idle()
  }

  /** Index and term of what was applied last. */
  get appliedPoint(): { readonly index: number; readonly term: number } {
    return this.#point
  }

  protected get leadership(): types.Leadership {
    return this.#leadership.value
  }

  protected input(input: Input): void {
    this.#inputs.push(input)
    this.wake()
  }

  protected wake(): void {
    if (this.#turnScheduled || !this.running) return
    this.#turnScheduled = true
    this.parts.defer(() => {
      this.#turnScheduled = false
      this.#guard(() => this.#turn())
    })
  }

  /** What the slow tick does beyond the driver's own. */
  protected abstract onSlowTick(now: number): void

  /** Leader: how requests of other members are answered; see LeaderCalls. */
  readonly #serve: {
    readonly [T in LeaderRequest['type']]: (
      request: Extract<LeaderRequest, { type: T }>,
    ) => ReturnType<Serve>
  } = {
    transfer: ({ to }) => {
      // Under way or not to be had: then the caller is told, and writes do not stop for it.
      if (transferTarget(this.#core, to) === undefined) return { message: badTransferee }
      this.#inputs.push({ type: 'transfer', to })
      return undefined
    },
    change: ({ change, strict }) => {
      const { roster } = this.#machine
      const { memberships, committed } = this.#core
      if (change.kind === 'remove' && roster.isRemoved(change.id)) return { value: true }
      // One at a time: what is asked is judged when the change before it is done.
      if (memberships.index > committed) return undefined
      const message = strict ? refusalOfChange(this.#core, roster, change) : undefined
      if (message !== undefined) return { message }
      this.#inputs.push({ type: 'change', change })
      return undefined
    },
    'lease-time': ({ lease }) => {
      if (!this.leadership.leading) return undefined
      return { value: this.lessor.remainingMs(lease, this.parts.clock.now()) ?? -1 }
    },
  }

  #onMemberFrame(from: string, frame: Frame): void {
    if (frame.h !== undefined) this.#hello.onGreeting(from, frame.h)
    if (frame.k !== undefined) this.#hello.onWelcome(from)
    if (frame.x !== undefined) this.#hello.onRefusal(from, frame.x)
    if (this.#hello.isWaiting || !this.running) return
    for (const message of frame.r ?? []) this.#onMessage(message)
    if (frame.p !== undefined) this.proposer.accept(from, frame.p, frame.t ?? 0)
    if (frame.s !== undefined) this.#onSlice(from, frame.s)
    if (frame.a !== undefined) this.#snapshotter.onAck(from, frame.a)
    if (frame.q !== undefined) this.calls.onRequest(from, frame.q.id, frame.q.request)
    if (frame.w !== undefined) this.calls.onAnswer(frame.w)
    if (frame.i !== undefined) this.senders.onInquiry(from)
    if (frame.m !== undefined) this.senders.onIntroduction(frame.m)
  }

  #onSlice(from: string, slice: SnapshotSliceMessage): void {
    try {
      this.#snapshotter.onSlice(from, slice)
    } catch (error) {
      this.#onDiskFailed(error)
    }
  }

  #onMessage(message: Message): void {
    if (message.type === 'heartbeat-answer') this.outgoing.onHeartbeatAnswer(message.from)
    this.#inputs.push({ type: 'message', message })
  }

  #onRefused(refusal: Refusal): void {
    if (!this.running) return
    this.parts.logger.error('this member is refused by the others', { ...refusal })
    this.wasRemoved = refusal.reason === 'removed'
    // One that has removed itself hears no more than this.
    this.calls.tick(this.parts.clock.now())
    void this.stop()
    this.parts.onRefused(refusal)
  }

  /** Nothing is promised that is not on the disk; after a failed fsync nobody knows what is. */
  #onDiskFailed(error: unknown): void {
    this.parts.logger.error('the log can not be written', { error: errorMessage(error) })
    void this.stop()
    this.parts.onDiskFailed(error)
  }

  #onTick(): void {
    if (!this.running) return
    const { clock, timings } = this.parts
    const now = clock.now()
    const lateMs = this.tickWatch.tick(now)
    this.#lateness.add(now, lateMs)
    this.#busyness.add(now, Math.max(0, lateMs - this.#syncedMs))
    this.#syncedMs = 0
    this.#noticeSleep(now)
    this.#hello.tick(now)
    const missed = Math.floor((now - this.#lastTickAt) / timings.tickMs)
    if (missed < 1) return
    this.#lastTickAt += missed * timings.tickMs
    // A few late ticks are time that has passed; the many of a long sleep were nobody's silence.
    const ticks = this.#hello.isWaiting ? 0 : Math.min(missed, 5)
    for (let tick = 0; tick < ticks; tick++) this.#inputs.push({ type: 'tick' })
    this.calls.tick(now)
    if (now - this.#lastSlowTickAt >= slowTickMs) {
      this.#lastSlowTickAt = now
      this.proposer.tick(now)
      this.reader.tick(now)
      this.#snapshotter.tick()
      this.#tellLateness(now)
      this.onSlowTick(now)
    }
    if (this.leadership.leading) this.#expireLeases(now)
    if (this.#core.role === 'leader' && this.#isHandOverDue(now)) this.#inputs.push(handOver)
    this.#turn()
  }

  #tellLateness(now: number): void {
    const ticks = Math.round(this.#lateness.recentMs(now) / this.parts.timings.tickMs)
    if (ticks !== this.#core.late) this.#inputs.push({ type: 'late', ticks })
  }

  #isHandOverDue(now: number): boolean {
    return this.#handOver.isDue(now, () => this.fsyncMs.percentiles())
  }

  /** This thread itself was away: it must not take its own silence for the leader's. */
  #noticeSleep(now: number): void {
    const { timings, logger } = this.parts
    const gap = now - this.#lastTickAt
    if (gap < timings.electionMsMin / 2) return
    logger.warn('this thread was asleep', { gapMs: Math.round(gap) })
    this.#lastTickAt = now
    this.#inputs.unshift({ type: 'overslept' })
  }

  #expireLeases(now: number): void {
    if (now - this.#lastLeaseCheckAt < this.parts.timings.leaseCheckMs) return
    this.#lastLeaseCheckAt = now
    const fence = this.#core.term
    for (const id of this.lessor.takeExpired(now)) {
      const renewals = this.#machine.mvcc.leases.get(id)?.renewals
      void this.proposer.propose({ type: 'revoke', id, renewals }, { fence }).then(result => {
        if (!result.ok) this.lessor.failed(id)
      })
    }
  }

  #guard(callback: () => void): void {
    if (this.running) callback()
  }

  #turn(): void {
    this.#noticeSleep(this.parts.clock.now())
    if (this.#hello.isWaiting) {
      this.outgoing.flush()
      return
    }
    this.proposer.flush()
    this.calls.flush()
    const inputs = this.#inputs
    this.#inputs = []
    const data = this.proposer.take()
    if (data.length > 0) inputs.push({ type: 'propose', data })
    const read = this.reader.takeInput()
    if (read !== undefined) inputs.push(read)
    if (inputs.length > 0) this.#step(inputs)
    this.outgoing.flush()
    // Without room in the log, or while leadership is handed over, the next answer or tick goes on.
    if (this.proposer.isWaiting && data.length > 0) this.wake()
  }

  #step(inputs: readonly Input[]): void {
    const ready = stepAll(this.#core, inputs, this.parts.prng)
    this.proposer.putBack(ready.notProposed)
    this.outgoing.send(ready.messagesNow)
    let synced: Input | undefined
    try {
      synced = this.#persist(ready)
    } catch (error) {
      this.#onDiskFailed(error)
      return
    }
    this.outgoing.send(ready.messagesAfterSync)
    if (ready.restored !== undefined) this.#restore(ready.restored)
    // What was confirmed stays so, also when this step has ended the leader's office.
    this.reader.onReadStates(ready.readStates)
    if (ready.softChanged) this.#onSoftChange()
    this.#snapshotsWanted.push(...ready.snapshotsWanted)
    this.#applier.add(ready.committed)
    if (!this.running) return
    this.reader.onApplied(this.#point.index)
    if (!this.#applier.isMidEntry) {
      for (const to of this.#snapshotsWanted.splice(0)) this.#snapshotter.send(to)
    }
    if (synced !== undefined) this.#step([synced])
  }

  /** Returns what the core is to be told afterwards. */
  #persist(ready: Ready): Input | undefined {
    if (!ready.mustSync) return undefined
    const { wal, clock } = this.parts
    const { term, vote, committed: commit } = this.#core
    const hardState = { term, vote, commit }
    const begun = clock.now()
    if (ready.restored !== undefined) {
      wal.reset(ready.restored.index, ready.restored.term, hardState)
    }
    if (ready.restored === undefined || ready.entries.length > 0) {
      wal.append(hardState, ready.entries)
    }
    const now = clock.now()
    this.fsyncMs.add(now - begun)
    this.#syncedMs += now - begun
    // A busy machine is no slow disk.
    this.#handOver.synced(now, now - begun - this.#busyness.recentMs(now))
    const last = ready.entries.at(-1)
    return last && { type: 'synced', index: last.index, term: last.term }
  }

  #onEntryApplied(entry: Entry): void {
    this.#point = { index: entry.index, term: entry.term }
    this.#pace.add(entry.data.length)
    if (entry.kind === 'noop' && entry.term === this.#core.term) this.#isNoopApplied = true
  }

  /** Some entries are applied, or a part of one. */
  #onApplyTurn(): void {
    const { version } = this.#machine.roster
    this.watchers.flush()
    this.sweeper.wake()
    if (version !== this.#rosterVersion) {
      this.#rosterVersion = version
      this.#roster.set(this.#machine.roster)
    }
    if (this.#isNoopApplied && this.#core.role === 'leader') this.#onEstablished()
    this.#isNoopApplied = false
    this.reader.onApplied(this.#point.index)
    // Half an entry is no state that a snapshot may be of.
    if (this.#applier.isMidEntry) return
    for (const to of this.#snapshotsWanted.splice(0)) this.#snapshotter.send(to)
    const isDue = this.#pace.isDue(this.#point.index, this.#machine.mvcc.bytes)
    if (isDue && this.#snapshotter.isFree(this.parts.clock.now())) this.#snapshotter.take()
  }

  #onSweepFailed(error: unknown): void {
    const stack = error instanceof Error ? error.stack : undefined
    const message = 'old revisions are not removed any more until this member starts anew'
    this.parts.logger.error(message, { error: errorMessage(error), stack })
  }

  /** Going on would leave a state that no other member has; see ARCHITECTURE.md, "Disk". */
  #onNotApplied(error: EntryNotAppliedError): void {
    const { stack } = error.cause instanceof Error ? error.cause : error
    this.parts.logger.error('an entry can not be applied', { error: error.message, stack })
    void this.stop()
    this.parts.onNotApplied(error)
  }

  readonly #onCommand: OnApplied = (command, result) => {
    if (this.leadership.leading && result.ok) {
      this.lessor.onApplied(command, this.#machine, this.parts.clock.now())
    }
    this.proposer.onApplied(command, result)
  }

  #onEstablished(): void {
    const { term } = this.#core
    const { revision } = this.#machine.mvcc
    this.lessor.begin(this.#machine, this.parts.clock.now())
    this.#handOver.begin()
    this.#leadership.set({ leading: true, term, revision })
  }

  #onSoftChange(): void {
    const { term, leader, role } = this.#core
    this.parts.logger.info('raft', { role, term, leader })
    this.proposer.leaderChanged()
    this.reader.leaderChanged()
    this.outgoing.leaderChanged()
    this.wake()
    if (role !== 'leader') {
      this.#snapshotter.stopSending()
      this.lessor.end()
    }
    const { leading, term: oldTerm } = this.leadership
    if (leading && role === 'leader' && oldTerm === term) return
    this.#leadership.set({ leading: false, term, leader })
  }

  #restore(point: { readonly index: number; readonly term: number }): void {
    this.#applier.clear()
    this.#machine = this.#snapshotter.takeReceived(point.index)
    this.#point = { ...point }
    this.#pace.taken(point.index)
    this.parts.logger.info('restored from a snapshot', { index: point.index })
    this.proposer.onRestored(this.#machine.dedupe)
    this.watchers.flushLater()
    this.#rosterVersion = this.#machine.roster.version
    this.#roster.set(this.#machine.roster)
  }

  #snapshotPoint(): SnapshotPoint {
    return { ...this.#point, membership: this.#core.memberships.at(this.#point.index) }
  }

  #onSnapshotTaken(index: number): void {
    this.#pace.taken(index)
    const keepFrom = this.#pace.tailStart(this.#core.log, index)
    this.parts.wal.compact(keepFrom)
    this.input({ type: 'compact', index: keepFrom })
  }
}
