import { type Clock, systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { runAtOnce } from '../../../src/kernel/long-work.ts'
import { messages } from '../../../src/mvcc/check.ts'
import { Mvcc } from '../../../src/mvcc/mvcc.ts'
import type { LeaseId } from '../../../src/mvcc/types.ts'
import type { Action } from '../../../src/store/action.ts'
import { refusalSteps } from '../../../src/store/auth/admit.ts'
import { AuthStore } from '../../../src/store/auth/auth.ts'
import type { AuthAction } from '../../../src/store/auth/types.ts'
import type { EmbeddedStore, FrozenStore } from '../../../src/store/embedded-types.ts'
import { createLocalStore } from '../../../src/store/local.ts'
import { noSpace, takesSpace } from '../../../src/store/machine.ts'
import type { AlarmMember, ClusterMember } from '../../../src/store/member-types.ts'
import { checkSize } from '../../../src/store/request.ts'
import type * as types from '../../../src/store/types.ts'
import { Watchers } from '../../../src/store/watchers.ts'

const invalid = (message: string): types.StoreFailure => ({ ok: false, why: 'invalid', message })

/** An EmbeddedStore in memory, of one process that says it has three members. */
export class FakeStore implements EmbeddedStore {
  readonly auth = new AuthStore()
  readonly quotaBytes = 8 << 30
  readonly memberId = '8e9e05c52164694d'
  leader = this.memberId
  readonly mvcc = new Mvcc()
  readonly watchers: Watchers
  readonly #clock: Clock
  readonly #listeners = new Set<(leadership: types.Leadership) => void>()
  readonly #deadlines = new Map<LeaseId, { at: number; cancel: () => void }>()
  #members: ClusterMember[] = []
  #alarms: AlarmMember[] = []
  #index = 10
  #lastLease = 2 ** 45

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.watchers = new Watchers(() => this.mvcc, setImmediate, silentLogger)
    for (const [at, id] of ['8e9e05c52164694d', '91bc3c398fb3c146', 'fd422379fda50e48'].entries()) {
      const peerUrls = [`https://127.0.0.1:${2381 + 10 * at}`]
      const clientUrls = [`https://127.0.0.1:${2380 + 10 * at}`]
      const name = `peer-${at + 1}`
      this.#members.push({ id, name, peerId: id, peerUrls, clientUrls, isLearner: false })
    }
  }

  get revision() {
    return this.mvcc.revision
  }

  async txn(request: types.TxnRequest, options: types.ProposeOptions = {}) {
    const refused = checkSize(request) ?? this.#refuses({ type: 'txn', ...request }, options)
    if (refused !== undefined) return refused
    this.#index++
    const done = this.mvcc.txn(request)
    this.watchers.flushLater()
    return done
  }

  async range(
    op: Parameters<types.Store['range']>[0],
    { onPart }: types.ReadOptions = {},
  ): ReturnType<types.Store['range']> {
    const read = runAtOnce(this.mvcc.rangeSteps(op, onPart))
    return read.ok ? { ...read, revision: this.mvcc.revision } : read
  }

  async readIndex() {
    return { ok: true as const, revision: this.mvcc.revision }
  }

  watch(request: types.WatchRequest, handlers: types.WatchHandlers): types.Watch {
    return this.watchers.add(request, handlers)
  }

  async compact(revision: number): ReturnType<types.Store['compact']> {
    const done = this.mvcc.compact(revision)
    return done.ok ? { ok: true, revision: this.mvcc.revision } : done
  }

  async leaseGrant(ttlSeconds: number, id?: LeaseId): ReturnType<types.Store['leaseGrant']> {
    const given = id || ++this.#lastLease
    const done = this.mvcc.grant(given, ttlSeconds)
    if (!done.ok) return done
    this.#renew(given, ttlSeconds)
    return { ok: true, id: given }
  }

  async leaseKeepAlive(id: LeaseId): ReturnType<types.Store['leaseKeepAlive']> {
    const lease = this.mvcc.leases.get(id)
    if (lease === undefined) return invalid(messages.leaseNotFound)
    this.#renew(id, lease.ttlSeconds)
    return { ok: true, ttlSeconds: lease.ttlSeconds }
  }

  async leaseRevoke(
    id: LeaseId,
    options: types.ProposeOptions = {},
  ): ReturnType<types.Store['leaseRevoke']> {
    const refused = this.#refuses({ type: 'revoke', id }, options)
    if (refused !== undefined) return refused
    this.#deadlines.get(id)?.cancel()
    this.#deadlines.delete(id)
    const done = this.mvcc.revoke(id)
    this.watchers.flushLater()
    return done
  }

  leases(): LeaseId[] {
    return this.mvcc.leases.all().map(lease => lease.id)
  }

  leaseKeys(id: LeaseId): Iterable<string> {
    return this.mvcc.leases.get(id)?.keys ?? []
  }

  async leaseTimeToLive(id: LeaseId): ReturnType<EmbeddedStore['leaseTimeToLive']> {
    const lease = this.mvcc.leases.get(id)
    const deadline = this.#deadlines.get(id)
    if (lease === undefined || deadline === undefined) return invalid(messages.leaseNotFound)
    const remainingSeconds = Math.floor((deadline.at - this.#clock.now()) / 1000)
    return { ok: true, grantedSeconds: lease.ttlSeconds, remainingSeconds, keys: [...lease.keys] }
  }

  async transferLeadership(to?: string): ReturnType<types.Store['transferLeadership']> {
    this.lead(to ?? this.#members[1]!.id)
    return { ok: true }
  }

  /** Says that another member leads, or none. */
  lead(leader: string): void {
    this.leader = leader
    for (const listener of this.#listeners) this.onLeadership(listener)
  }

  async status(): Promise<types.StoreStatus> {
    const local = await createLocalStore().status()
    return {
      ...local,
      ...{ id: this.memberId, leader: this.leader || null, term: 2 },
      role: this.leader === this.memberId ? 'leader' : 'follower',
      ...{ commit: this.#index, applied: this.#index, revision: this.mvcc.revision },
      voters: this.#members.filter(member => !member.isLearner).map(member => member.id),
      learners: this.#members.filter(member => member.isLearner).map(member => member.id),
      dbBytes: 20_480 + this.mvcc.bytes,
    }
  }

  onLeadership(listener: (leadership: types.Leadership) => void): () => void {
    const { revision } = this.mvcc
    this.#listeners.add(listener)
    if (this.leader === this.memberId) listener({ leading: true, term: 2, revision })
    else listener({ leading: false, term: 2, leader: this.leader || null })
    return () => this.#listeners.delete(listener)
  }

  members(): ClusterMember[] {
    return this.#members
  }

  async memberAdd(
    member: Pick<ClusterMember, 'peerUrls' | 'isLearner'>,
  ): ReturnType<EmbeddedStore['memberAdd']> {
    const taken = this.#members.flatMap(({ peerUrls }) => peerUrls)
    if (member.peerUrls.some(url => taken.includes(url))) {
      return invalid('etcdserver: Peer URLs already exists')
    }
    if (member.isLearner && this.#members.some(({ isLearner }) => isLearner)) {
      return invalid('etcdserver: too many learner members in cluster')
    }
    const id = Math.floor(Math.random() * 2 ** 48)
      .toString(16)
      .padStart(16, 'a')
    const added = { id, name: '', peerId: '', clientUrls: [], ...member }
    this.#members.push(added)
    return { ok: true, member: added }
  }

  async memberRemove(id: string): ReturnType<EmbeddedStore['memberRemove']> {
    if (!this.#members.some(member => member.id === id)) return memberNotFound
    this.#members = this.#members.filter(member => member.id !== id)
    return { ok: true }
  }

  async memberUpdate(
    id: string,
    change: Partial<ClusterMember>,
  ): ReturnType<EmbeddedStore['memberUpdate']> {
    if (!this.#members.some(member => member.id === id)) return memberNotFound
    const update = (member: ClusterMember) => (member.id === id ? { ...member, ...change } : member)
    this.#members = this.#members.map(update)
    return { ok: true }
  }

  async memberPromote(id: string): ReturnType<EmbeddedStore['memberPromote']> {
    const found = this.#members.find(member => member.id === id)
    if (found === undefined) return memberNotFound
    if (!found.isLearner) return invalid('etcdserver: can only promote a learner member')
    return invalid('etcdserver: can only promote a learner member which is in sync with leader')
  }

  alarms(): AlarmMember[] {
    return this.#alarms
  }

  async setAlarm(raised: boolean, alarm: AlarmMember): ReturnType<EmbeddedStore['setAlarm']> {
    const same = (other: AlarmMember) =>
      other.alarm === alarm.alarm && [other.memberId, '0'].includes(alarm.memberId)
    const changed = this.#alarms.filter(same)
    if (raised && changed.length > 0) return { ok: true, alarms: [] }
    this.#alarms = this.#alarms.filter(other => !same(other))
    if (raised) this.#alarms.push(alarm)
    return { ok: true, alarms: raised ? [alarm] : changed }
  }

  async hashKv(revision: number): ReturnType<EmbeddedStore['hashKv']> {
    const now = this.mvcc.revision
    if (revision > now) return { ok: false, why: 'future', message: messages.future }
    if (revision !== 0 && revision < this.mvcc.floor) {
      return { ok: false, why: 'compacted', message: messages.compacted }
    }
    const hash = Number.parseInt(this.mvcc.hash().slice(0, 8), 16)
    const hashRevision = (revision || now) as typeof now
    return { ok: true, hash, hashRevision, compactRevision: this.mvcc.floor, revision: now }
  }

  freeze(): FrozenStore {
    throw new Error('the fake has no rows')
  }

  async defragment(): Promise<void> {}

  async authChange(
    action: AuthAction,
    options: types.ProposeOptions = {},
  ): ReturnType<EmbeddedStore['authChange']> {
    const refused = this.#refuses(action, options)
    if (refused !== undefined) return refused
    const refusal = this.auth.apply(action)
    return refusal === undefined ? { ok: true } : invalid(refusal)
  }

  #renew(id: LeaseId, ttlSeconds: number): void {
    this.#deadlines.get(id)?.cancel()
    const cancel = this.#clock.after(ttlSeconds * 1000, () => void this.leaseRevoke(id))
    this.#deadlines.set(id, { at: this.#clock.now() + ttlSeconds * 1000, cancel })
  }

  /** What the state machine checks when it applies an action. */
  #refuses(action: Action, { caller }: types.ProposeOptions): types.StoreFailure | undefined {
    const keysOfLease = (id: LeaseId) => this.mvcc.leases.get(id)?.keys ?? []
    const refused = caller && runAtOnce(refusalSteps(this.auth, caller, action, keysOfLease))
    if (refused !== undefined) return invalid(refused)
    return this.#alarms.length > 0 && takesSpace(action) ? noSpace : undefined
  }
}

const memberNotFound = invalid('etcdserver: member not found')
