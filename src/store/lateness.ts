/** What is looked back on: one to two of these. */
const windowMs = 10_000

/** The two largest of one window; the second one is what comes again. */
interface Window {
  first: number
  second: number
}

const none: Window = { first: 0, second: 0 }

/**
 * How late this thread has been lately, for the core's timeouts: on a busy machine whatever is
 * waited for is as late. What has happened once says nothing of the next time, and so the second
 * longest counts; and who was away for longer than `asleepMs` was stopped, and is not busy.
 */
export class Lateness {
  readonly #asleepMs: number
  #before: Window = none
  #now: Window = { ...none }
  #began = Number.NEGATIVE_INFINITY

  constructor(asleepMs: number) {
    this.#asleepMs = asleepMs
  }

  /** A tick at `now` came `lateMs` too late. */
  add(now: number, lateMs: number): void {
    this.#turn(now)
    if (lateMs > this.#asleepMs) return
    const window = this.#now
    if (lateMs > window.first) {
      window.second = window.first
      window.first = lateMs
    } else if (lateMs > window.second) window.second = lateMs
  }

  /** Milliseconds. */
  recentMs(now: number): number {
    this.#turn(now)
    return Math.max(this.#before.second, this.#now.second)
  }

  #turn(now: number): void {
    const age = now - this.#began
    if (age < windowMs) return
    this.#before = age < 2 * windowMs ? this.#now : none
    this.#now = { ...none }
    this.#began = now
  }
}
