import { inRange } from './check.ts'
import type { HistoryView } from './history.ts'
import type { RowId } from './rows.ts'
import type { Event, Key, Revision } from './types.ts'

/** Changes in a chunk of the log. */
const chunkLength = 4_096

interface Chunk {
  readonly mods: Float64Array
  readonly ids: Int32Array
}

/**
 * The rows in the order they were written: what watches read. In chunks, so that neither growing
 * nor forgetting copies all of it. A position stays what it is when earlier ones go. Below the
 * floor a row may be another one's by now; its revision here is the one that was written.
 */
export class ChangeLog {
  #chunks: Chunk[] = []
  /** Chunks that were dropped. */
  #dropped = 0
  /** The position after the last change. */
  #end = 0

  append(mod: number, id: RowId): void {
    const at = this.#end % chunkLength
    if (at === 0) this.#chunks.push(createChunk())
    const { mods, ids } = this.#chunks.at(-1)!
    mods[at] = mod
    ids[at] = id
    this.#end++
  }

  /** The position after the last change. */
  get end(): number {
    return this.#end
  }

  /** Position of the first change at or after `revision`. */
  positionOf(revision: number): number {
    let low = this.#dropped * chunkLength
    let high = this.#end
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.modAt(middle) < revision) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The revision of the change at a position before `end`. */
  modAt(position: number): number {
    return this.#chunkOf(position).mods[position % chunkLength]!
  }

  idAt(position: number): RowId {
    return this.#chunkOf(position).ids[position % chunkLength]!
  }

  /** Drops what is before `revision`, as far as whole chunks go. */
  trim(revision: number): void {
    let whole = 0
    while (whole < this.#chunks.length - 1 && lastOf(this.#chunks[whole]!) < revision) whole++
    if (whole === 0) return
    this.#chunks.splice(0, whole)
    this.#dropped += whole
  }

  #chunkOf(position: number): Chunk {
    return this.#chunks[Math.floor(position / chunkLength) - this.#dropped]!
  }
}

function createChunk(): Chunk {
  return { mods: new Float64Array(chunkLength), ids: new Int32Array(chunkLength) }
}

function lastOf({ mods }: Chunk): number {
  return mods[chunkLength - 1]!
}

/** The keys changed in `from` to `present`, sorted; undefined when there are more than `max`. */
export function changedKeys(
  log: ChangeLog,
  histories: HistoryView,
  { from, present }: { readonly from: number; readonly present: number },
  max: number,
): Key[] | undefined {
  const first = log.positionOf(from)
  const end = log.positionOf(present + 1)
  if (end - first > max) return undefined
  const keys = new Set<Key>()
  for (let at = first; at < end; at++) keys.add(histories.keyOf(log.idAt(at)))
  return [...keys].sort()
}

/** A page of events: whole revisions, complete up to and including `revision`. */
export interface EventPage {
  readonly events: Event[]
  readonly revision: Revision
  /** True when later revisions were left for the next page. */
  readonly more: boolean
  /** Changes that were looked at, wanted or not: what the page has cost. */
  readonly looked: number
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
  /** Likewise, when this many changes of whatever keys were looked at; absent: no bound. */
  readonly looksMax?: number
}

/** Changes that are looked at between two steps. */
const stepLooks = 2_000

/**
 * Reads a page, in steps, as a revision may be long. The caller has checked `from` against the
 * floor; what was before a change at the floor is forgotten. What is written above `present`
 * belongs to a revision under way.
 */
export function* readEvents(
  log: ChangeLog,
  histories: HistoryView,
  query: EventQuery,
  { present, floor }: { readonly present: number; readonly floor: number },
): Generator<void, EventPage> {
  const { rows } = histories
  const events: Event[] = []
  const { eventsMax, bytesMax, looksMax = Number.POSITIVE_INFINITY } = query
  let bytes = 0
  let last = 0
  const first = log.positionOf(query.from)
  let at = first
  for (; at < log.end; at++) {
    const mod = log.modAt(at)
    if (mod > present) break
    const looked = at - first
    if (looked > 0 && looked % stepLooks === 0) yield
    const isFull = events.length >= eventsMax || bytes >= bytesMax || looked >= looksMax
    if (isFull && mod !== last) return { events, revision: last as Revision, more: true, looked }
    last = mod
    const id = log.idAt(at)
    const key = histories.keyOf(id)
    if (!inRange(key, query.key, query.rangeEnd)) continue
    events.push(toEvent(histories, id, query.prevKv === true && mod > floor))
    bytes += rows.length(id) + key.length
  }
  return { events, revision: present as Revision, more: false, looked: at - first }
}

function toEvent(histories: HistoryView, id: RowId, wantsPrevious: boolean): Event {
  const { rows } = histories
  const type = rows.isDelete(id) ? 'delete' : 'put'
  const kv = histories.toKeyValue(id)
  const previous = wantsPrevious ? rows.older(id) : 0
  if (previous === 0 || rows.isDelete(previous)) return { type, kv }
  return { type, kv, prevKv: histories.toKeyValue(previous) }
}
