import type { BackendRow } from '../../mvcc/kvproto.ts'
import type { Key } from '../../mvcc/types.ts'

/**
 * A compaction that was ordered, but not done when the snapshot was taken: a real etcd compacts in
 * the background, and at its next start again. What it would remove is passed over. Rows are to be
 * added by (main, sub) first; a key changes once a revision at most.
 */
export class PendingCompaction {
  readonly revision: number
  /** Of each key the last row up to the revision; 0 when that is a tombstone to be removed. */
  readonly #last = new Map<Key, number>()
  #later = 0

  constructor(revision: number) {
    this.revision = revision
  }

  add({ kv, deleted }: BackendRow): void {
    const { key, modRevision } = kv
    if (modRevision > this.revision) this.#later++
    else this.#last.set(key, deleted && modRevision < this.revision ? 0 : modRevision)
  }

  keeps({ kv }: BackendRow): boolean {
    return kv.modRevision > this.revision || this.#last.get(kv.key) === kv.modRevision
  }

  /** Rows that are kept. */
  get kept(): number {
    let sum = this.#later
    for (const last of this.#last.values()) if (last !== 0) sum++
    return sum
  }
}
