import { proposeTimeoutMs } from '../kernel/limits.ts'
import type { Input, ReadState } from '../raft/types.ts'
import { firstIdOf } from './incarnation.ts'
import { limits } from './options.ts'
import type { Host } from './proposer.ts'
import type { StoreFailure } from './types.ts'

/** A read may be served now from the own state machine, or not at all. */
export type ReadPermit = { readonly ok: true } | StoreFailure

interface Waiter {
  readonly deadline: number
  readonly resolve: (permit: ReadPermit) => void
}

interface Batch {
  readonly waiters: Waiter[]
  sentAt: number
}

/** Linearizable reads: all that arrive in one turn share one question to the leader. */
export class Reader {
  readonly #host: Host
  #fresh: Waiter[] = []
  readonly #asked = new Map<number, Batch>()
  #confirmed: { readonly index: number; readonly waiters: Waiter[] }[] = []
  #lastId: number
  #waiting = 0

  constructor(host: Host, incarnation: number) {
    this.#host = host
    this.#lastId = firstIdOf(incarnation)
  }

  /** Resolves when the own state machine has everything that was committed before the call. */
  permit(timeoutMs = proposeTimeoutMs): Promise<ReadPermit> {
    if (this.#waiting >= limits.pendingMax) return Promise.resolve(noLeader)
    const deadline = this.#host.clock.now() + timeoutMs
    this.#waiting++
    return new Promise(resolve => {
      this.#fresh.push({ deadline, resolve })
      this.#host.wake()
    })
  }

  /** The input that asks for the new reads, if there are any and somebody to ask. */
  takeInput(): Input | undefined {
    if (this.#fresh.length === 0 || this.#host.core.leader === null) return undefined
    const id = ++this.#lastId
    this.#asked.set(id, { waiters: this.#fresh, sentAt: this.#host.clock.now() })
    this.#fresh = []
    return { type: 'read', id }
  }

  onReadStates(states: readonly ReadState[]): void {
    for (const { id, index } of states) {
      const batch = this.#asked.get(id)
      if (batch === undefined) continue
      if (index < 0) {
        // The one asked doesn't lead: the next tick asks again, if no leader shows before.
        batch.sentAt = Number.NEGATIVE_INFINITY
        continue
      }
      this.#asked.delete(id)
      this.#confirmed.push({ index, waiters: batch.waiters })
    }
  }

  /** Everything up to `applied` is applied. */
  onApplied(applied: number): void {
    if (this.#confirmed.length === 0) return
    const ready = this.#confirmed.filter(({ index }) => index <= applied)
    if (ready.length === 0) return
    this.#confirmed = this.#confirmed.filter(({ index }) => index > applied)
    for (const { waiters } of ready)
      for (const waiter of waiters) this.#settle(waiter, { ok: true })
  }

  /** Another leader: whom the old one owes an answer, the new one is asked. */
  leaderChanged(): void {
    for (const id of [...this.#asked.keys()]) this.#again(id)
  }

  tick(now: number): void {
    for (const [id, { sentAt }] of this.#asked) {
      if (sentAt + this.#host.timings.retryMs <= now) this.#again(id)
    }
    this.#fresh = this.#withoutLate(this.#fresh, now)
    for (const batch of this.#confirmed) {
      batch.waiters.splice(0, batch.waiters.length, ...this.#withoutLate(batch.waiters, now))
    }
  }

  endAll(): void {
    this.leaderChanged()
    for (const waiter of this.#fresh) this.#settle(waiter, noLeader)
    this.#fresh = []
  }

  #again(id: number): void {
    const batch = this.#asked.get(id)
    if (batch === undefined) return
    this.#asked.delete(id)
    this.#fresh.push(...batch.waiters)
  }

  #withoutLate(waiters: Waiter[], now: number): Waiter[] {
    if (!waiters.some(({ deadline }) => deadline <= now)) return waiters
    for (const waiter of waiters) if (waiter.deadline <= now) this.#settle(waiter, noLeader)
    return waiters.filter(({ deadline }) => deadline > now)
  }

  #settle(waiter: Waiter, permit: ReadPermit): void {
    this.#waiting--
    waiter.resolve(permit)
  }
}

const noLeader: StoreFailure = {
  ok: false,
  why: 'unavailable',
  message: 'etcdserver: no leader confirmed the read in time',
}
