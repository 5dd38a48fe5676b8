/** The time between two successful writes, which is what a failover costs. Pure. */
export class Stopwatch {
  #last: number | undefined
  #longest = 0
  #sinceMark = 0

  /** A write succeeded at `nowMs`. */
  success(nowMs: number): void {
    if (this.#last !== undefined) {
      const gap = nowMs - this.#last
      this.#longest = Math.max(this.#longest, gap)
      this.#sinceMark = Math.max(this.#sinceMark, gap)
    }
    this.#last = nowMs
  }

  /** Begins a new measurement, such as at a fault. */
  mark(): void {
    this.#sinceMark = 0
  }

  /** Longest gap that ended since the last mark. */
  get gapMs(): number {
    return this.#sinceMark
  }

  get longestMs(): number {
    return this.#longest
  }

  sinceLast(nowMs: number): number {
    return this.#last === undefined ? 0 : nowMs - this.#last
  }
}
