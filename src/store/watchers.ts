import { assert } from '../kernel/assert.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { EventQuery } from '../mvcc/changes.ts'
import { compacted, endOf } from '../mvcc/check.ts'
import type { Mvcc } from '../mvcc/mvcc.ts'
import { lowerBound } from '../mvcc/ordered.ts'
import type { Key } from '../mvcc/types.ts'
import type { StoreFailure, Watch, WatchHandlers, WatchRequest } from './types.ts'

/** One page of a watch ends at the revision that passes either of these. */
const pageMax = { eventsMax: 1_000, bytesMax: 1 << 20 }
/** Of those that are behind a page ends sooner: many of them share a turn. */
const behindPageMax = { ...pageMax, eventsMax: 250, looksMax: 5_000 }

/**
 * What one turn does for watches that are behind, in events: some milliseconds. Looking at a change
 * that is not wanted costs a part of one that is.
 */
const turnCostMax = 1_000
const lookCost = 0.05

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
 * page in a later turn, so that a long catch-up stops nobody, nor do many at once. A turn reads
 * events only for those whose keys have changed; the others merely hear how far it went, for
 * whoever waits for a revision waits on a watch that may have nothing to say. Handlers must not
 * change the events; one that throws ends its own watch, and neither another one nor the turn that
 * has applied an entry.
 */
export class Watchers {
  readonly #mvcc: () => Mvcc
  readonly #defer: (callback: () => void) => void
  readonly #logger: Logger
  readonly #groups = new Map<string, Group>()
  /** Those with more to come than what was applied last; the longest waiting first. */
  readonly #behind = new Set<Watcher>()
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
    if (this.#size === 0) this.#flushed = this.#mvcc().revision
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

  /**
   * Delivers what was applied since the last flush, at most one page a watch; to those that were
   * behind before, as much as a turn has time for, whoever has waited longest first.
   */
  flush(): void {
    const mvcc = this.#mvcc()
    const from = this.#flushed + 1
    this.#flushed = mvcc.revision
    if (this.#size === 0) return
    // Below the floor nothing is complete; and then nobody is up to date.
    const keys = from > mvcc.floor ? mvcc.changedKeys(from) : undefined
    for (const group of this.#groups.values()) {
      const { key, rangeEnd } = group.request
      const isIdle = keys !== undefined && !hasKeyIn(keys, key, rangeEnd)
      this.#flushGroup(mvcc, group, from, isIdle)
    }
    this.#flushBehind(mvcc)
    if (this.#behind.size > 0) this.flushLater()
  }

  /** Ends all watches, for instance when the store stops. */
  endAll(message: string): void {
    const groups = [...this.#groups.values()]
    this.#groups.clear()
    this.#behind.clear()
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
    this.#behind.delete(watcher)
    if (group.watchers.size === 0) this.#groups.delete(name)
  }

  /** Those that have seen everything before `from`; `isIdle`: nothing is there for them since. */
  #flushGroup(mvcc: Mvcc, { request, watchers }: Group, from: number, isIdle: boolean): void {
    let page: Page | undefined
    let at = -1
    if (isIdle) {
      page = { ok: true, events: [], revision: mvcc.revision, more: false, looked: 0 }
      at = from
    }
    for (const watcher of watchers) {
      if (this.#behind.has(watcher)) continue
      if (watcher.next < from) {
        this.#behind.add(watcher)
        continue
      }
      if (this.#endIfCompacted(mvcc, watcher)) continue
      if (page === undefined || at !== watcher.next) {
        at = watcher.next
        page = readPage(mvcc, request, at, pageMax)
      }
      if (page.more) this.#behind.add(watcher)
      this.#deliver(watcher, page)
    }
  }

  #flushBehind(mvcc: Mvcc): void {
    const pages = new Map<string, Page>()
    let left = turnCostMax
    for (const watcher of this.#behind) {
      if (left <= 0) return
      this.#behind.delete(watcher)
      if (this.#endIfCompacted(mvcc, watcher)) continue
      const name = `${watcher.next} ${nameOf(watcher.request)}`
      let page = pages.get(name)
      if (page === undefined) {
        page = readPage(mvcc, watcher.request, watcher.next, behindPageMax)
        pages.set(name, page)
        left -= page.looked * lookCost
      }
      left -= 1 + page.events.length
      // Whoever has more to come goes to the end; the handler may have cancelled the watch.
      if (page.more) this.#behind.add(watcher)
      this.#deliver(watcher, page)
    }
  }

  /** A watch that is up to date at the floor has missed nothing, whatever was compacted. */
  #endIfCompacted(mvcc: Mvcc, watcher: Watcher): boolean {
    if (watcher.next >= mvcc.floor || watcher.next > mvcc.revision) return false
    this.#remove(watcher)
    this.#tellEnd(watcher, compacted(mvcc.floor))
    return true
  }

  #deliver(watcher: Watcher, page: Page): void {
    watcher.next = Math.max(watcher.next, page.revision + 1)
    this.#tell(watcher, page)
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

function readPage(
  mvcc: Mvcc,
  { key, rangeEnd, prevKv }: WatchRequest,
  from: number,
  max: Pick<EventQuery, 'eventsMax' | 'bytesMax' | 'looksMax'>,
): Page {
  const page = mvcc.events({ key, rangeEnd, prevKv, from, ...max })
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
