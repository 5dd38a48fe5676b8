import { IdMap } from '../mvcc/idmap.ts'
import type { Lease } from '../mvcc/lease.ts'
import type { LeaseId } from '../mvcc/types.ts'
import type { Command } from './command.ts'
import { DueQueue, type Timer } from './due-queue.ts'
import type { Machine } from './machine.ts'

/** Revocations that may be under way at once. Source: etcd leaseRevokeRate. */
const expiringMax = 256
/** Leases that get their time in one look: a few milliseconds. */
const takenOverMax = 20_000

/**
 * When the leases end. Only the leader counts, and what ends them is a proposal of its own; at an
 * election all of them get their full time again, as etcd's do. The soonest end is looked at, not
 * all of them; and those of a new leader's inheritance are taken over by and by.
 * Source: etcd server/lease/lessor.go, lease_queue.go.
 */
export class Lessor {
  readonly #timers = new IdMap<Timer>()
  readonly #queue = new DueQueue(timer => this.#timers.get(timer.id) === timer)
  readonly #expiring = new Set<LeaseId>()
  /** What was there at the election and has no timer yet. */
  #inherited: Iterator<Lease> | undefined
  #machine: Machine | undefined
  #begunAt = 0

  /** This member leads from now on. */
  begin(machine: Machine, now: number): void {
    this.end()
    this.#machine = machine
    this.#begunAt = now
    this.#inherited = machine.mvcc.leases.values()
    this.#takeOver()
  }

  end(): void {
    this.#inherited = undefined
    this.#machine = undefined
    this.#timers.clear()
    this.#queue.clear()
    this.#expiring.clear()
  }

  onApplied({ action }: Command, machine: Machine, now: number): void {
    if (action.type === 'revoke') {
      this.#timers.delete(action.id)
      this.#expiring.delete(action.id)
    }
    if (action.type !== 'grant' && action.type !== 'keep-alive') return
    const lease = machine.mvcc.leases.get(action.id)
    if (lease !== undefined) this.#set(lease, now)
  }

  /** Milliseconds until the lease ends; undefined when there is none. */
  remainingMs(id: LeaseId, now: number): number | undefined {
    const dueAt = this.#timers.get(id)?.dueAt ?? this.#inheritedDueAt(id)
    return dueAt === undefined ? undefined : Math.max(0, dueAt - now)
  }

  /** Leases to revoke now; each is given once until `failed`. */
  takeExpired(now: number): LeaseId[] {
    this.#takeOver()
    const expired: LeaseId[] = []
    while (this.#expiring.size < expiringMax) {
      const timer = this.#queue.takeDue(now)
      if (timer === undefined) break
      this.#expiring.add(timer.id)
      expired.push(timer.id)
    }
    return expired
  }

  /** The proposal had no result: the lease is up again. */
  failed(id: LeaseId): void {
    const timer = this.#timers.get(id)
    if (this.#expiring.delete(id) && timer !== undefined) this.#queue.add(timer)
  }

  /** A lease has its full time from `from` on. */
  #set({ id, ttlSeconds }: Lease, from: number): void {
    const dueAt = from + ttlSeconds * 1000
    const known = this.#timers.get(id)
    if (known !== undefined) {
      known.dueAt = dueAt
      return
    }
    const timer: Timer = { id, dueAt, queuedFor: dueAt }
    this.#timers.set(id, timer)
    this.#queue.add(timer)
  }

  #takeOver(): void {
    for (let left = takenOverMax; left > 0 && this.#inherited !== undefined; left--) {
      const next = this.#inherited.next()
      if (next.done) this.#inherited = undefined
      else if (!this.#timers.has(next.value.id)) this.#set(next.value, this.#begunAt)
    }
  }

  #inheritedDueAt(id: LeaseId): number | undefined {
    if (this.#inherited === undefined) return undefined
    const lease = this.#machine?.mvcc.leases.get(id)
    return lease && this.#begunAt + lease.ttlSeconds * 1000
  }
}
