import sortedBtree from 'sorted-btree'
import type { ResourceRow } from '../../api/resources/types.ts'
import type { Event } from '../../mvcc/types.ts'
import { type Corrupt, type Entry, isCorrupt, readStored, type Stored } from './entry.ts'

// The package is CommonJS: its default export is a member of what Node imports; Vitest unwraps it.
const BTree = sortedBtree.default ?? (sortedBtree as unknown as typeof sortedBtree.default)

/** Events of one kind that are kept for watches that resume. */
const historyEventsMax = 4096

/** One change of one object. `entry` is absent for a deletion, `old` for a creation. */
export interface CacheEvent {
  readonly revision: number
  readonly entry?: Entry
  readonly old?: Entry
  /** The new value is no object: whoever watches it can't go on. */
  readonly corrupt?: Corrupt
  /** Lines already encoded, by event type: each is made once however many watch. */
  readonly lines: Map<string, Buffer>
}

/** The change of a cache that a store's event is, when `old` was there before. */
export function cacheEventOf(
  revision: number,
  now: Stored | undefined,
  old: Stored | undefined,
): CacheEvent {
  return {
    revision,
    ...(isCorrupt(now) ? { corrupt: now } : { entry: now }),
    old: isCorrupt(old) ? undefined : old,
    lines: new Map(),
  }
}

/** Hears of every change, in order. It must not throw: see `deliver`. */
export interface CacheListener {
  take(event: CacheEvent): void
  /** `take` has thrown: this listener, and no other, has missed an event. */
  broke(error: unknown): void
}

/** Gives one listener one event; its failure is its own. */
export function deliver(listener: CacheListener, event: CacheEvent): void {
  try {
    listener.take(event)
  } catch (error) {
    listener.broke(error)
  }
}

/** A snapshot on its way into the cache; nobody sees it before `install`. */
export class Loading {
  readonly entries = new BTree<string, Entry>()
  readonly corrupt = new Map<string, Corrupt>()

  add(stored: Stored): void {
    if (isCorrupt(stored)) this.corrupt.set(stored.key, stored)
    else this.entries.set(stored.key, stored)
  }
}

/** All objects of one kind, ordered by key, with the recent changes. */
export class ResourceCache {
  readonly row: ResourceRow
  readonly prefix: string
  /** Revision of the newest change, or of the snapshot. */
  lastRevision = 0
  #entries = new BTree<string, Entry>()
  #corrupt = new Map<string, Corrupt>()
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

  /** Values that are no objects, by key: reads that would contain them fail. */
  get corrupt(): ReadonlyMap<string, Corrupt> {
    return this.#corrupt
  }

  /** Takes a snapshot at `revision` in the place of everything; no one ever sees half of it. */
  install({ entries, corrupt }: Loading, revision: number): void {
    this.#entries = entries
    this.#corrupt = corrupt
    this.#history = []
    this.#floor = revision
    this.lastRevision = revision
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
    const now = event.type === 'put' ? readStored(this.row, key, value, modRevision) : undefined
    this.#corrupt.delete(key)
    if (now !== undefined && !isCorrupt(now)) this.#entries.set(key, now)
    else this.#entries.delete(key)
    if (isCorrupt(now)) this.#corrupt.set(key, now)
    this.lastRevision = modRevision
    if (now === undefined && old === undefined) return
    const change = cacheEventOf(modRevision, now, old)
    this.#history.push(change)
    if (this.#history.length > historyEventsMax * 1.25) this.#trim()
    for (const listener of this.#listeners) deliver(listener, change)
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
