import { compacted } from '../mvcc/check.ts'
import type { Mvcc } from '../mvcc/mvcc.ts'
import type { Watch, WatchHandlers, WatchRequest } from './types.ts'

/** One page of a watch ends at the revision that passes either of these. */
const pageMax = { eventsMax: 1_000, bytesMax: 1 << 20 }

interface Watcher {
  readonly request: WatchRequest
  readonly handlers: WatchHandlers
  /** First revision that was not delivered. */
  next: number
}

/**
 * The watches of one store. `flush` hands each of them one page; whoever is behind gets the next
 * page in a later turn, so that a long catch-up stops nobody. Handlers must not throw.
 */
export class Watchers {
  readonly #mvcc: () => Mvcc
  readonly #defer: (callback: () => void) => void
  readonly #watchers = new Set<Watcher>()
  #deferred = false

  /**
   * `mvcc` is asked each time, for a snapshot replaces it; `defer` runs a callback in a later turn.
   */
  constructor(mvcc: () => Mvcc, defer: (callback: () => void) => void) {
    this.#mvcc = mvcc
    this.#defer = defer
  }

  get size(): number {
    return this.#watchers.size
  }

  add(request: WatchRequest, handlers: WatchHandlers): Watch {
    const next = request.startRevision || this.#mvcc().revision + 1
    const watcher: Watcher = { request, handlers, next }
    this.#watchers.add(watcher)
    this.flushLater()
    return { cancel: () => this.#watchers.delete(watcher) }
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
    let behind = false
    for (const watcher of this.#watchers) behind = this.#deliver(watcher) || behind
    if (behind) this.flushLater()
  }

  /** Ends all watches, for instance when the store stops. */
  endAll(message: string): void {
    for (const watcher of this.#watchers) {
      watcher.handlers.onEnd({ ok: false, why: 'unavailable', message })
    }
    this.#watchers.clear()
  }

  /** Returns true when more is to come. */
  #deliver(watcher: Watcher): boolean {
    const mvcc = this.#mvcc()
    const { key, rangeEnd, prevKv } = watcher.request
    // A watch that is up to date at the floor has missed nothing, whatever was compacted.
    const upToDate = watcher.next > mvcc.revision
    if (!upToDate && watcher.next < mvcc.floor) {
      this.#watchers.delete(watcher)
      watcher.handlers.onEnd(compacted(mvcc.floor))
      return false
    }
    const page = mvcc.events({ key, rangeEnd, prevKv, from: watcher.next, ...pageMax })
    if (!page.ok) return false
    watcher.next = Math.max(watcher.next, page.revision + 1)
    watcher.handlers.onBatch({ revision: page.revision, events: page.events })
    return page.more
  }
}
