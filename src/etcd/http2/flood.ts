import type { Clock } from '../../kernel/clock.ts'
import { ConnectionError } from './codes.ts'

/**
 * What a client may do how often in ten seconds. Each costs us something and the client next to
 * nothing: resets (rapid reset, CVE-2023-44487), pings and settings that want an answer
 * (CVE-2019-9512, -9515), frames without content (CVE-2019-9518), priorities nobody looks at, and
 * windows that are opened although nothing has come through them.
 */
const budgets = { reset: 5_000, answer: 5_000, empty: 10_000, ignored: 10_000, window: 10_000 }
const windowMs = 10_000

/** Counts what a connection could be flooded with. */
export class Flood {
  readonly #clock: Clock
  #since: number
  #spent = nothingSpent()

  constructor(clock: Clock) {
    this.#clock = clock
    this.#since = clock.now()
  }

  /** @throws ConnectionError when there is too much of it. */
  count(what: keyof typeof budgets): void {
    if (++this.#spent[what] <= budgets[what]) return
    const now = this.#clock.now()
    if (now - this.#since < windowMs) {
      throw new ConnectionError('enhanceYourCalm', `too many frames: ${what}`)
    }
    this.#since = now
    this.#spent = nothingSpent()
  }

  /** A DATA frame has left: the client may open its window and the connection's once more. */
  sent(): void {
    this.#spent.window -= 2
    if (this.#spent.window < 0) this.#spent.window = 0
  }
}

function nothingSpent(): Record<keyof typeof budgets, number> {
  return { reset: 0, answer: 0, empty: 0, ignored: 0, window: 0 }
}
