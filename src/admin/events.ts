import type { ClusterEvent, EventData, FaultName } from './types.ts'

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

  /** `at`: when it happened, if that is known better than by now. */
  add(kind: ClusterEvent['kind'], message: string, data?: EventData, at = this.#wall()): void {
    const event = { id: ++this.#lastId, at, source: this.#source, kind, message }
    this.#events.push(data === undefined ? event : { ...event, data })
    if (this.#events.length > eventsMax) this.#events = this.#events.slice(-eventsMax / 2)
  }

  /** Events with an ID above `id`, oldest first. */
  after(id: number): readonly ClusterEvent[] {
    return this.#events.filter(event => event.id > id)
  }
}

const past: Readonly<Record<FaultName, string>> = {
  kill: 'killed',
  pause: 'paused',
  resume: 'resumed',
  restart: 'restarted',
  partition: 'cut off',
  slow: 'slowed',
  heal: 'healed',
  'block-main': 'main thread blocked',
  'hold-writes': 'writes held or released',
  transfer: 'handed over',
}

/** What a fault is called when it has been done: `peer-1 killed`. */
export function faultText({
  fault,
  peers,
}: {
  readonly fault: FaultName
  readonly peers: readonly string[]
}): string {
  return `${peers.join(', ') || 'all'} ${past[fault]}`
}
