import { byRevision } from './byrevision.ts'
import { inRange } from './check.ts'
import { type History, noBytes, type Version, versionAt } from './history.ts'
import type { Event, Key, Revision } from './types.ts'

/** All kept versions in the order they were written: what watches read. */
export class ChangeLog {
  #versions: Version[] = []
  #head = 0

  append(version: Version): void {
    this.#versions.push(version)
  }

  /** Position of the first change at or after `revision`. */
  positionOf(revision: number): number {
    let low = this.#head
    let high = this.#versions.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.#versions[middle]!.mod < revision) low = middle + 1
      else high = middle
    }
    return low
  }

  at(position: number): Version | undefined {
    return this.#versions[position]
  }

  /** Puts imported versions in the order in which they were written. */
  sort(): void {
    this.#versions.sort(byRevision)
  }

  /** Drops everything before `revision`. */
  trim(revision: number): void {
    this.#head = this.positionOf(revision)
    if (this.#head > 1024 && this.#head * 2 > this.#versions.length) {
      this.#versions = this.#versions.slice(this.#head)
      this.#head = 0
    }
  }
}

/** A page of events: whole revisions, complete up to and including `revision`. */
export interface EventPage {
  readonly events: Event[]
  readonly revision: Revision
  /** True when later revisions were left for the next page. */
  readonly more: boolean
}

/** What an event page is asked for. */
export interface EventQuery {
  readonly key: Key
  readonly rangeEnd?: Key
  /** First revision wanted. */
  readonly from: number
  readonly prevKv?: boolean
  /** Stops at the end of the revision in which this many events or bytes are reached. */
  readonly eventsMax: number
  readonly bytesMax: number
}

/** Reads a page. The caller has checked `from` against the floor. */
export function readEvents(
  log: ChangeLog,
  historyOf: (key: Key) => History | undefined,
  query: EventQuery,
  present: number,
): EventPage {
  const events: Event[] = []
  let bytes = 0
  let last = 0
  for (let position = log.positionOf(query.from); ; position++) {
    const version = log.at(position)
    if (version === undefined) return { events, revision: present as Revision, more: false }
    const full = events.length >= query.eventsMax || bytes >= query.bytesMax
    if (full && version.mod !== last) return { events, revision: last as Revision, more: true }
    last = version.mod
    if (!inRange(version.key, query.key, query.rangeEnd)) continue
    const event = toEvent(version, query.prevKv ? historyOf(version.key) : undefined)
    bytes += version.length + version.key.length
    events.push(event)
  }
}

function toEvent(version: Version, history: History | undefined): Event {
  const previous = history && versionAt(history, version.mod - 1)
  const prevKv = previous && !previous.deleted ? previous.toKeyValue() : undefined
  const kv = version.deleted
    ? { ...version.toKeyValue(true), value: noBytes }
    : version.toKeyValue()
  const type = version.deleted ? 'delete' : 'put'
  return prevKv === undefined ? { type, kv } : { type, kv, prevKv }
}
