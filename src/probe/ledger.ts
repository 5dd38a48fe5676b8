import type { Outcome, Tally } from './types.ts'

/** Counts by outcome; the marks of creates are kept, so that each can be looked for. */
export class Ledger {
  readonly acknowledged = new Set<string>()
  readonly unknown = new Set<string>()
  #failed = 0
  #retried = 0
  #acknowledgedCount = 0
  #unknownCount = 0

  /** `mark` identifies a write that leaves an object of its own. */
  record(outcome: Outcome, mark?: string): void {
    if (outcome === 'acknowledged') this.#acknowledgedCount++
    if (outcome === 'unknown') this.#unknownCount++
    if (outcome === 'failed') this.#failed++
    if (mark === undefined) return
    if (outcome === 'acknowledged') this.acknowledged.add(mark)
    if (outcome === 'unknown') this.unknown.add(mark)
  }

  retried(): void {
    this.#retried++
  }

  get tally(): Tally {
    return {
      acknowledged: this.#acknowledgedCount,
      unknown: this.#unknownCount,
      failed: this.#failed,
      retried: this.#retried,
    }
  }
}
