import { inRange } from '../../mvcc/check.ts'
import type { Event, Revision } from '../../mvcc/types.ts'
import type { Watch, WatchHandlers, WatchRequest } from '../types.ts'
import { Feed, type FeedParts, type Subscriber } from './feed.ts'

/** What the watches stand on. */
export type WatchesParts = Omit<FeedParts, 'prevKv' | 'matches'> & {
  /** The newest revision that is known; 0 before the first answer of etcd. */
  readonly revision: () => number
  /** Resolves when it is known. */
  readonly known: () => Promise<void>
}

/**
 * The watches of this store. All that are up to date live on one feed, those with previous values
 * on another. One that begins in the past gets a feed of its own, or shares one, and moves to the
 * main feed when it has caught up:
 *
 *     main feed       ------------------------------>  100, 101, 102 ...
 *     catching up     60, 61 ... 99 -> 100: its watches go on with 101 on the main feed
 */
export class Watches {
  readonly #parts: WatchesParts
  /** The main feed first; by whether they carry previous values. */
  readonly #feeds: Readonly<Record<'plain' | 'previous', Feed[]>> = { plain: [], previous: [] }
  /** Waiting for the first revision. */
  readonly #unplaced = new Set<Subscriber>()
  #stopped = false

  constructor(parts: WatchesParts) {
    this.#parts = parts
  }

  get size(): number {
    const feeds = [...this.#feeds.plain, ...this.#feeds.previous]
    return feeds.reduce((sum, { subscribers }) => sum + subscribers.size, this.#unplaced.size)
  }

  /** The revision up to which the main feed is complete; 0 without one. */
  get position(): number {
    return this.#feeds.plain[0]?.position ?? 0
  }

  add(request: WatchRequest, handlers: WatchHandlers): Watch {
    const now = this.#parts.revision()
    const next = request.startRevision || (now > 0 ? now + 1 : 0)
    const subscriber: Subscriber = { request, handlers, next }
    if (next > 0) this.#place(subscriber)
    else void this.#placeLater(subscriber)
    return { cancel: () => this.#remove(subscriber) }
  }

  /** Ends all watches, for instance when the store stops. */
  endAll(message: string): void {
    this.#stopped = true
    const failure = { ok: false, why: 'unavailable', message } as const
    for (const feeds of Object.values(this.#feeds)) {
      for (const feed of feeds.splice(0)) {
        const subscribers = [...feed.subscribers]
        feed.close()
        for (const { handlers } of subscribers) handlers.onEnd(failure)
      }
    }
    for (const { handlers } of this.#unplaced) handlers.onEnd(failure)
    this.#unplaced.clear()
  }

  async #placeLater(subscriber: Subscriber): Promise<void> {
    this.#unplaced.add(subscriber)
    await this.#parts.known()
    if (!this.#unplaced.delete(subscriber)) return
    subscriber.next = this.#parts.revision() + 1
    this.#place(subscriber)
  }

  #place(subscriber: Subscriber): void {
    const feeds = this.#feedsOf(subscriber)
    if (!feeds.some(feed => feed.join(subscriber))) {
      const prevKv = subscriber.request.prevKv ?? false
      const parts: FeedParts = { ...this.#parts, prevKv, matches }
      const feed = new Feed(parts, subscriber.next - 1, advanced => this.#merge(feeds, advanced))
      feed.join(subscriber)
      feeds.push(feed)
    }
    const { next, handlers } = subscriber
    const revision = Math.min(next - 1, this.#parts.revision()) as Revision
    // Says at once how far the watch is: nothing up to there is missing.
    queueMicrotask(() => {
      if (subscriber.next !== next || !feeds.some(feed => feed.subscribers.has(subscriber))) return
      handlers.onBatch({ revision, events: [] })
    })
  }

  /** A feed that has reached the main one hands its watches over. */
  #merge(feeds: Feed[], feed: Feed): void {
    const [main] = feeds
    if (main !== undefined && feed !== main && feed.position >= main.position) {
      for (const subscriber of feed.subscribers) {
        if (main.join(subscriber)) feed.subscribers.delete(subscriber)
      }
    }
    this.#closeIdle(feeds)
  }

  #remove(subscriber: Subscriber): void {
    this.#unplaced.delete(subscriber)
    const feeds = this.#feedsOf(subscriber)
    for (const feed of feeds) feed.subscribers.delete(subscriber)
    this.#closeIdle(feeds)
  }

  #closeIdle(feeds: Feed[]): void {
    if (this.#stopped) return
    for (const feed of feeds.filter(({ subscribers }) => subscribers.size === 0)) {
      feed.close()
      feeds.splice(feeds.indexOf(feed), 1)
    }
  }

  #feedsOf({ request }: Subscriber): Feed[] {
    return this.#feeds[request.prevKv ? 'previous' : 'plain']
  }
}

function matches({ key, rangeEnd }: WatchRequest, { kv }: Event): boolean {
  return inRange(kv.key, key, rangeEnd)
}
