import { type Cancel, type Clock, systemClock } from '../kernel/clock.ts'
import { silentLogger } from '../kernel/logger.ts'
import { messages } from '../mvcc/check.ts'
import { Mvcc } from '../mvcc/mvcc.ts'
import type { LeaseId } from '../mvcc/types.ts'
import { checkSize } from './request.ts'
import type * as types from './types.ts'
import { Watchers } from './watchers.ts'

/**
 * A store of one process, in memory, without log or peers: always leader, at term 1. For tests of
 * what stands on a store. Leases expire by `clock`.
 */
export function createLocalStore(clock: Clock = systemClock): types.Store {
  return new LocalStore(clock)
}

const term = 1

class LocalStore implements types.Store {
  readonly #clock: Clock
  readonly #mvcc = new Mvcc()
  readonly #watchers = new Watchers(() => this.#mvcc, queueMicrotask, silentLogger)
  readonly #expiries = new Map<LeaseId, Cancel>()
  #lastLease = 0
  #applied = 0
  #fenced = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  async txn(
    request: types.TxnRequest,
    options: types.ProposeOptions = {},
  ): Promise<types.StoreResult<types.TxnOutcome>> {
    const refused = checkSize(request) ?? this.#checkFence(options)
    if (refused !== undefined) return refused
    this.#applied++
    const done = this.#mvcc.txn(request)
    this.#watchers.flushLater()
    return done
  }

  async range(op: Parameters<types.Store['range']>[0]): ReturnType<types.Store['range']> {
    const read = this.#mvcc.range(op)
    return read.ok ? { ...read, revision: this.#mvcc.revision } : read
  }

  async readIndex(): ReturnType<types.Store['readIndex']> {
    return { ok: true, revision: this.#mvcc.revision }
  }

  watch(request: types.WatchRequest, handlers: types.WatchHandlers): types.Watch {
    return this.#watchers.add(request, handlers)
  }

  async compact(
    revision: number,
    options: types.ProposeOptions = {},
  ): ReturnType<types.Store['compact']> {
    const done = this.#checkFence(options) ?? this.#mvcc.compact(revision)
    while (!this.#mvcc.isSwept) this.#mvcc.sweep(Number.MAX_SAFE_INTEGER)
    return done.ok ? { ok: true, revision: this.#mvcc.revision } : done
  }

  async leaseGrant(ttlSeconds: number, id?: LeaseId): ReturnType<types.Store['leaseGrant']> {
    const given = id || ++this.#lastLease
    const done = this.#mvcc.grant(given, ttlSeconds)
    if (!done.ok) return done
    this.#expireLater(given, ttlSeconds)
    return { ok: true, id: given }
  }

  async leaseKeepAlive(id: LeaseId): ReturnType<types.Store['leaseKeepAlive']> {
    const lease = this.#mvcc.leases.get(id)
    if (lease === undefined) return { ok: false, why: 'invalid', message: messages.leaseNotFound }
    this.#expireLater(id, lease.ttlSeconds)
    return { ok: true, ttlSeconds: lease.ttlSeconds }
  }

  async leaseRevoke(id: LeaseId): ReturnType<types.Store['leaseRevoke']> {
    this.#expiries.get(id)?.()
    this.#expiries.delete(id)
    const done = this.#mvcc.revoke(id)
    this.#watchers.flushLater()
    return done
  }

  async transferLeadership(): ReturnType<types.Store['transferLeadership']> {
    return { ok: false, why: 'invalid', message: 'a local store has no other member' }
  }

  async status(options: { readonly hash?: boolean } = {}): Promise<types.StoreStatus> {
    const none = { p50: 0, p99: 0 }
    const status: types.StoreStatus = {
      ...{ id: 'local', role: 'leader', term, vote: 'local', leader: 'local' },
      ...{ firstIndex: 1, lastIndex: this.#applied },
      ...{ commit: this.#applied, applied: this.#applied },
      revision: this.#mvcc.revision,
      compactRevision: this.#mvcc.floor,
      voters: ['local'],
      learners: [],
      replication: [],
      dbBytes: this.#mvcc.bytes,
      walBytes: 0,
      watchers: this.#watchers.size,
      leases: this.#mvcc.leases.size,
      counters: {
        ...{ proposals: this.#applied, applied: this.#applied, fenced: this.#fenced },
        ...{ duplicates: 0, elections: 1, fsyncs: 0, refusedFrames: 0 },
      },
      fsyncMs: none,
      commitMs: none,
      tickLateMs: { p99: 0, max: 0 },
      alarms: [],
    }
    return options.hash ? { ...status, hash: this.#mvcc.hash() } : status
  }

  onLeadership(listener: (leadership: types.Leadership) => void): () => void {
    listener({ leading: true, term, revision: this.#mvcc.revision })
    return () => {}
  }

  #checkFence(options: types.ProposeOptions): types.StoreFailure | undefined {
    if (options.fence === undefined || options.fence === term) return undefined
    this.#fenced++
    return { ok: false, why: 'fenced', message: `fence ${options.fence} is not term ${term}` }
  }

  #expireLater(id: LeaseId, ttlSeconds: number): void {
    this.#expiries.get(id)?.()
    const revoke = () => void this.leaseRevoke(id)
    this.#expiries.set(id, this.#clock.after(ttlSeconds * 1000, revoke))
  }
}
