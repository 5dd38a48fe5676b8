import { finish, mixInteger, type SetHash } from './hash.ts'
import { IdMap } from './idmap.ts'
import type { Key, LeaseId } from './types.ts'

/** A lease as replicated state: its remaining time is the leader's affair, not part of it. */
export interface Lease {
  readonly id: LeaseId
  readonly ttlSeconds: number
  /** Times it was renewed: whoever ends it for its age says which one was the last. */
  readonly renewals: number
  readonly keys: ReadonlySet<Key>
}

interface Kept {
  readonly id: LeaseId
  readonly ttlSeconds: number
  renewals: number
  keys: Set<Key>
}

/** Of all leases without keys, or those of 200,000 would be most of what they weigh. */
const noKeys = new Set<Key>()

/** Leases and the live keys attached to them. */
export class Leases {
  readonly #leases = new IdMap<Kept>()
  readonly #hash: SetHash

  constructor(hash: SetHash) {
    this.#hash = hash
  }

  get size(): number {
    return this.#leases.size
  }

  get(id: LeaseId): Lease | undefined {
    return this.#leases.get(id)
  }

  all(): Lease[] {
    return [...this.#leases.values()]
  }

  /** As `all`, one after the other; changes meanwhile are allowed. */
  values(): IterableIterator<Lease> {
    return this.#leases.values()
  }

  grant(id: LeaseId, ttlSeconds: number, renewals = 0): void {
    this.#leases.set(id, { id, ttlSeconds, renewals, keys: noKeys })
    this.#hash.add(leaseHash(id, ttlSeconds, 1), leaseHash(id, ttlSeconds, 2))
  }

  /** Counts a renewal; undefined when there is no such lease. */
  renew(id: LeaseId): Lease | undefined {
    const lease = this.#leases.get(id)
    if (lease !== undefined) lease.renewals++
    return lease
  }

  remove(id: LeaseId): void {
    const lease = this.#leases.get(id)
    if (lease === undefined) return
    this.#leases.delete(id)
    this.#hash.remove(leaseHash(id, lease.ttlSeconds, 1), leaseHash(id, lease.ttlSeconds, 2))
  }

  attach(id: LeaseId, key: Key): void {
    const lease = id === 0 ? undefined : this.#leases.get(id)
    if (lease === undefined) return
    if (lease.keys === noKeys) lease.keys = new Set()
    lease.keys.add(key)
  }

  detach(id: LeaseId, key: Key): void {
    const lease = id === 0 ? undefined : this.#leases.get(id)
    if (lease?.keys.delete(key) && lease.keys.size === 0) lease.keys = noKeys
  }
}

function leaseHash(id: LeaseId, ttlSeconds: number, lane: number): number {
  return finish(mixInteger(mixInteger(lane, id), ttlSeconds))
}
