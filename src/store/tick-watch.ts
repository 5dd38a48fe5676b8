import { Samples } from './samples.ts'

/** Ticks looked back on: ten seconds at the usual 10 ms. */
const ticksKept = 1_000

/**
 * How late the thread's ticks come: whatever stops the thread, be it a long turn, a garbage
 * collection or a busy machine, shows here. A tick that comes early counts as 0.
 */
export class TickWatch {
  readonly #tickMs: number
  readonly #late = new Samples(ticksKept)
  #lastAt: number | undefined

  constructor(tickMs: number) {
    this.#tickMs = tickMs
  }

  /** The timer has fired. @returns how late it was, ms */
  tick(now: number): number {
    const late = this.#lastAt === undefined ? 0 : Math.max(0, now - this.#lastAt - this.#tickMs)
    if (this.#lastAt !== undefined) this.#late.add(late)
    this.#lastAt = now
    return late
  }

  /** Milliseconds, over the last ticks; zeros before the second one. */
  lateMs(): { readonly p99: number; readonly max: number } {
    return { p99: this.#late.percentiles().p99, max: this.#late.max() }
  }
}
