import type { EmbeddedStore } from '../store/embedded-types.ts'
import type { Term } from '../store/types.ts'

/**
 * Where the store stands, to be had without waiting: what every response's header says, and where
 * a watch from now begins. The revision is asked for each time: nothing that was noted could be
 * trusted after a compaction of the log's replay, or after a snapshot, had passed it.
 */
export class Position {
  readonly #store: EmbeddedStore
  readonly #listeners = new Set<() => void>()
  #stop: () => void = () => {}
  #term: Term = 0
  #leader: string | null = null
  #isLeader = false

  constructor(store: EmbeddedStore) {
    this.#store = store
  }

  start(): void {
    this.#stop = this.#store.onLeadership(leadership => {
      this.#term = leadership.term
      this.#isLeader = leadership.leading
      this.#leader = leadership.leading ? 'self' : leadership.leader
      for (const listener of this.#listeners) listener()
    })
  }

  stop(): void {
    this.#stop()
  }

  get revision(): number {
    return this.#store.revision
  }

  get term(): Term {
    return this.#term
  }

  get isLeader(): boolean {
    return this.#isLeader
  }

  get hasLeader(): boolean {
    return this.#leader !== null
  }

  /** Calls at each change of leader or term. Returns the unsubscriber. */
  onLeader(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}
