import type { Event, Key } from '../../mvcc/types.ts'
import type { EmbeddedStore } from '../../store/embedded-types.ts'
import type { StoreFailure, Watch } from '../../store/types.ts'
import { etcdError, storeError } from '../errors.ts'
import type { RpcError } from '../grpc/status.ts'

/** Events that may wait; then the store's history keeps them. */
const waitingMax = 1_000

/** The changes of keys from a revision on, one after the other. */
export class Follow {
  readonly #store: EmbeddedStore
  readonly #keys: { readonly key: Key; readonly rangeEnd?: Key }
  #next: number
  #watch: Watch | undefined
  #events: Event[] = []
  #failure: RpcError | undefined
  #wake: () => void = () => {}

  /** `from`: the first revision wanted. */
  constructor(
    store: EmbeddedStore,
    keys: { readonly key: Key; readonly rangeEnd?: Key },
    from: number,
  ) {
    this.#store = store
    this.#keys = keys
    this.#next = from
  }

  /** Waits for the next change. @throws RpcError when there will be none, or after `close`. */
  async next(): Promise<Event> {
    for (;;) {
      const event = this.#events.shift()
      if (event !== undefined) return event
      if (this.#failure !== undefined) throw this.#failure
      const more = new Promise<void>(resolve => {
        this.#wake = resolve
      })
      this.#watch ??= this.#open()
      await more
    }
  }

  /** Ends it; whoever waits hears of it. */
  close(why: RpcError = etcdError('etcdserver: request canceled')): void {
    this.#failure ??= why
    this.#events = []
    this.#watch?.cancel()
    this.#wake()
  }

  #open(): Watch {
    const watch = this.#store.watch(
      { ...this.#keys, startRevision: this.#next },
      {
        onBatch: ({ events, revision }) => {
          this.#events.push(...events)
          this.#next = revision + 1
          if (events.length > 0) this.#wake()
          if (this.#events.length <= waitingMax) return
          this.#watch?.cancel()
          this.#watch = undefined
        },
        onEnd: (failure: StoreFailure) => this.close(storeError(failure)),
      },
    )
    return watch
  }
}
