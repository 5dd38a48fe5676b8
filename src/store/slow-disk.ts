import type { Timings } from './options.ts'

/** Slow fsyncs within `windowMs` that make a disk slow. */
const slowCountMin = 3
const windowMs = 10_000

/**
 * Tells a disk that has become slow: each write of the whole cluster would wait for the leader's,
 * while a majority of others could do without it.
 */
export class SlowDisk {
  readonly #timings: Timings
  #slowAt: number[] = []

  constructor(timings: Timings) {
    this.#timings = timings
  }

  /** An fsync that ended at `now` took `ms`. */
  add(now: number, ms: number): void {
    if (ms < this.#timings.slowDiskMs) return
    this.#slowAt.push(now)
    if (this.#slowAt.length > slowCountMin) this.#slowAt.shift()
  }

  isSlow(now: number): boolean {
    const first = this.#slowAt[0]
    return this.#slowAt.length >= slowCountMin && first !== undefined && now - first < windowMs
  }

  reset(): void {
    this.#slowAt = []
  }
}
