import { assert, must } from '../kernel/assert.ts'
import type { Entry, Index } from './types.ts'

/**
 * The log in memory: entries (offset, last], everything up to `offset` is in a snapshot.
 *
 *      offset     committed        last
 *     ---|------------|-------------|
 *      snapshot  applied soon   may still be replaced
 */
export class RaftLog {
  #entries: Entry[] = []
  #offset: Index
  #offsetTerm: number

  constructor(offset: Index, offsetTerm: number, entries: readonly Entry[]) {
    this.#offset = offset
    this.#offsetTerm = offsetTerm
    this.append(entries)
  }

  /** Index of the last entry that is only in the snapshot. */
  get offset(): Index {
    return this.#offset
  }

  get last(): Index {
    return this.#offset + this.#entries.length
  }

  get lastTerm(): number {
    return must(this.term(this.last), 'last term')
  }

  /** The term of an entry; undefined when it is compacted or not there. */
  term(index: Index): number | undefined {
    if (index === this.#offset) return this.#offsetTerm
    return this.#entries[index - this.#offset - 1]?.term
  }

  get(index: Index): Entry | undefined {
    return this.#entries[index - this.#offset - 1]
  }

  append(entries: readonly Entry[]): void {
    for (const entry of entries) {
      assert(entry.index === this.last + 1, `log gap: ${entry.index} after ${this.last}`)
      this.#entries.push(entry)
    }
  }

  /** Removes `from` and everything after it. */
  truncate(from: Index): void {
    assert(from > this.#offset, 'truncating what a snapshot holds')
    this.#entries.length = Math.min(this.#entries.length, from - this.#offset - 1)
  }

  /** Entries from `from` until `bytesMax` is passed, at least one when there is one. */
  slice(from: Index, to: Index, bytesMax: number): Entry[] {
    const found: Entry[] = []
    let bytes = 0
    for (let index = from; index <= to; index++) {
      const entry = must(this.get(index), `entry ${index} is not in the log`)
      bytes += entry.data.length + entryOverheadBytes
      if (found.length > 0 && bytes > bytesMax) break
      found.push(entry)
    }
    return found
  }

  /** All entries in [from, to]. */
  since(from: Index, to: Index = this.last): readonly Entry[] {
    if (from > to) return none
    assert(from > this.#offset, `entry ${from} is not in the log`)
    return this.#entries.slice(from - this.#offset - 1, to - this.#offset)
  }

  /** Forgets entries up to `index`. */
  compact(index: Index): void {
    if (index <= this.#offset) return
    const term = must(this.term(index), 'compacting past the end')
    this.#entries = this.#entries.slice(index - this.#offset)
    this.#offset = index
    this.#offsetTerm = term
  }

  /** Starts again after a snapshot. */
  reset(index: Index, term: number): void {
    this.#entries = []
    this.#offset = index
    this.#offsetTerm = term
  }

  /** True when a log ending in (index, term) has everything this one may have committed. */
  isUpToDate(index: Index, term: number): boolean {
    return term > this.lastTerm || (term === this.lastTerm && index >= this.last)
  }

  /**
   * The last index not above `index` whose term is not above `term`: where two logs may agree.
   * Source: etcd-io/raft log.go findConflictByTerm.
   */
  findConflictByTerm(index: Index, term: number): Index {
    let at = Math.min(index, this.last)
    while (at > this.#offset && must(this.term(at), 'term') > term) at--
    return at
  }
}

const none: readonly Entry[] = []

/** What an entry weighs besides its data. */
export const entryOverheadBytes = 16
