import type { ClusterEvent } from './types.ts'

const eventsMax = 1_000

/** The recent cluster events of one process: a ring that clients read from an ID on. */
export class EventRing {
  readonly #source: string
  readonly #wall: () => number
  #events: ClusterEvent[] = []
  #lastId = 0

  constructor(source: string, wall: () => number) {
    this.#source = source
    this.#wall = wall
  }

  add(kind: ClusterEvent['kind'], message: string): void {
    this.#lastId++
    this.#events.push({ id: this.#lastId, at: this.#wall(), source: this.#source, kind, message })
    if (this.#events.length > eventsMax) this.#events = this.#events.slice(-eventsMax / 2)
  }

  /** Events with an ID above `id`, oldest first. */
  after(id: number): readonly ClusterEvent[] {
    return this.#events.filter(event => event.id > id)
  }
}
