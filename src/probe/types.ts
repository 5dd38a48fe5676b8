/** What became of one write. `unknown`: the connection broke after it was sent. */
export type Outcome = 'acknowledged' | 'unknown' | 'failed'

/** Counts of one kind of request since the probe began. */
export interface Tally {
  readonly acknowledged: number
  readonly unknown: number
  readonly failed: number
  /** Attempts that were repeated safely: refused connections, 503 with Retry-After, conflicts. */
  readonly retried: number
}

/** What the probe has seen so far. Times in milliseconds. */
export interface ProbeReport {
  readonly creates: Tally
  readonly increments: Tally
  readonly reads: Tally
  /** Longest time between two successful writes, of all writers together. */
  readonly longestGapMs: number
  /** Time since the last successful write. */
  readonly sinceWriteMs: number
  /** The last failures' texts, at most ten. */
  readonly failures: readonly string[]
}

/** The judge's answer: what was acknowledged against what is there. */
export interface Verdict {
  /** Acknowledged objects that are missing, plus acknowledged increments that the counter lacks. */
  readonly lost: number
  /** Objects or increments that nobody asked for. */
  readonly duplicated: number
  /** Writes of unknown outcome that turned out to be there. */
  readonly unknownApplied: number
  readonly objects: number
  readonly acknowledged: number
  readonly unknown: number
  readonly counter: number
  readonly incrementsAcknowledged: number
  readonly incrementsUnknown: number
  readonly ok: boolean
}
