import type { EmbeddedStore } from '../store/embedded-types.ts'
import type { Term } from '../store/types.ts'

/**
 * Where the store stands, to be had without waiting: what every response's header says. The
 * revision comes from a watch that wants no key, which hears of every applied revision.
 */
export class Position {
  readonly #store: EmbeddedStore
  readonly #listeners = new Set<() => void>()
  #stop: () => void = () => {}
  #revision = 1
  #term: Term = 0
  #leader: string | null = null
  #isLeader = false

  constructor(store: EmbeddedStore) {
    this.#store = store
  }

  async start(): Promise<void> {
    this.#revision = (await this.#store.status()).revision
    const watch = this.#store.watch(nothing, {
      onBatch: ({ revision }) => this.reached(revision),
      onEnd: () => {},
    })
    const forget = this.#store.onLeadership(leadership => {
      this.#term = leadership.term
      this.#isLeader = leadership.leading
      this.#leader = leadership.leading ? 'self' : leadership.leader
      for (const listener of this.#listeners) listener()
    })
    this.#stop = () => {
      watch.cancel()
      forget()
    }
  }

  stop(): void {
    this.#stop()
  }

  get revision(): number {
    return this.#revision
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

  /** A result of the store was of this revision. */
  reached(revision: number): void {
    if (revision > this.#revision) this.#revision = revision
  }

  /** Calls at each change of leader or term. Returns the unsubscriber. */
  onLeader(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }
}

/** A key that nobody writes: etcd refuses the empty key, and this one is after all others. */
const nothing = { key: '\xff'.repeat(64) } as const
