import { assert, must } from '../kernel/assert.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { EventPage } from '../mvcc/changes.ts'
import { compacted, endOf } from '../mvcc/check.ts'
import type { Mvcc } from '../mvcc/mvcc.ts'
import { lowerBound } from '../mvcc/ordered.ts'
import type { Key } from '../mvcc/types.ts'
import type { StoreFailure, Watch, WatchHandlers, WatchRequest } from './types.ts'

/**
 * A page of a watch that is behind ends at the revision that passes any of these: many of them
 * share a turn.
 */
const behindPageMax = { eventsMax: 250, bytesMax: 1 << 20, looksMax: 5_000 }

/**
 * What one turn does for watches that are behind, in events: some milliseconds. Looking at a change
 * that is not wanted costs a part of one that is.
 */
const turnCostMax = 1_000
const lookCost = 0.05
/** Of a step of 2,000 looks. */
const stepCost = 100

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

/** A page that is read for those of a group that stand at one revision. */
interface Reading {
  readonly mvcc: Mvcc
  readonly group: Group
  readonly from: number
  readonly steps: ReturnType<Mvcc['eventsSteps']>
  /** Once it is read. */
  page: EventPage | undefined
}

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
  #reading: Reading | undefined
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
    // Below the floor nothing is complete, and much is read by and by: nobody is up to date then.
    const keys = from > mvcc.floor ? mvcc.changedKeys(from) : undefined
    for (const group of this.#groups.values()) this.#flushGroup(mvcc, group, from, keys)
    this.#flushBehind(mvcc)
    if (this.#behind.size > 0) this.flushLater()
  }

  /** Ends all watches, for instance when the store stops. */
  endAll(message: string): void {
    const groups = [...this.#groups.values()]
    this.#groups.clear()
    this.#behind.clear()
    this.#reading = undefined
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

  /** Those that have seen everything before `from`; since then only `keys` have changed. */
  #flushGroup(mvcc: Mvcc, group: Group, from: number, keys: readonly Key[] | undefined): void {
    const { key, rangeEnd } = group.request
    const isIdle = keys !== undefined && !hasKeyIn(keys, key, rangeEnd)
    let page: EventPage | undefined
    let at = -1
    if (isIdle) {
      page = { events: [], revision: mvcc.revision, more: false, looked: 0 }
      at = from
    }
    for (const watcher of group.watchers) {
      if (this.#behind.has(watcher)) continue
      if (watcher.next < from || keys === undefined) {
        this.#behind.add(watcher)
        continue
      }
      if (this.#endIfCompacted(mvcc, watcher)) continue
      if (page === undefined || at !== watcher.next) {
        at = watcher.next
        page = readPage(mvcc, group.request, at)
      }
      this.#deliver(watcher, page)
    }
  }

  /** Reads page by page, each in steps, and hands it out, as long as the turn has time. */
  #flushBehind(mvcc: Mvcc): void {
    for (let left = turnCostMax; left > 0; ) {
      if (this.#reading === undefined || this.#reading.mvcc !== mvcc) {
        this.#reading = this.#nextReading(mvcc)
      }
      const reading = this.#reading
      if (reading === undefined) return
      left -= reading.page === undefined ? this.#readOn(reading) : this.#handOut(reading)
    }
  }

  /** For whoever has waited longest. */
  #nextReading(mvcc: Mvcc): Reading | undefined {
    for (const watcher of this.#behind) {
      if (this.#endIfCompacted(mvcc, watcher)) continue
      const group = must(this.#groups.get(nameOf(watcher.request)), 'the group of a watch')
      const { key, rangeEnd, prevKv } = watcher.request
      const from = watcher.next
      const steps = mvcc.eventsSteps({ key, rangeEnd, prevKv, from, ...behindPageMax })
      return { mvcc, group, from, steps, page: undefined }
    }
    return undefined
  }

  /** Returns what it cost. What was compacted meanwhile is read anew, or its watches end. */
  #readOn(reading: Reading): number {
    const step = reading.steps.next()
    if (!step.done) return stepCost
    if (step.value.ok) reading.page = step.value
    else this.#reading = undefined
    return 1 + (step.value.ok ? Math.min(step.value.looked * lookCost, stepCost) : 0)
  }

  /** Gives the page to one watch that waits for it; returns what it cost. */
  #handOut(reading: Reading): number {
    const page = must(reading.page, 'a page')
    for (const watcher of reading.group.watchers) {
      if (watcher.next !== reading.from || !this.#behind.delete(watcher)) continue
      const next = Math.max(watcher.next, page.revision + 1)
      // Whoever has more to come goes to the end; the handler may cancel the watch.
      if (page.more || next <= this.#flushed) this.#behind.add(watcher)
      // A watch from the future stays where it is: not the same page once more.
      if (next === reading.from) this.#reading = undefined
      this.#deliver(watcher, page)
      return 1 + page.events.length
    }
    this.#reading = undefined
    return 1
  }

  /** A watch that is up to date at the floor has missed nothing, whatever was compacted. */
  #endIfCompacted(mvcc: Mvcc, watcher: Watcher): boolean {
    if (watcher.next >= mvcc.floor || watcher.next > mvcc.revision) return false
    this.#remove(watcher)
    this.#tellEnd(watcher, compacted(mvcc.floor))
    return true
  }

  #deliver(watcher: Watcher, page: EventPage): void {
    watcher.next = Math.max(watcher.next, page.revision + 1)
    this.#tell(watcher, page)
  }

  #tell(watcher: Watcher, { revision, events }: EventPage): void {
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

/** What was applied in one turn, as a whole: few changes. */
function readPage(mvcc: Mvcc, { key, rangeEnd, prevKv }: WatchRequest, from: number): EventPage {
  const page = mvcc.events({ key, rangeEnd, prevKv, from, ...noBounds })
  assert(page.ok, 'events above the floor')
  return page
}

const noBounds = { eventsMax: Number.POSITIVE_INFINITY, bytesMax: Number.POSITIVE_INFINITY }

/** True when one of the sorted `keys` lies in the range. */
function hasKeyIn(keys: readonly Key[], key: Key, rangeEnd: Key | undefined): boolean {
  const end = endOf(key, rangeEnd)
  const found = keys[lowerBound(keys, key)]
  return found !== undefined && (end === undefined || found < end)
}

function nameOf({ key, rangeEnd, prevKv }: WatchRequest): string {
  return `${prevKv ? 1 : 0}${key.length}:${key}${rangeEnd ?? ''}`
}
