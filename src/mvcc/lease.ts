import { finish, mixInteger, type SetHash } from './hash.ts'
import type { Key, LeaseId } from './types.ts'

/** A lease as replicated state: its remaining time is the leader's affair, not part of it. */
export interface Lease {
  readonly id: LeaseId
  readonly ttlSeconds: number
  readonly keys: ReadonlySet<Key>
}

/** Leases and the live keys attached to them. */
export class Leases {
  readonly #leases = new Map<LeaseId, { id: LeaseId; ttlSeconds: number; keys: Set<Key> }>()
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

  grant(id: LeaseId, ttlSeconds: number): void {
    this.#leases.set(id, { id, ttlSeconds, keys: new Set() })
    this.#hash.add(leaseHash(id, ttlSeconds, 1), leaseHash(id, ttlSeconds, 2))
  }

  remove(id: LeaseId): void {
    const lease = this.#leases.get(id)
    if (lease === undefined) return
    this.#leases.delete(id)
    this.#hash.remove(leaseHash(id, lease.ttlSeconds, 1), leaseHash(id, lease.ttlSeconds, 2))
  }

  attach(id: LeaseId, key: Key): void {
    if (id !== 0) this.#leases.get(id)?.keys.add(key)
  }

  detach(id: LeaseId, key: Key): void {
    if (id !== 0) this.#leases.get(id)?.keys.delete(key)
  }
}

function leaseHash(id: LeaseId, ttlSeconds: number, lane: number): number {
  return finish(mixInteger(mixInteger(lane, id), ttlSeconds))
}
