import type { CacheEvent } from './event.ts'

/** Changes of one kind that are kept for watches that resume, and what their objects may weigh. */
const eventsMax = 4_096
const bytesMax = 4 << 20
/** It is cut when it is this many times as long, so that not every change moves all others. */
const slack = 1.25
/**
 * Of the newest ones the encoded lines are kept as well: after a failover all that had been
 * watching elsewhere want the same few.
 */
const linesKept = 128

/**
 * The recent changes of one kind. Bounded by what it weighs: a thousand versions of an object of a
 * megabyte would be a gigabyte, twice. Who wants what is forgotten here reads it from the store.
 */
export class History {
  #events: CacheEvent[] = []
  #bytes = 0
  /** Changes up to this revision are not here any more. */
  #floor = 0

  /** Forgets everything; what comes next is after `floor`. */
  reset(floor: number): void {
    this.#events = []
    this.#bytes = 0
    this.#floor = floor
  }

  push(event: CacheEvent): void {
    this.#events.push(event)
    this.#bytes += weightOf(event)
    this.#events.at(-1 - linesKept)?.lines.clear()
    const isLong = this.#events.length > eventsMax * slack || this.#bytes > bytesMax * slack
    if (isLong) this.#trim()
  }

  /** Changes after `revision`, or undefined when some of them are forgotten. */
  since(revision: number): readonly CacheEvent[] | undefined {
    if (revision < this.#floor) return undefined
    // Most begin at the newest.
    const last = this.#events.findLastIndex(event => event.revision <= revision)
    return this.#events.slice(last + 1)
  }

  #trim(): void {
    let gone = 0
    while (this.#events.length - gone > eventsMax || this.#bytes > bytesMax) {
      const event = this.#events[gone++]!
      this.#bytes -= weightOf(event)
      this.#floor = event.revision
    }
    this.#events = this.#events.slice(gone)
  }
}

function weightOf({ entry, old }: CacheEvent): number {
  return (entry?.bytes.length ?? 0) + (old?.bytes.length ?? 0)
}
