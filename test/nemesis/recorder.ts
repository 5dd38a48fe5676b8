import type { LeaseRecord } from '../linearizability/lease.ts'
import type { RegisterInput, RegisterOutput } from '../linearizability/register.ts'
import type { Answer } from '../linearizability/revisions.ts'
import type { TxnInput, TxnOutput } from '../linearizability/txn.ts'
import type { Operation } from '../linearizability/types.ts'
import type { KnownWrite, WatchRecord } from '../linearizability/watch.ts'

/** A lease's record while it grows. */
export type GrowingLease = {
  -readonly [K in keyof LeaseRecord]: LeaseRecord[K] extends readonly (infer T)[]
    ? T[]
    : LeaseRecord[K]
}

/**
 * All that the clients of one round have seen. A round has keys of its own, below its prefix, so
 * that its history is whole, and forgotten after it was checked: memory stays bounded.
 */
export class Recorder {
  /** Keys of the round begin with it. */
  readonly prefix: string
  readonly registers: Operation<RegisterInput, RegisterOutput>[] = []
  readonly txns: Operation<TxnInput, TxnOutput>[] = []
  readonly answers: Answer[] = []
  readonly writes: KnownWrite[] = []
  readonly leases: GrowingLease[] = []
  readonly watches: WatchRecord[] = []
  /** Compactions went up to here. */
  compacted = 0
  readonly counts = { acknowledged: 0, refused: 0, unknown: 0 }
  /** When writes were acknowledged: gaps between them are what clients suffer. */
  readonly acknowledgedAt: number[] = []

  constructor(prefix: string) {
    this.prefix = prefix
  }

  /** Highest revision that anybody was told of. */
  get revision(): number {
    return this.answers.reduce((highest, { revision }) => Math.max(highest, revision), 0)
  }

  /** Longest time without an acknowledged write in [from, to], milliseconds. */
  gapMs(from: number, to: number): number {
    const inside = this.acknowledgedAt.filter(at => at >= from && at <= to)
    const times = [from, ...inside.sort((left, right) => left - right), to]
    return Math.max(...times.slice(1).map((at, before) => at - times[before]!))
  }
}
