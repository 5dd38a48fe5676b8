import { inRange } from './check.ts'
import { type History, noBytes, type Version, versionAt } from './history.ts'
import type { Event, Key, Revision } from './types.ts'

/** Versions in a chunk of the log. */
const chunkLength = 4_096

/**
 * The kept versions in the order they were written: what watches read. In chunks, so that neither
 * growing nor forgetting copies all of it. A position stays what it is when earlier ones go.
 */
export class ChangeLog {
  #chunks: Version[][] = []
  /** Chunks that were dropped. */
  #dropped = 0

  append(version: Version): void {
    const last = this.#chunks.at(-1)
    if (last !== undefined && last.length < chunkLength) last.push(version)
    else this.#chunks.push([version])
  }

  /** Position of the first change at or after `revision`. */
  positionOf(revision: number): number {
    let low = this.#dropped * chunkLength
    let high = low + this.#length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.at(middle)!.mod < revision) low = middle + 1
      else high = middle
    }
    return low
  }

  at(position: number): Version | undefined {
    const chunk = Math.floor(position / chunkLength) - this.#dropped
    return this.#chunks[chunk]?.[position % chunkLength]
  }

  /** Drops what is before `revision`, as far as whole chunks go. */
  trim(revision: number): void {
    let whole = 0
    while (whole < this.#chunks.length - 1 && this.#chunks[whole]!.at(-1)!.mod < revision) whole++
    if (whole === 0) return
    this.#chunks.splice(0, whole)
    this.#dropped += whole
  }

  get #length(): number {
    const last = this.#chunks.at(-1)
    return last === undefined ? 0 : (this.#chunks.length - 1) * chunkLength + last.length
  }
}

/** The keys changed at or after `from`, sorted; undefined when there are more than `max`. */
export function changedKeys(log: ChangeLog, from: number, max: number): Key[] | undefined {
  const keys = new Set<Key>()
  let left = max
  for (let position = log.positionOf(from); ; position++) {
    const version = log.at(position)
    if (version === undefined) return [...keys].sort()
    if (left-- === 0) return undefined
    keys.add(version.key)
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

/**
 * Reads a page. The caller has checked `from` against the floor; what was before a change at the
 * floor is forgotten.
 */
export function readEvents(
  log: ChangeLog,
  historyOf: (key: Key) => History | undefined,
  query: EventQuery,
  { present, floor }: { readonly present: number; readonly floor: number },
): EventPage {
  const events: Event[] = []
  let bytes = 0
  let last = 0
  const wantsPrevious = ({ mod }: Version) => query.prevKv && mod > floor
  for (let position = log.positionOf(query.from); ; position++) {
    const version = log.at(position)
    if (version === undefined) return { events, revision: present as Revision, more: false }
    const full = events.length >= query.eventsMax || bytes >= query.bytesMax
    if (full && version.mod !== last) return { events, revision: last as Revision, more: true }
    last = version.mod
    if (!inRange(version.key, query.key, query.rangeEnd)) continue
    const event = toEvent(version, wantsPrevious(version) ? historyOf(version.key) : undefined)
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
