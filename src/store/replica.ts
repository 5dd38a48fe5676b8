import { LongWork, runAtOnce } from '../kernel/long-work.ts'
import { checkLease, messages } from '../mvcc/check.ts'
import { hashKvOf } from '../mvcc/hashkv.ts'
import type { LeaseId, PartListener, Revision } from '../mvcc/types.ts'
import type { Membership, MembershipChange } from '../raft/types.ts'
import type { Action } from './action.ts'
import { refusalSteps } from './auth/admit.ts'
import { Compactor, type CompactorOptions } from './compactor.ts'
import { Driver } from './driver.ts'
import type * as embedded from './embedded-types.ts'
import type { LeaderRequest } from './frames.ts'
import { freezeStore } from './frozen.ts'
import { corrupt, noSpace, takesSpace } from './machine.ts'
import type { AlarmMember, ClusterMember, MemberChange } from './member-types.ts'
import { listMembers, refusalOfUrls } from './members.ts'
import { Publisher, type SelfDescription } from './publisher.ts'
import type { ReplicaParts } from './replica-parts.ts'
import { checkSize, txnBytes } from './request.ts'
import { memberTexts } from './roster.ts'
import { readStatus } from './status.ts'
import type * as types from './types.ts'

/** What the store's methods need beyond what the driver is made of. */
export interface StoreParts extends ReplicaParts {
  /** What this member tells the others of itself. */
  readonly self: SelfDescription
  readonly compaction: CompactorOptions
}

/**
 * One member of the replicated store: the methods of Store over the driver's turn loop. Writes go
 * to the leader, reads are confirmed by it, and results come from this member's own state, so that
 * a caller sees its own writes.
 */
export class Replica extends Driver implements embedded.EmbeddedStore {
  readonly #publisher: Publisher
  readonly #compactor: Compactor
  readonly #longReads: LongWork
  #alarmRaisedAt = Number.NEGATIVE_INFINITY

  constructor(parts: StoreParts) {
    super(parts)
    const propose = (action: Action) => this.#propose<object>(action)
    const { core, clock, storeId, self } = parts
    this.#longReads = new LongWork(parts.defer, () => clock.now())
    const roster = () => this.machine.roster
    this.#publisher = new Publisher({ core, clock, storeId, self, roster, propose })
    this.#compactor = new Compactor(parts.compaction, clock, {
      revision: () => this.machine.mvcc.revision,
      compact: revision => void this.compact(revision, { fence: this.core.term }),
    })
  }

  get revision(): Revision {
    return this.machine.mvcc.revision
  }

  async txn(
    request: types.TxnRequest,
    options?: types.ProposeOptions,
  ): Promise<types.StoreResult<types.TxnOutcome>> {
    const { compares, success, failure } = request
    const refused = checkSize(request)
    if (refused !== undefined) return refused
    const action: Action = { type: 'txn', compares, success, failure }
    const full = this.#checkQuota(action, txnBytes(request))
    return full ?? this.#propose(action, options)
  }

  async range(
    op: Parameters<types.Store['range']>[0],
    options: types.ReadOptions = {},
  ): ReturnType<types.Store['range']> {
    if (!options.serializable) {
      const permit = await this.reader.permit(options.timeoutMs)
      if (!permit.ok) return permit
    }
    if (this.machine.isCorrupt) return corrupt
    return this.#read(op, options.onPart)
  }

  async readIndex(options: { readonly timeoutMs?: number } = {}) {
    const permit = await this.reader.permit(options.timeoutMs)
    return permit.ok ? { ok: true as const, revision: this.machine.mvcc.revision } : permit
  }

  watch(request: types.WatchRequest, handlers: types.WatchHandlers): types.Watch {
    return this.watchers.add(request, handlers)
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
    options?: types.ProposeOptions,
  ): Promise<types.StoreResult<{ readonly id: LeaseId }>> {
    const wrong = checkLease(id, ttlSeconds)
    if (wrong !== undefined) return wrong
    const action: Action = { type: 'grant', id, ttlSeconds }
    const result = this.#checkQuota(action, 64) ?? (await this.#propose<object>(action, options))
    return result.ok ? { ok: true, id } : result
  }

  leaseKeepAlive(id: LeaseId): Promise<types.StoreResult<{ readonly ttlSeconds: number }>> {
    return this.#propose({ type: 'keep-alive', id })
  }

  leaseRevoke(id: LeaseId, options?: types.ProposeOptions): Promise<types.StoreResult<object>> {
    return this.#propose({ type: 'revoke', id }, options)
  }

  leases(): LeaseId[] {
    return this.machine.mvcc.leases.all().map(({ id }) => id)
  }

  leaseKeys(id: LeaseId): Iterable<string> {
    return this.machine.mvcc.leases.get(id)?.keys ?? []
  }

  async leaseTimeToLive(id: LeaseId): Promise<types.StoreResult<embedded.LeaseTime>> {
    const answer = await this.calls.call<number>({ type: 'lease-time', lease: id })
    if (!answer.ok) return answer
    const lease = this.machine.mvcc.leases.get(id)
    const remainingMs = answer.value ?? -1
    if (lease === undefined || remainingMs < 0) {
      return { ok: false, why: 'invalid', message: messages.leaseNotFound }
    }
    const remainingSeconds = Math.floor(remainingMs / 1_000)
    const keys = [...lease.keys].sort()
    return { ok: true, grantedSeconds: lease.ttlSeconds, remainingSeconds, keys }
  }

  /** Resolves when another member (`to`) leads as far as this one knows. */
  transferLeadership(to?: string): Promise<types.StoreResult<object>> {
    const { leader, term } = this.core
    const { voters } = this.core.membership
    if (to !== undefined && !voters.includes(to)) {
      const message = `etcdserver: ${to} is no voter`
      return Promise.resolve({ ok: false, why: 'invalid', message })
    }
    if (to !== undefined && to === leader) return Promise.resolve({ ok: true })
    const request: LeaderRequest = { type: 'transfer', to }
    return this.calls.call(request, () => {
      const now = this.core.leader
      return (
        now !== null && this.core.term > term && (to === undefined ? now !== leader : now === to)
      )
    })
  }

  /**
   * Adds a learner, makes it a voter, or removes a member: one change at a time, in one entry with
   * the member's record. Resolves when it is applied as far as this member knows. `strict`: the
   * leader refuses what the cluster might not survive.
   */
  changeMembership(change: MembershipChange, strict = false): Promise<types.StoreResult<object>> {
    return this.calls.call({ type: 'change', change, strict }, () => {
      const { voters, learners } = this.core.memberships.at(this.core.committed)
      const { kind, id } = change
      if (kind === 'remove') {
        return this.machine.roster.isRemoved(id) || (id === this.core.id && this.wasRemoved)
      }
      return voters.includes(id) || (kind === 'add-learner' && learners.includes(id))
    })
  }

  members(): ClusterMember[] {
    return listMembers(this.core, this.machine.roster)
  }

  async memberAdd(
    member: types.MemberToAdd,
    options?: types.ProposeOptions,
  ): ReturnType<types.Membership['memberAdd']> {
    const { peerUrls, isLearner, peer } = member
    const refused = await this.#refusalOfCaller(options)
    if (refused !== undefined) return refused
    const wrong = refusalOfUrls(peerUrls)
    if (wrong !== undefined) return { ok: false, why: 'invalid', message: wrong }
    const id = member.id ?? this.#newMemberId()
    const kind = isLearner ? 'add-learner' : 'add-voter'
    const { name = '', peerId = '', clientUrls = [] } = member
    const change = { name, peerId, peerUrls, clientUrls, ...(peer === undefined ? {} : { peer }) }
    // A worker has a record, and no part in Raft.
    const added = member.worker
      ? await this.#propose<object>({ type: 'member-set', id, change }, options)
      : await this.changeMembership({ kind, id, context: change }, true)
    if (!added.ok) return added
    return { ok: true, member: { id, name, peerId, peerUrls, clientUrls, isLearner } }
  }

  async memberRemove(id: string, options?: types.ProposeOptions) {
    const refused = await this.#refusalOfCaller(options)
    if (refused !== undefined) return refused
    if (!isIn(this.core.memberships.at(this.core.committed), id)) {
      if (this.machine.roster.get(id) === undefined) return missing
      return this.#propose<object>({ type: 'member-remove', id }, options)
    }
    // Nobody listens to a removed member any more: it must not be the leader.
    if (this.core.leader === id && this.core.membership.voters.length > 1) {
      const moved = await this.transferLeadership()
      if (!moved.ok) return moved
    }
    return this.changeMembership({ kind: 'remove', id }, true)
  }

  async memberUpdate(
    id: string,
    change: MemberChange,
    options?: types.ProposeOptions,
  ): Promise<types.StoreResult<object>> {
    if (!this.members().some(member => member.id === id)) return missing
    const wrong = change.peerUrls === undefined ? undefined : refusalOfUrls(change.peerUrls)
    if (wrong !== undefined) return { ok: false, why: 'invalid', message: wrong }
    return this.#propose({ type: 'member-set', id, change }, options)
  }

  async memberPromote(
    id: string,
    options?: types.ProposeOptions,
  ): Promise<types.StoreResult<object>> {
    const refused = await this.#refusalOfCaller(options)
    if (refused !== undefined) return refused
    const { voters, learners } = this.core.membership
    if (voters.includes(id)) {
      return { ok: false, why: 'invalid', message: memberTexts.notLearner }
    }
    if (!learners.includes(id)) return missing
    return this.changeMembership({ kind: 'add-voter', id }, true)
  }

  alarms(): AlarmMember[] {
    return [...this.machine.roster.alarms]
  }

  setAlarm(
    raised: boolean,
    alarm: AlarmMember,
    options?: types.ProposeOptions,
  ): ReturnType<embedded.EmbeddedStore['setAlarm']> {
    return this.#propose({ type: 'alarm', raised, ...alarm }, options)
  }

  get quotaBytes(): number {
    return this.parts.quotaBytes
  }

  get auth(): embedded.AuthView {
    return this.machine.auth
  }

  authChange(action: embedded.AuthAction, options?: types.ProposeOptions) {
    return this.#propose<object>(action, options)
  }

  async defragment(): Promise<void> {
    this.machine.mvcc.defragment()
    await this.sweeper.idle()
  }

  freeze(): embedded.FrozenStore {
    const { index: appliedIndex, term } = this.appliedPoint
    return freezeStore(this.machine, { appliedIndex, term, members: this.members() })
  }

  async hashKv(revision: number): Promise<types.StoreResult<embedded.HashKv>> {
    const { mvcc } = this.machine
    const wrong = mvcc.range({ type: 'range', key: '\0', countOnly: true, revision })
    if (!wrong.ok) return wrong
    const { revision: now, floor: compactRevision } = mvcc
    const hashRevision = (revision || now) as Revision
    const frozen = this.freeze()
    const span = { compactRevision, revision: hashRevision }
    const hash = await hashKvOf(() => frozen.rows(), span)
    return { ok: true, hash, hashRevision, compactRevision, revision: now }
  }

  async status(options: { readonly hash?: boolean } = {}): Promise<types.StoreStatus> {
    // Half an entry has no hash that another member could have.
    if (options.hash) await this.applied()
    const status = readStatus({
      core: this.core,
      applied: this.appliedPoint.index,
      machine: this.machine,
      tickMs: this.parts.timings.tickMs,
      rtts: this.outgoing.rtts,
      proposals: this.proposer.proposals,
      fencedEarly: this.proposer.fenced,
      refusedFrames: this.door.refused,
      wal: this.parts.wal,
      watchers: this.watchers.size,
      fsyncMs: this.fsyncMs.percentiles(),
      commitMs: this.commitMs.percentiles(),
      tickLateMs: this.tickWatch.lateMs(),
    })
    return options.hash ? { ...status, hash: this.machine.hash() } : status
  }

  protected override onSlowTick(now: number): void {
    this.#publisher.tick(now)
    const { leading } = this.leadership
    this.#compactor.tick(now, leading)
    if (leading) this.#dropRemoved()
  }

  /**
   * Leader: whom the records have removed has no vote. Only in logs from before the two changed in
   * one entry they may disagree.
   */
  #dropRemoved(): void {
    const { voters, learners } = this.core.membership
    const id = [...voters, ...learners].find(each => this.machine.roster.isRemoved(each))
    if (id !== undefined) this.input({ type: 'change', change: { kind: 'remove', id } })
  }

  /**
   * Membership is Raft's, where entries know no callers: the users and roles of this moment say who
   * may change it. Source: etcd server.go checkMembershipOperationPermission.
   */
  async #refusalOfCaller(options?: types.ProposeOptions): Promise<types.StoreFailure | undefined> {
    const caller = options?.caller
    if (caller === undefined) return undefined
    const permit = await this.reader.permit(options?.timeoutMs)
    if (!permit.ok) return permit
    const asked: Action = { type: 'member-remove', id: '' }
    const message = runAtOnce(refusalSteps(this.machine.auth, caller, asked, () => []))
    return message === undefined ? undefined : { ok: false, why: 'invalid', message }
  }

  /** A read of the present begins anew when what it reads is compacted meanwhile. */
  async #read(
    op: Parameters<types.Store['range']>[0],
    onPart?: PartListener,
  ): ReturnType<types.Store['range']> {
    for (let tries = 1; ; tries++) {
      if (tries > 1) onPart?.([], 0)
      const read = await this.#longReads.run(this.machine.mvcc.rangeSteps(op, onPart))
      const isLate = !read.ok && read.why === 'compacted' && !op.revision
      if (!isLate || tries === readTriesMax) return read
    }
  }

  #propose<T extends object>(
    action: Action,
    options?: types.ProposeOptions,
  ): Promise<types.StoreResult<T>> {
    if (!this.running) return Promise.resolve(stopped)
    return this.proposer.propose(action, options) as Promise<types.StoreResult<T>>
  }

  /** A failure when the write would pass the quota; the alarm then stops everybody's writes. */
  #checkQuota(action: Action, bytes: number): types.StoreFailure | undefined {
    const { mvcc } = this.machine
    if (!takesSpace(action)) return undefined
    if (mvcc.bytes + bytes <= this.parts.quotaBytes) return undefined
    this.#raiseNoSpace()
    return noSpace
  }

  #raiseNoSpace(): void {
    const { clock, core, logger, timings, quotaBytes } = this.parts
    if (clock.now() - this.#alarmRaisedAt < timings.retryMs) return
    this.#alarmRaisedAt = clock.now()
    logger.warn('the quota is reached: alarm NOSPACE stops writes', { quotaBytes })
    void this.setAlarm(true, { memberId: core.id, alarm: 'NOSPACE' })
  }

  /** Kept within 2^53, and so that etcdctl's 16 hex digits look as they do with etcd. */
  #newLeaseId(): LeaseId {
    return 1 + this.parts.prng.below(2 ** 21) * 2 ** 31 + this.parts.prng.below(2 ** 31)
  }

  /** 63 bits in hex, as etcd prints member IDs. */
  #newMemberId(): string {
    const { prng } = this.parts
    const half = () =>
      prng
        .below(2 ** 31)
        .toString(16)
        .padStart(8, '0')
    return half() + half()
  }
}

/** Compactions up to the present that one read may meet. */
const readTriesMax = 5

function isIn({ voters, learners }: Membership, id: string): boolean {
  return voters.includes(id) || learners.includes(id)
}

const missing: types.StoreFailure = { ok: false, why: 'invalid', message: memberTexts.missing }

const stopped: types.StoreFailure = {
  ok: false,
  why: 'unavailable',
  message: 'etcdserver: server stopped',
}
