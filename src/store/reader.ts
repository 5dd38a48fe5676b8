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

/** Reads that were asked for together. */
interface Batch {
  waiters: Waiter[]
  /** When it was asked for last; -Infinity: to be asked for again at the next tick. */
  sentAt: number
  /** The next question asks for it, too. */
  isDue: boolean
}

/**
 * Linearizable reads: all that arrive in one turn share one question to the leader. What is not
 * answered is asked again, and the first answer counts, whichever question it is for: each was
 * asked after the reads had come, so on a slow way the first one is answered late, and well.
 */
export class Reader {
  readonly #host: Host
  #fresh: Waiter[] = []
  readonly #open = new Set<Batch>()
  readonly #questions = new Map<number, readonly Batch[]>()
  #confirmed: { readonly index: number; waiters: Waiter[] }[] = []
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

  /** The input that asks for what is new or due, if there is anything, and somebody to ask. */
  takeInput(): Input | undefined {
    if (this.#host.core.leader === null) return undefined
    const now = this.#host.clock.now()
    if (this.#fresh.length > 0) {
      this.#open.add({ waiters: this.#fresh, sentAt: now, isDue: true })
      this.#fresh = []
    }
    const due = [...this.#open].filter(({ isDue }) => isDue)
    if (due.length === 0) return undefined
    for (const batch of due) {
      batch.isDue = false
      batch.sentAt = now
    }
    const id = ++this.#lastId
    this.#questions.set(id, due)
    return { type: 'read', id }
  }

  onReadStates(states: readonly ReadState[]): void {
    for (const { id, index } of states) {
      const batches = this.#questions.get(id) ?? []
      this.#questions.delete(id)
      for (const batch of batches) {
        // The one asked doesn't lead: the next tick asks again, if no leader shows before.
        if (index < 0) batch.sentAt = Number.NEGATIVE_INFINITY
        else if (this.#open.delete(batch)) this.#confirmed.push({ index, waiters: batch.waiters })
      }
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

  /** Another leader: it is asked for what the old one owes an answer. */
  leaderChanged(): void {
    for (const batch of this.#open) batch.isDue = true
  }

  tick(now: number): void {
    this.#fresh = this.#withoutLate(this.#fresh, now)
    for (const batch of this.#confirmed) batch.waiters = this.#withoutLate(batch.waiters, now)
    for (const batch of this.#open) {
      batch.waiters = this.#withoutLate(batch.waiters, now)
      if (batch.waiters.length === 0) this.#open.delete(batch)
      if (batch.sentAt + this.#host.timings.retryMs <= now) batch.isDue = true
    }
    for (const [id, batches] of this.#questions) {
      if (!batches.some(batch => this.#open.has(batch))) this.#questions.delete(id)
    }
  }

  endAll(): void {
    const confirmed = this.#confirmed.flatMap(({ waiters }) => waiters)
    const open = [...this.#open].flatMap(({ waiters }) => waiters)
    for (const waiter of [...this.#fresh, ...open, ...confirmed]) this.#settle(waiter, noLeader)
    this.#fresh = []
    this.#open.clear()
    this.#confirmed = []
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
