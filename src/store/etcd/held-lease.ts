import type { Cancel, Clock } from '../../kernel/clock.ts'
import type { LeaseId } from '../../mvcc/types.ts'
import type { StoreResult } from '../types.ts'

/** Renewals in the life of a lease: three may fail before it is lost. */
const renewalsPerTtl = 4
/**
 * How long before its end at the server a lease is over here: for clocks that run at different
 * speeds, and for stopping what may only run under it. Its time at the server begins after ours,
 * which counts from the moment the renewal was sent.
 */
const marginMs = 300

/** What a held lease asks of etcd. */
export interface LeaseCalls {
  grant(ttlSeconds: number): Promise<StoreResult<{ readonly id: LeaseId; ttlSeconds: number }>>
  renew(id: LeaseId, timeoutMs: number): Promise<StoreResult<{ readonly ttlSeconds: number }>>
}

/**
 * A lease that is renewed as long as this process can. It is over here before it can be over at
 * the server, on the monotonic clock: whoever stops in time has nothing to be fenced for.
 */
export class HeldLease {
  readonly id: LeaseId
  readonly #calls: LeaseCalls
  readonly #clock: Clock
  readonly #onLost: () => void
  #cancelRenewal: Cancel = () => {}
  #cancelEnd: Cancel = () => {}
  #deadline = 0
  #over = false

  private constructor(id: LeaseId, calls: LeaseCalls, clock: Clock, onLost: () => void) {
    this.id = id
    this.#calls = calls
    this.#clock = clock
    this.#onLost = onLost
  }

  /** Undefined when etcd grants none now. `onLost` is called once, unless `release` came first. */
  static async take(
    calls: LeaseCalls,
    clock: Clock,
    ttlSeconds: number,
    onLost: () => void,
  ): Promise<HeldLease | undefined> {
    const sentAt = clock.now()
    const granted = await calls.grant(ttlSeconds)
    if (!granted.ok) return undefined
    const lease = new HeldLease(granted.id, calls, clock, onLost)
    lease.#extend(sentAt, granted.ttlSeconds)
    return lease.isOver ? undefined : lease
  }

  /** True once it may have ended, whether the timer that says so has run or not. */
  get isOver(): boolean {
    return this.#over || this.#clock.now() >= this.#deadline
  }

  /** No more renewals, and nobody is told. */
  release(): void {
    this.#over = true
    this.#cancelRenewal()
    this.#cancelEnd()
  }

  #extend(sentAt: number, ttlSeconds: number): void {
    const ttlMs = ttlSeconds * 1_000
    this.#deadline = sentAt + ttlMs - marginMs
    this.#cancelEnd()
    this.#cancelEnd = this.#clock.after(this.#deadline - this.#clock.now(), () => this.#lose())
    this.#cancelRenewal()
    this.#cancelRenewal = this.#clock.after(ttlMs / renewalsPerTtl, () => void this.#renew())
  }

  async #renew(): Promise<void> {
    const sentAt = this.#clock.now()
    const renewed = await this.#calls.renew(this.id, Math.max(1, this.#deadline - sentAt))
    if (this.#over) return
    if (!renewed.ok) this.#lose()
    else if (renewed.ttlSeconds > 0) this.#extend(sentAt, renewed.ttlSeconds)
  }

  #lose(): void {
    if (this.#over) return
    this.release()
    this.#onLost()
  }
}
