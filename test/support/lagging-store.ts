import type { Prng } from '../../src/kernel/prng.ts'
import type {
  Store,
  StoreFailure,
  Watch,
  WatchBatch,
  WatchHandlers,
  WatchRequest,
} from '../../src/store/types.ts'

const cutOff = { ok: false, why: 'unavailable', message: 'no leader' } as const

/**
 * One member's view of a store that several API servers share: its reads and writes are the store's
 * own, but what its watches say comes when the test lets it. A test holds the watches back and lets
 * them go on, cuts the member off from the quorum, or ends its watches as a new snapshot does.
 * With a `prng` everything comes late at random: one seed is one pattern of lag.
 */
export class LaggingStore implements Store {
  readonly #store: Store
  readonly #prng: Prng | undefined
  readonly #watches = new Set<HeldWatch>()
  #held = false
  #cut = false
  /** Reads that serve the loading of a cache wait while this is set. */
  #loading: Promise<void> = Promise.resolve()

  constructor(store: Store, prng?: Prng) {
    this.#store = store
    this.#prng = prng
  }

  /** From now on this member's watches say nothing; `fresh`: those say on that are there now. */
  hold({ fresh = false } = {}): void {
    this.#held = true
    if (fresh) for (const watch of this.#watches) watch.free = true
  }

  /** What was held back comes, in order, before this returns. */
  release(): void {
    this.#held = false
    for (const watch of [...this.#watches]) {
      watch.free = false
      watch.drain()
    }
  }

  /** Without a quorum: writes and linearizable reads fail; watches say nothing new. */
  cut(): void {
    this.#cut = true
    this.hold()
  }

  /** The partition is over. */
  heal(): void {
    this.#cut = false
    this.release()
  }

  /** Ends every watch of this member, as one that has received a snapshot does. */
  endWatches(failure: StoreFailure): void {
    for (const watch of [...this.#watches]) watch.end(failure)
  }

  /** Whole ranges (a cache that loads) wait until the returned function is called. */
  holdLoads(): () => void {
    let go = () => {}
    this.#loading = new Promise(resolve => {
      go = resolve
    })
    return go
  }

  watch(request: WatchRequest, handlers: WatchHandlers): Watch {
    const watch = new HeldWatch(handlers, () => this.#held, this.#prng)
    this.#watches.add(watch)
    const inner = this.#store.watch(request, {
      onBatch: batch => watch.take(batch),
      onEnd: failure => watch.end(failure),
    })
    watch.onEnd = () => {
      this.#watches.delete(watch)
      inner.cancel()
    }
    return { cancel: () => watch.cancel() }
  }

  async txn(...given: Parameters<Store['txn']>): ReturnType<Store['txn']> {
    return this.#cut ? cutOff : this.#store.txn(...given)
  }

  async range(...given: Parameters<Store['range']>): ReturnType<Store['range']> {
    const [op, options] = given
    if (op.rangeEnd !== undefined) await this.#loading
    return this.#cut && !options?.serializable ? cutOff : this.#store.range(...given)
  }

  async readIndex(...given: Parameters<Store['readIndex']>): ReturnType<Store['readIndex']> {
    return this.#cut ? cutOff : this.#store.readIndex(...given)
  }

  compact(...given: Parameters<Store['compact']>): ReturnType<Store['compact']> {
    return this.#store.compact(...given)
  }

  leaseGrant(...given: Parameters<Store['leaseGrant']>): ReturnType<Store['leaseGrant']> {
    return this.#store.leaseGrant(...given)
  }

  leaseKeepAlive(...given: Parameters<Store['leaseKeepAlive']>) {
    return this.#store.leaseKeepAlive(...given)
  }

  leaseRevoke(...given: Parameters<Store['leaseRevoke']>): ReturnType<Store['leaseRevoke']> {
    return this.#store.leaseRevoke(...given)
  }

  transferLeadership(to?: string): ReturnType<Store['transferLeadership']> {
    return this.#store.transferLeadership(to)
  }

  status(...given: Parameters<Store['status']>): ReturnType<Store['status']> {
    return this.#store.status(...given)
  }

  onLeadership(...given: Parameters<Store['onLeadership']>): () => void {
    return this.#store.onLeadership(...given)
  }
}

/** One watch whose batches wait: for `release`, or for as many turns as the seed says. */
class HeldWatch {
  onEnd: () => void = () => {}
  readonly #handlers: WatchHandlers
  readonly #isHeld: () => boolean
  readonly #prng: Prng | undefined
  /** Not held back. */
  free = false
  #queue: WatchBatch[] = []
  #over = false
  #pumping = false

  constructor(handlers: WatchHandlers, isHeld: () => boolean, prng: Prng | undefined) {
    this.#handlers = handlers
    this.#isHeld = isHeld
    this.#prng = prng
  }

  take(batch: WatchBatch): void {
    this.#queue.push(batch)
    if (this.#prng === undefined) this.drain()
    else this.#pump(this.#prng)
  }

  drain(): void {
    while (!this.#over && (this.free || !this.#isHeld())) {
      const batch = this.#queue.shift()
      if (batch === undefined) return
      this.#handlers.onBatch(batch)
    }
  }

  end(failure: StoreFailure): void {
    if (this.#over) return
    this.cancel()
    this.#handlers.onEnd(failure)
  }

  cancel(): void {
    this.#over = true
    this.#queue = []
    this.onEnd()
  }

  /** A batch a turn at most, and none in most turns. */
  #pump(prng: Prng): void {
    if (this.#pumping || this.#over || this.#queue.length === 0) return
    this.#pumping = true
    setImmediate(() => {
      this.#pumping = false
      if (this.#over || this.#isHeld()) return
      if (prng.chance(lagRatio)) {
        const batch = this.#queue.shift()
        if (batch !== undefined) this.#handlers.onBatch(batch)
      }
      this.#pump(prng)
    })
  }
}

/** In so many of its turns a lagging watch says something: the others are lag. */
const lagRatio = 0.2
