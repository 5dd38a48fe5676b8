import type { LeaseId } from '../mvcc/types.ts'
import type { Command } from './command.ts'
import type { Machine } from './machine.ts'

/** Revocations that may be under way at once. Source: etcd leaseRevokeRate. */
const expiringMax = 256

/**
 * When the leases end. Only the leader counts, and what ends them is a proposal of its own; at an
 * election all of them get their full time again, as etcd's do.
 */
export class Lessor {
  readonly #deadlines = new Map<LeaseId, number>()
  readonly #expiring = new Set<LeaseId>()

  /** This member leads from now on. */
  begin(machine: Machine, now: number): void {
    this.end()
    for (const { id, ttlSeconds } of machine.mvcc.leases.all()) {
      this.#deadlines.set(id, now + ttlSeconds * 1000)
    }
  }

  end(): void {
    this.#deadlines.clear()
    this.#expiring.clear()
  }

  onApplied({ action }: Command, machine: Machine, now: number): void {
    if (action.type === 'revoke') {
      this.#deadlines.delete(action.id)
      this.#expiring.delete(action.id)
    }
    if (action.type !== 'grant' && action.type !== 'keep-alive') return
    const lease = machine.mvcc.leases.get(action.id)
    if (lease !== undefined) this.#deadlines.set(action.id, now + lease.ttlSeconds * 1000)
  }

  /** Milliseconds until the lease ends; undefined when there is none. */
  remainingMs(id: LeaseId, now: number): number | undefined {
    const deadline = this.#deadlines.get(id)
    return deadline === undefined ? undefined : Math.max(0, deadline - now)
  }

  /** Leases to revoke now; each is given once until `failed`. */
  takeExpired(now: number): LeaseId[] {
    const expired: LeaseId[] = []
    for (const [id, deadline] of this.#deadlines) {
      if (this.#expiring.size >= expiringMax) break
      if (deadline > now || this.#expiring.has(id)) continue
      this.#expiring.add(id)
      expired.push(id)
    }
    return expired
  }

  /** The proposal had no result: the lease is up again. */
  failed(id: LeaseId): void {
    this.#expiring.delete(id)
  }
}
