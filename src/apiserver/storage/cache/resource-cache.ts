import sortedBtree from 'sorted-btree'
import type { ResourceRow } from '../../../api/resources/types.ts'
import type { Event, KeyValue } from '../../../mvcc/types.ts'
import type { Codec } from '../codec.ts'
import { type Corrupt, type Entry, isCorrupt, type Stored } from '../entry.ts'
import { type CacheEvent, type CacheListener, cacheEventOf, deliver } from './event.ts'
import { History } from './history.ts'

// The package is CommonJS: its default export is a member of what Node imports; Vitest unwraps it.
const BTree = sortedBtree.default ?? (sortedBtree as unknown as typeof sortedBtree.default)

/** Changes that are kept while the first snapshot is read. */
const earlyMax = 10_000

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
  readonly #codec: Codec
  #entries = new BTree<string, Entry>()
  #corrupt = new Map<string, Corrupt>()
  readonly #history = new History()
  #isReady = false
  #setReady = () => {}
  /** Resolves when it is. */
  readonly ready = new Promise<void>(resolve => {
    this.#setReady = resolve
  })
  /** Changes that came while the first snapshot was read. */
  readonly #early: Event[] = []
  #hasMissed = false
  readonly #listeners = new Set<CacheListener>()

  constructor(row: ResourceRow, codec: Codec) {
    this.#codec = codec
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

  /** False until the first snapshot is there. */
  get isReady(): boolean {
    return this.#isReady
  }

  /** A snapshot will be read from now on: what comes meanwhile is kept for it. */
  expect(): void {
    this.#early.length = 0
    this.#hasMissed = false
  }

  /** Changes may be missing from here on: a snapshot that is being read is worth nothing. */
  broken(): void {
    this.#early.length = 0
    this.#hasMissed = true
  }

  /**
   * Takes a snapshot at `revision` in the place of everything, and what came since then; no one
   * ever sees half of it. False when something was missed: it must be read again.
   */
  install({ entries, corrupt }: Loading, revision: number): boolean {
    if (this.#hasMissed) return false
    this.#entries = entries
    this.#corrupt = corrupt
    this.#history.reset(revision)
    this.lastRevision = revision
    this.#isReady = true
    const early = this.#early.splice(0)
    for (const event of early) if (event.kv.modRevision > revision) this.apply(event)
    this.#setReady()
    return true
  }

  /** Entries under a prefix of keys, from `start` on; the array is the caller's. */
  list(keyPrefix: string, start = keyPrefix): Entry[] {
    const result: Entry[] = []
    this.#entries.forRange(start, `${keyPrefix}\uffff`, false, (_key, entry) => {
      result.push(entry)
    })
    return result
  }

  /** What a key of this kind has in the store. */
  read({ key, value, modRevision }: KeyValue): Stored {
    return this.#codec.read(this.row, key, value, modRevision)
  }

  /** Takes in one change of the store and tells the listeners. */
  apply(event: Event): void {
    if (!this.#isReady) {
      if (this.#early.length < earlyMax) this.#early.push(event)
      else this.broken()
      return
    }
    const { key, modRevision } = event.kv
    const old = this.#entries.get(key)
    const now = event.type === 'put' ? this.read(event.kv) : undefined
    this.#corrupt.delete(key)
    if (now !== undefined && !isCorrupt(now)) this.#entries.set(key, now)
    else this.#entries.delete(key)
    if (isCorrupt(now)) this.#corrupt.set(key, now)
    this.lastRevision = modRevision
    if (now === undefined && old === undefined) return
    const change = cacheEventOf(modRevision, now, old)
    this.#history.push(change)
    for (const listener of this.#listeners) deliver(listener, change)
  }

  /** Changes after `revision`, or undefined when some of them are forgotten. */
  since(revision: number): readonly CacheEvent[] | undefined {
    return this.#history.since(revision)
  }

  listen(listener: CacheListener): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
