import type { Clock } from '../../kernel/clock.ts'
import type { LeaseId } from '../../mvcc/types.ts'
import type { Store } from '../../store/types.ts'
import { storeFailure } from './failures.ts'

/** How long objects share one lease: their lives differ by at most so much. */
const reuseMs = 60_000
/** Objects on one lease: its end deletes them all in one transaction. */
const objectsMax = 1000

interface Shared {
  readonly id: Promise<LeaseId>
  readonly until: number
  objects: number
}

/**
 * Leases of the store for objects that vanish by themselves. Many objects share one, as upstream:
 * a lease an event would be a write more for each.
 * Source: apiserver pkg/storage/etcd3/lease_manager.go.
 */
export class SharedLeases {
  readonly #store: Store
  readonly #clock: Clock
  readonly #current = new Map<number, Shared>()

  constructor(store: Store, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** A lease that ends not before `ttlSeconds` from now. @throws StatusError 503, 504 */
  async leaseFor(ttlSeconds: number | undefined): Promise<LeaseId | undefined> {
    if (ttlSeconds === undefined) return undefined
    let shared = this.#current.get(ttlSeconds)
    if (shared === undefined || shared.until < this.#clock.now() || shared.objects >= objectsMax) {
      shared = { id: this.#grant(ttlSeconds), until: this.#clock.now() + reuseMs, objects: 0 }
      this.#current.set(ttlSeconds, shared)
    }
    shared.objects++
    try {
      return await shared.id
    } catch (error) {
      this.#current.delete(ttlSeconds)
      throw error
    }
  }

  async #grant(ttlSeconds: number): Promise<LeaseId> {
    const granted = await this.#store.leaseGrant(ttlSeconds + reuseMs / 1000)
    if (!granted.ok) throw storeFailure(granted)
    return granted.id
  }
}
