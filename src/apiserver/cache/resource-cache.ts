import sortedBtree from 'sorted-btree'
import type { ResourceRow } from '../../api/resources/types.ts'
import type { Event } from '../../mvcc/types.ts'
import { createEntry, type Entry } from './entry.ts'

// The package is CommonJS: its default export is a member of what Node imports; Vitest unwraps it.
const BTree = sortedBtree.default ?? (sortedBtree as unknown as typeof sortedBtree.default)

/** Events of one kind that are kept for watches that resume. */
const historyEventsMax = 4096

/** One change of one object. `entry` is absent for a deletion, `old` for a creation. */
export interface CacheEvent {
  readonly revision: number
  readonly entry?: Entry
  readonly old?: Entry
  /** Lines already encoded, by event type: each is made once however many watch. */
  readonly lines: Map<string, Buffer>
}

export type CacheListener = (event: CacheEvent) => void

/** All objects of one kind, ordered by key, with the recent changes. */
export class ResourceCache {
  readonly row: ResourceRow
  readonly prefix: string
  /** Revision of the newest change, or of the snapshot. */
  lastRevision = 0
  #entries = new BTree<string, Entry>()
  #history: CacheEvent[] = []
  /** Changes up to this revision are not in the history any more. */
  #floor = 0
  readonly #listeners = new Set<CacheListener>()

  constructor(row: ResourceRow) {
    this.row = row
    this.prefix = `/registry/${row.prefix}/`
  }

  get size(): number {
    return this.#entries.size
  }

  get(key: string): Entry | undefined {
    return this.#entries.get(key)
  }

  /** Forgets everything: a snapshot at `revision` follows by `load`. */
  reset(revision: number): void {
    this.#entries = new BTree<string, Entry>()
    this.#history = []
    this.#floor = revision
    this.lastRevision = revision
  }

  /** An object of the snapshot. */
  load(entry: Entry): void {
    this.#entries.set(entry.key, entry)
  }

  /** Entries under a prefix of keys, from `start` on; the array is the caller's. */
  list(keyPrefix: string, start = keyPrefix): Entry[] {
    const result: Entry[] = []
    this.#entries.forRange(start, `${keyPrefix}\uffff`, false, (_key, entry) => {
      result.push(entry)
    })
    return result
  }

  /** Takes in one change of the store and tells the listeners. */
  apply(event: Event): void {
    const { key, modRevision, value } = event.kv
    const old = this.#entries.get(key)
    let entry: Entry | undefined
    if (event.type === 'put') {
      entry = createEntry(this.row, key, value, modRevision)
      this.#entries.set(key, entry)
    } else {
      this.#entries.delete(key)
    }
    this.lastRevision = modRevision
    if (entry === undefined && old === undefined) return
    const change: CacheEvent = { revision: modRevision, entry, old, lines: new Map() }
    this.#history.push(change)
    if (this.#history.length > historyEventsMax * 1.25) this.#trim()
    for (const listener of this.#listeners) listener(change)
  }

  /** Changes after `revision`, or undefined when some of them are forgotten. */
  since(revision: number): readonly CacheEvent[] | undefined {
    if (revision < this.#floor) return undefined
    const from = this.#history.findIndex(event => event.revision > revision)
    return from < 0 ? [] : this.#history.slice(from)
  }

  listen(listener: CacheListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #trim(): void {
    const gone = this.#history.length - historyEventsMax
    this.#floor = this.#history[gone - 1]?.revision ?? this.#floor
    this.#history = this.#history.slice(gone)
  }
}
