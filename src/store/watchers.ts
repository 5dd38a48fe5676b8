import { assert } from '../kernel/assert.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import { compacted, endOf } from '../mvcc/check.ts'
import type { Mvcc } from '../mvcc/mvcc.ts'
import { lowerBound } from '../mvcc/ordered.ts'
import type { Key } from '../mvcc/types.ts'
import type { StoreFailure, Watch, WatchHandlers, WatchRequest } from './types.ts'

/** One page of a watch ends at the revision that passes either of these. */
const pageMax = { eventsMax: 1_000, bytesMax: 1 << 20 }

interface Watcher {
  readonly request: WatchRequest
  readonly handlers: WatchHandlers
  /** First revision that was not delivered. */
  next: number
}

/** Watches that want the same: what there is for them is read once. */
interface Group {
  readonly request: WatchRequest
  readonly watchers: Set<Watcher>
}

type Page = Extract<ReturnType<Mvcc['events']>, { readonly ok: true }>

/**
 * The watches of one store. `flush` hands each of them one page; whoever is behind gets the next
 * page in a later turn, so that a long catch-up stops nobody. A turn reads events only for those
 * whose keys have changed; the others merely hear how far it went, for whoever waits for a revision
 * waits on a watch that may have nothing to say. Handlers must not change the events; one that
 * throws ends its own watch, and neither another one nor the turn that has applied an entry.
 */
export class Watchers {
  readonly #mvcc: () => Mvcc
  readonly #defer: (callback: () => void) => void
  readonly #logger: Logger
  readonly #groups = new Map<string, Group>()
  #size = 0
  /** The revision of the last flush. */
  #flushed = 0
  #deferred = false

  /**
   * `mvcc` is asked each time, for a snapshot replaces it; `defer` runs a callback in a later turn.
   */
  constructor(mvcc: () => Mvcc, defer: (callback: () => void) => void, logger: Logger) {
    this.#mvcc = mvcc
    this.#defer = defer
    this.#logger = logger
  }

  get size(): number {
    return this.#size
  }

  add(request: WatchRequest, handlers: WatchHandlers): Watch {
    const next = request.startRevision || this.#mvcc().revision + 1
    const watcher: Watcher = { request, handlers, next }
    const name = nameOf(request)
    const group = this.#groups.get(name) ?? { request, watchers: new Set() }
    group.watchers.add(watcher)
    this.#groups.set(name, group)
    this.#size++
    this.flushLater()
    return { cancel: () => this.#remove(watcher) }
  }

  /** Flushes in a later turn; many calls are one flush. */
  flushLater(): void {
    if (this.#deferred) return
    this.#deferred = true
    this.#defer(() => {
      this.#deferred = false
      this.flush()
    })
  }

  /** Delivers what was applied since the last flush, at most one page a watch. */
  flush(): void {
    if (this.#size === 0) return
    const mvcc = this.#mvcc()
    const from = this.#flushed + 1
    // Below the floor nothing is complete; and then nobody is up to date.
    const keys = from > mvcc.floor ? mvcc.changedKeys(from) : undefined
    this.#flushed = mvcc.revision
    let behind = false
    for (const group of this.#groups.values()) {
      const { key, rangeEnd } = group.request
      const isIdle = keys !== undefined && !hasKeyIn(keys, key, rangeEnd)
      behind = this.#flushGroup(mvcc, group, isIdle ? from : undefined) || behind
    }
    if (behind) this.flushLater()
  }

  /** Ends all watches, for instance when the store stops. */
  endAll(message: string): void {
    const groups = [...this.#groups.values()]
    this.#groups.clear()
    this.#size = 0
    for (const { watchers } of groups) {
      for (const watcher of watchers) this.#tellEnd(watcher, unavailable(message))
    }
  }

  #remove(watcher: Watcher): void {
    const name = nameOf(watcher.request)
    const group = this.#groups.get(name)
    if (!group?.watchers.delete(watcher)) return
    this.#size--
    if (group.watchers.size === 0) this.#groups.delete(name)
  }

  /** `idleFrom`: from this revision on there is nothing. Returns true when more is to come. */
  #flushGroup(mvcc: Mvcc, { request, watchers }: Group, idleFrom: number | undefined): boolean {
    let behind = false
    let page: Page | undefined
    let from = -1
    if (idleFrom !== undefined) {
      page = { ok: true, events: [], revision: mvcc.revision, more: false }
      from = idleFrom
    }
    for (const watcher of watchers) {
      // A watch that is up to date at the floor has missed nothing, whatever was compacted.
      if (watcher.next < mvcc.floor && watcher.next <= mvcc.revision) {
        this.#remove(watcher)
        this.#tellEnd(watcher, compacted(mvcc.floor))
        continue
      }
      if (page === undefined || from !== watcher.next) {
        from = watcher.next
        page = readPage(mvcc, request, from)
      }
      watcher.next = Math.max(watcher.next, page.revision + 1)
      this.#tell(watcher, page)
      behind ||= page.more
    }
    return behind
  }

  #tell(watcher: Watcher, { revision, events }: Page): void {
    try {
      watcher.handlers.onBatch({ revision, events })
    } catch (error) {
      this.#logger.error('a watch has thrown', { error: errorMessage(error) })
      this.#remove(watcher)
      this.#tellEnd(watcher, unavailable('the watch has failed'))
    }
  }

  #tellEnd({ handlers }: Watcher, failure: StoreFailure): void {
    try {
      handlers.onEnd(failure)
    } catch (error) {
      this.#logger.error('the end of a watch has thrown', { error: errorMessage(error) })
    }
  }
}

function unavailable(message: string): StoreFailure {
  return { ok: false, why: 'unavailable', message }
}

function readPage(mvcc: Mvcc, { key, rangeEnd, prevKv }: WatchRequest, from: number): Page {
  const page = mvcc.events({ key, rangeEnd, prevKv, from, ...pageMax })
  assert(page.ok, 'events above the floor')
  return page
}

/** True when one of the sorted `keys` lies in the range. */
function hasKeyIn(keys: readonly Key[], key: Key, rangeEnd: Key | undefined): boolean {
  const end = endOf(key, rangeEnd)
  const found = keys[lowerBound(keys, key)]
  return found !== undefined && (end === undefined || found < end)
}

function nameOf({ key, rangeEnd, prevKv }: WatchRequest): string {
  return `${prevKv ? 1 : 0}${key.length}:${key}${rangeEnd ?? ''}`
}
