import type { Logger } from '../kernel/logger.ts'
import type { Timings } from './options.ts'
import { SlowDisk } from './slow-disk.ts'

/** Time between two attempts while the main thread doesn't answer. */
const stalledPauseMs = 1_000

/**
 * Says when a leader has to hand over, though it lives: a main thread that does not answer, or a
 * disk that has become slow, must not lead.
 */
export class HandOver {
  readonly #timings: Timings
  readonly #logger: Logger
  readonly #slowDisk: SlowDisk
  #stalled = false
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(timings: Timings, logger: Logger) {
    this.#timings = timings
    this.#logger = logger
    this.#slowDisk = new SlowDisk(timings)
  }

  /** Returns false when nothing has changed. */
  setStalled(stalled: boolean): boolean {
    if (this.#stalled === stalled) return false
    this.#stalled = stalled
    return true
  }

  /** An fsync that ended at `now` took `ms`. */
  synced(now: number, ms: number): void {
    this.#slowDisk.add(now, ms)
  }

  /** This member has begun to lead: it is judged by what it does from now on. */
  begin(): void {
    this.#slowDisk.reset()
  }

  /** True when the leader has to try it now. `fsyncMs` is for the log. */
  isDue(now: number, fsyncMs: () => { readonly p50: number; readonly p99: number }): boolean {
    const isSlow = this.#slowDisk.isSlow(now)
    if (!this.#stalled && !isSlow) return false
    if (now - this.#lastAt < (isSlow ? this.#timings.slowDiskPauseMs : stalledPauseMs)) return false
    this.#lastAt = now
    if (!isSlow) return true
    this.#logger.warn('the disk is slow: leadership moves', fsyncMs())
    this.#slowDisk.reset()
    return true
  }
}
