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

/** The leader's clockwork of compactions; a new leader begins to count anew, as etcd's does. */
export class Compactor {
  readonly #options: CompactorOptions
  readonly #clock: Clock
  readonly #host: CompactorHost
  #samples: { readonly at: number; readonly revision: number }[] = []
  #compacted = 0
  #lookedAt: number | undefined

  constructor(options: CompactorOptions, clock: Clock, host: CompactorHost) {
    this.#options = options
    this.#clock = clock
    this.#host = host
  }

  reset(): void {
    this.#samples = []
    this.#lookedAt = undefined
  }

  tick(now: number): void {
    const { mode, retention } = this.#options
    if (mode === 'off') return
    this.#lookedAt ??= this.#clock.now()
    const everyMs = mode === 'revision' ? revisionCheckMs : retention / samplesPerRetention
    if (now - this.#lookedAt < everyMs) return
    this.#lookedAt = now
    if (mode === 'revision') this.#compactTo(this.#host.revision() - retention, revisionsMin)
    else this.#tickPeriodic(now, retention)
  }

  #tickPeriodic(now: number, retention: number): void {
    this.#samples.push({ at: now, revision: this.#host.revision() })
    const old = this.#samples.filter(({ at }) => now - at >= retention)
    const newest = old.at(-1)
    if (newest === undefined) return
    this.#samples = this.#samples.filter(({ at }) => at > newest.at)
    this.#compactTo(newest.revision, 1)
  }

  #compactTo(revision: number, min: number): void {
    if (revision - this.#compacted < min) return
    this.#compacted = revision
    this.#host.compact(revision)
  }
}
