import type { Cancel, Clock } from '../../kernel/clock.ts'
import { compacted } from '../../mvcc/check.ts'
import type { Event, Revision } from '../../mvcc/types.ts'
import type { StoreFailure, WatchHandlers, WatchRequest } from '../types.ts'
import { eventFromWire } from './convert.ts'
import type { Keyspace } from './keyspace.ts'
import type { WatchResponse } from './rpc/watch.ts'
import type { WatchStream } from './watch-stream.ts'

/** Before a broken feed is opened again; doubled at each failure in a row. */
const reopenMs = { first: 10, max: 500 } as const

/** One watch of this store. */
export interface Subscriber {
  readonly request: WatchRequest
  readonly handlers: WatchHandlers
  /** First revision that was not delivered. */
  next: number
}

/** What feeds have in common. */
export interface FeedParts {
  readonly stream: WatchStream
  readonly keys: Keyspace
  readonly clock: Clock
  readonly prevKv: boolean
  /** Whether an event is one that a watch asked for. */
  readonly matches: (request: WatchRequest, event: Event) => boolean
}

/**
 * An etcd watch of every key there is, and the watches of this store that live on it.
 *
 * Why every key: a revision of etcd always has an event, so that the last event says exactly how
 * far the feed is complete, without being asked. Progress notifications don't: etcd answers a
 * requested one past the events that are still on their way (etcd issue 15220, in 3.4 up to
 * 3.4.24 and 3.5 up to 3.5.7), and sends unrequested ones every ten minutes.
 *
 * etcd sends the events of a revision in one response, unless fragments are asked for.
 */
export class Feed {
  readonly subscribers = new Set<Subscriber>()
  readonly #parts: FeedParts
  readonly #onDelivered: (feed: Feed) => void
  #position: number
  #opened = false
  #closed = false
  #cancelWatch: Cancel = () => {}
  #cancelTimer: Cancel = () => {}
  #failures = 0

  /** Delivers what comes after `position`; `onDelivered` hears of each advance. */
  constructor(parts: FeedParts, position: number, onDelivered: (feed: Feed) => void) {
    this.#parts = parts
    this.#position = position
    this.#onDelivered = onDelivered
    this.#cancelTimer = parts.clock.after(0, () => this.#open())
  }

  /** Complete up to and including this revision. */
  get position(): number {
    return this.#position
  }

  /** False when the feed is past what `next` needs. */
  join(subscriber: Subscriber): boolean {
    // Not opened yet: it can still begin earlier.
    if (!this.#opened) this.#position = Math.min(this.#position, subscriber.next - 1)
    if (subscriber.next <= this.#position) return false
    this.subscribers.add(subscriber)
    return true
  }

  close(): void {
    this.#closed = true
    this.#cancelTimer()
    this.#cancelWatch()
    this.subscribers.clear()
  }

  #open(): void {
    this.#opened = true
    const { stream, prevKv } = this.#parts
    const everything = { key: '\0', rangeEnd: '\0' }
    this.#cancelWatch = stream.create(
      { ...everything, startRevision: this.#position + 1, prevKv },
      { onResponse: response => this.#onResponse(response), onBroken: () => this.#reopen() },
    )
  }

  #reopen(): void {
    this.#cancelWatch = () => {}
    if (this.#closed) return
    const waitMs = Math.min(reopenMs.first * 2 ** this.#failures++, reopenMs.max)
    this.#cancelTimer()
    this.#cancelTimer = this.#parts.clock.after(waitMs, () => this.#open())
  }

  #onResponse(response: WatchResponse): void {
    if (response.canceled) {
      const floor = response.compactRevision
      if (floor > 0) this.#onCompacted(floor as Revision)
      this.#reopen()
      return
    }
    this.#failures = 0
    if (response.events.length === 0) return
    const events: Event[] = []
    let last = this.#position
    for (const wire of response.events) {
      const revision = wire.kv?.modRevision ?? 0
      if (revision <= this.#position) continue
      last = Math.max(last, revision)
      const event = eventFromWire(this.#parts.keys, wire)
      if (event !== undefined) events.push(event)
    }
    this.#position = last
    for (const subscriber of this.subscribers) this.#deliver(subscriber, events)
    this.#onDelivered(this)
  }

  #deliver(subscriber: Subscriber, all: readonly Event[]): void {
    const { request, handlers, next } = subscriber
    const { matches } = this.#parts
    const revision = this.#position as Revision
    if (next > revision) return
    subscriber.next = revision + 1
    const events = all.filter(event => event.kv.modRevision >= next && matches(request, event))
    handlers.onBatch({ revision, events })
  }

  /** Who needs what is forgotten has ended; the others go on from where they need it. */
  #onCompacted(floor: Revision): void {
    const failure: StoreFailure = compacted(floor)
    for (const subscriber of this.subscribers) {
      if (subscriber.next >= floor) continue
      this.subscribers.delete(subscriber)
      subscriber.handlers.onEnd(failure)
    }
    this.#position = Math.max(this.#position, floor - 1)
    this.#onDelivered(this)
  }
}
