import type { Clock } from '../kernel/clock.ts'

/**
 * When old revisions are forgotten without being asked. `periodic`: those older than `retention`
 * milliseconds, as kube-apiserver does every five minutes. `revision`: all but the last ones.
 * Source: etcd --auto-compaction-mode, --auto-compaction-retention.
 */
export interface CompactorOptions {
  readonly mode: 'periodic' | 'revision' | 'off'
  readonly retention: number
}

/** Between two looks in mode `revision`. Source: etcd v3compactor revInterval is 5 min. */
const revisionCheckMs = 10_000
/** Revisions that make a compaction worth it in mode `revision`. */
const revisionsMin = 1_000
/** Samples within one retention. */
const samplesPerRetention = 10

interface CompactorHost {
  revision(): number
  compact(revision: number): void
}

/**
 * The clockwork of compactions. Every member notes how old which revision is, and the leader
 * compacts: where leaders change more often than the retention is long, a new one that began to
 * count anew (as etcd's does) would never come to it.
 */
export class Compactor {
  readonly #options: CompactorOptions
  readonly #host: CompactorHost
  /** One that is old enough at most, and then the younger ones. */
  #samples: { readonly at: number; readonly revision: number }[] = []
  #compacted = 0
  #lookedAt: number

  constructor(options: CompactorOptions, clock: Clock, host: CompactorHost) {
    this.#options = options
    this.#host = host
    this.#lookedAt = clock.now()
  }

  /** To be called often, leading or not. */
  tick(now: number, leading: boolean): void {
    const { mode, retention } = this.#options
    if (mode === 'off') return
    const everyMs = mode === 'revision' ? revisionCheckMs : retention / samplesPerRetention
    if (now - this.#lookedAt < everyMs) return
    this.#lookedAt = now
    if (mode === 'periodic') this.#tickPeriodic(now, retention, leading)
    else if (leading) this.#compactTo(this.#host.revision() - retention, revisionsMin)
  }

  #tickPeriodic(now: number, retention: number, leading: boolean): void {
    this.#samples.push({ at: now, revision: this.#host.revision() })
    const newest = this.#samples.findLast(({ at }) => now - at >= retention)
    if (newest === undefined) return
    this.#samples = this.#samples.filter(({ at }) => at >= newest.at)
    if (leading) this.#compactTo(newest.revision, 1)
  }

  #compactTo(revision: number, min: number): void {
    if (revision - this.#compacted < min) return
    this.#compacted = revision
    this.#host.compact(revision)
  }
}
