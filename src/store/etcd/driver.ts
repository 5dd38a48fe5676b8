import type { Cancel } from '../../kernel/clock.ts'
import { checkLease, checkTxn, compacted, invalid, messages } from '../../mvcc/check.ts'
import type { Key, LeaseId, Op, RangeOp, Revision } from '../../mvcc/types.ts'
import { Compactor } from '../compactor.ts'
import { checkSize } from '../request.ts'
import { Samples } from '../samples.ts'
import type * as types from '../types.ts'
import { electionPrefix } from './candidates.ts'
import { rangeFromWire, rangeToWire, resultsFromWire, txnToWire } from './convert.ts'
import { Election } from './election.ts'
import { Endpoints } from './endpoints.ts'
import { askFloor } from './floor.ts'
import { Keyspace } from './keyspace.ts'
import { LeaderSeeker } from './leader-seeker.ts'
import { leaseCalls, newLeaseId } from './leases.ts'
import { externalMembership } from './membership.ts'
import { methods } from './methods.ts'
import { Figures, statusOf } from './status.ts'
import type { EtcdStore, EtcdStoreOptions } from './types.ts'
import { WatchStream } from './watch-stream.ts'
import { Watches } from './watches.ts'

/**
 * Lease of the election, seconds. etcd grants no less than one and a half of its election timeouts
 * (2 s with its defaults), but a change of etcd's own leader takes up to that long: with 3 s this
 * cluster's leader lives through it. A peer that dies is not waited for: the mesh sees it at once.
 */
export const leaseTtlSeconds = 3

const compactorMs = 1_000
const greetingMs = 1_000

/** A store on an external etcd cluster. `start` does not wait for it: calls do. */
export function createEtcdStore(options: EtcdStoreOptions): EtcdStore {
  return new ExternalStore(options)
}

class ExternalStore implements EtcdStore {
  readonly members = externalMembership.members
  readonly memberAdd = externalMembership.memberAdd
  readonly memberRemove = externalMembership.memberRemove
  readonly memberUpdate = externalMembership.memberUpdate
  readonly memberPromote = externalMembership.memberPromote
  readonly #options: EtcdStoreOptions
  readonly #keys: Keyspace
  readonly #endpoints: Endpoints
  readonly #seeker: LeaderSeeker
  readonly #stream: WatchStream
  readonly #watches: Watches
  readonly #election: Election
  readonly #figures: Figures
  readonly #compactor: Compactor
  readonly #commitMs = new Samples()
  readonly #counters = { proposals: 0, applied: 0, fenced: 0 }
  #floor = 0
  #sharedRead: Promise<types.StoreResult<{ readonly revision: Revision }>> | undefined
  #stopCompactor: Cancel = () => {}
  #stopped = false

  constructor(options: EtcdStoreOptions) {
    this.#options = options
    const { id, clock, logger, prng, tls } = options
    this.#keys = new Keyspace(options.prefix ?? '')
    const endpoints = options.endpoints.map(url => ({ url, tls }))
    this.#endpoints = new Endpoints(endpoints, prng.below(endpoints.length), clock, logger)
    this.#seeker = new LeaderSeeker(this.#endpoints, clock)
    this.#stream = new WatchStream(this.#endpoints)
    this.#watches = new Watches({
      ...{ stream: this.#stream, keys: this.#keys, clock },
      revision: () => this.#endpoints.revision,
      known: () => this.#untilKnown(),
    })
    this.#election = new Election({
      ...{ id, clock, logger, store: this, leases: leaseCalls(this.#endpoints, prng) },
      ttlSeconds: options.ttlSeconds ?? leaseTtlSeconds,
    })
    this.#figures = new Figures(this.#endpoints, clock)
    this.#compactor = new Compactor(options.compaction ?? { mode: 'off', retention: 1 }, clock, {
      revision: () => this.#endpoints.revision,
      compact: revision => {
        void this.compact(revision, { fence: this.#election.leadership.term })
      },
    })
  }

  async start(): Promise<void> {
    this.#seeker.start()
    this.#election.start()
    const { clock } = this.#options
    this.#stopCompactor = clock.every(compactorMs, () => {
      this.#compactor.tick(clock.now(), this.#election.leadership.leading)
    })
  }

  async stop(): Promise<void> {
    if (this.#stopped) return
    this.#stopped = true
    this.#stopCompactor()
    this.#seeker.stop()
    await this.#election.stop()
    this.#watches.endAll('the store has stopped')
    this.#stream.close()
    this.#endpoints.close()
  }

  async txn(
    request: types.TxnRequest,
    options: types.ProposeOptions = {},
  ): Promise<types.StoreResult<types.TxnOutcome>> {
    const { compares, success, failure } = request
    const refused = checkSize(request) ?? checkTxn(compares, success, failure)
    if (refused !== undefined) return refused
    this.#counters.proposals++
    const { fence, timeoutMs } = options
    const key = fence === undefined ? undefined : await this.#fenceKey(fence)
    if (typeof key === 'object') return key
    const fenced = key === undefined ? request : fencedBy(key, fence ?? 0, request)
    const startedAt = this.#options.clock.now()
    const method = isReadOnly(request) ? methods.readOnlyTxn : methods.txn
    const done = await this.#endpoints.call(method, txnToWire(this.#keys, fenced), { timeoutMs })
    if (!done.ok) return this.#withFloor(done)
    this.#commitMs.add(this.#options.clock.now() - startedAt)
    this.#counters.applied++
    const { succeeded } = done.response
    const results = resultsFromWire(this.#keys, fenced, done.response)
    const revision = (done.response.header?.revision ?? 0) as Revision
    if (key === undefined) return { ok: true, succeeded, results, revision }
    const [inner] = results
    if (inner?.type !== 'txn') return this.#fencedOff(fence ?? 0)
    return { ok: true, succeeded: inner.succeeded, results: inner.results, revision }
  }

  async range(op: RangeOp, options: types.ReadOptions = {}): ReturnType<types.Store['range']> {
    if (op.key === '') return invalid(messages.noKey)
    const { serializable = false, timeoutMs } = options
    const request = { ...rangeToWire(this.#keys, op), serializable }
    const calling = { timeoutMs, leaderless: serializable }
    const read = await this.#endpoints.call(methods.range, request, calling)
    if (!read.ok) return this.#withFloor(read)
    const revision = (read.response.header?.revision ?? 0) as Revision
    return { ok: true, range: rangeFromWire(this.#keys, read.response), revision }
  }

  /** All that are asked in one turn share one read of etcd. */
  readIndex(options: { readonly timeoutMs?: number } = {}): ReturnType<types.Store['readIndex']> {
    if (options.timeoutMs !== undefined) return this.#readIndex(options.timeoutMs)
    this.#sharedRead ??= Promise.resolve().then(() => {
      this.#sharedRead = undefined
      return this.#readIndex()
    })
    return this.#sharedRead
  }

  watch(request: types.WatchRequest, handlers: types.WatchHandlers): types.Watch {
    return this.#watches.add(request, handlers)
  }

  async compact(
    revision: number,
    options: types.ProposeOptions = {},
  ): ReturnType<types.Store['compact']> {
    const refused = await this.#checkFence(options.fence)
    if (refused !== undefined) return refused
    const { timeoutMs } = options
    const done = await this.#endpoints.call(methods.compact, { revision }, { timeoutMs })
    if (!done.ok) return this.#withFloor(done)
    this.#floor = Math.max(this.#floor, revision)
    return { ok: true, revision: (done.response.header?.revision ?? 0) as Revision }
  }

  async leaseGrant(
    ttlSeconds: number,
    id?: LeaseId,
    options: types.ProposeOptions = {},
  ): ReturnType<types.Store['leaseGrant']> {
    const { prng } = this.#options
    const wanted = id || newLeaseId(prng)
    const refused = checkLease(wanted, ttlSeconds) ?? (await this.#checkFence(options.fence))
    if (refused !== undefined) return refused
    const request = { ttl: ttlSeconds, id: wanted }
    const { timeoutMs } = options
    const done = await this.#endpoints.call(methods.leaseGrant, request, { timeoutMs })
    return done.ok ? { ok: true, id: wanted } : done
  }

  async leaseKeepAlive(id: LeaseId): ReturnType<types.Store['leaseKeepAlive']> {
    const done = await this.#endpoints.call(methods.leaseKeepAlive, { id })
    if (!done.ok) return done
    const { ttl } = done.response
    return ttl > 0 ? { ok: true, ttlSeconds: ttl } : invalid(messages.leaseNotFound)
  }

  async leaseRevoke(
    id: LeaseId,
    options: types.ProposeOptions = {},
  ): ReturnType<types.Store['leaseRevoke']> {
    const refused = await this.#checkFence(options.fence)
    if (refused !== undefined) return refused
    const { timeoutMs } = options
    const done = await this.#endpoints.call(methods.leaseRevoke, { id }, { timeoutMs })
    return done.ok ? { ok: true } : done
  }

  /** Of this cluster, not of etcd: the leader gives up its place in the queue. */
  transferLeadership(to?: string): Promise<types.StoreResult<object>> {
    return this.#election.transfer(to)
  }

  async status(options: { readonly hash?: boolean } = {}): Promise<types.StoreStatus> {
    const { leadership, inTouch, elections } = this.#election
    const figures = await this.#figures.read()
    const status = statusOf(
      {
        ...{ id: this.#options.id, leadership, inTouch, floor: this.#floor },
        revision: this.#watches.position || this.#endpoints.revision,
        watchers: this.#watches.size,
        counters: { ...this.#counters, elections },
        commitMs: this.#commitMs.percentiles(),
      },
      figures,
    )
    if (!options.hash) return status
    const { revision } = status
    const hashed = await this.#endpoints.call(methods.hashKv, { revision })
    if (!hashed.ok) return status
    return { ...status, hash: hashed.response.hash.toString(16).padStart(8, '0') }
  }

  onLeadership(listener: (leadership: types.Leadership) => void): () => void {
    return this.#election.onLeadership(listener)
  }

  setMainThreadStalled(stalled: boolean): void {
    this.#election.setPassive(stalled)
  }

  peerLost(id: string): void {
    void this.#election.depose(id)
  }

  async #readIndex(timeoutMs?: number): ReturnType<types.Store['readIndex']> {
    // A linearizable read of a key that is not there: its header is what is wanted.
    const request = { key: this.#keys.toWire(electionPrefix), countOnly: true }
    const read = await this.#endpoints.call(methods.range, request, { timeoutMs })
    if (!read.ok) return read
    return { ok: true, revision: (read.response.header?.revision ?? 0) as Revision }
  }

  async #untilKnown(): Promise<void> {
    while (!this.#stopped && this.#endpoints.revision === 0) await this.#readIndex(greetingMs)
  }

  /** The key whose create revision is the fence's term, or the failure when there is none. */
  async #fenceKey(fence: types.Term): Promise<Key | types.StoreFailure> {
    const known = this.#election.keyOf(fence)
    if (known === 'over') return this.#fencedOff(fence)
    if (known !== undefined) return known
    const read = await this.range({
      ...{ type: 'range', key: electionPrefix, rangeEnd: `${electionPrefix.slice(0, -1)}0` },
      ...{ minCreateRevision: fence, maxCreateRevision: fence },
    })
    if (!read.ok) return read
    return read.range.kvs[0]?.key ?? this.#fencedOff(fence)
  }

  /** For what can't be part of a transaction: the fence holds when it is looked at. */
  async #checkFence(fence: types.Term | undefined): Promise<types.StoreFailure | undefined> {
    if (fence === undefined) return undefined
    const key = await this.#fenceKey(fence)
    if (typeof key === 'object') return key
    const read = await this.range({ type: 'range', key, keysOnly: true })
    if (!read.ok) return read
    return read.range.kvs[0]?.createRevision === fence ? undefined : this.#fencedOff(fence)
  }

  #fencedOff(fence: types.Term): types.StoreFailure {
    this.#counters.fenced++
    const { term } = this.#election.leadership
    const message = `the write is fenced: it belongs to term ${fence}, this is term ${term}`
    return { ok: false, why: 'fenced', message }
  }

  /** etcd does not say how far it was compacted. */
  async #withFloor(failure: types.StoreFailure): Promise<types.StoreFailure> {
    if (failure.why !== 'compacted') return failure
    this.#floor = Math.max(this.#floor, await askFloor(this.#stream, this.#options.clock))
    return compacted(this.#floor as Revision)
  }
}

/** Carried out only while the fence's key is as it was; nested, so that it is told apart. */
function fencedBy(key: Key, term: types.Term, request: types.TxnRequest): types.TxnRequest {
  return {
    compares: [{ key, target: 'create', op: '=', operand: term }],
    success: [{ type: 'txn', ...request }],
    failure: [],
  }
}

function isReadOnly({ success, failure }: types.TxnRequest): boolean {
  const reads = (op: Op) => op.type === 'range' || (op.type === 'txn' && isReadOnly(op))
  return success.every(reads) && failure.every(reads)
}
