import type { RaftLog } from '../raft/log.ts'

/** After how much a snapshot is taken, and how much of the log stays. */
export interface SnapshotPaceOptions {
  /** Applied entries after which a snapshot is taken. */
  readonly snapshotEveryEntries: number
  /** Bytes of applied entries after which a snapshot is taken, whatever their number. */
  readonly snapshotEveryBytes: number
  /** Index of the snapshot on the disk. */
  readonly snapshotIndex: number
}

/** When the next snapshot is due. */
export class SnapshotPace {
  readonly #options: SnapshotPaceOptions
  #index: number
  #bytes = 0

  constructor(options: SnapshotPaceOptions) {
    this.#options = options
    this.#index = options.snapshotIndex
  }

  /** An entry with this many bytes was applied. */
  add(bytes: number): void {
    this.#bytes += bytes
  }

  taken(index: number): void {
    this.#index = index
    this.#bytes = 0
  }

  /** A large store is not written anew for each small piece of log. */
  isDue(applied: number, storeBytes: number): boolean {
    const { snapshotEveryEntries, snapshotEveryBytes } = this.#options
    const entries = applied - this.#index
    if (entries <= 0) return false
    return (
      entries >= snapshotEveryEntries || this.#bytes >= Math.max(snapshotEveryBytes, storeBytes)
    )
  }

  /** Slow followers are served from a tail of the log: as much as half of what makes a snapshot. */
  tailStart(log: RaftLog, index: number): number {
    let entries = this.#options.snapshotEveryEntries >> 1
    let bytes = this.#options.snapshotEveryBytes >> 1
    let at = index
    while (at > log.offset && entries-- > 0 && bytes > 0) {
      bytes -= log.get(at)?.data.length ?? 0
      at--
    }
    return at
  }
}
