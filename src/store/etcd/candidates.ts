import type { Cancel, Clock } from '../../kernel/clock.ts'
import type { Event, Key, KeyValue } from '../../mvcc/types.ts'
import type { Store, Term, Watch, WatchBatch } from '../types.ts'

/** All that stand for election have a key below, each with a lease. */
export const electionPrefix = '/quorate/leader/'
const electionEnd = '/quorate/leader0'
const reloadMs = 200

/** One that stands for election; who has the lowest term leads. */
export interface Candidate {
  readonly key: Key
  /** Create revision of its key. */
  readonly term: Term
  /** Of the member, 16 hex digits. */
  readonly id: string
}

/**
 * The queue of the election as this member knows it. Source: etcd client/v3/concurrency Election,
 * whose keys are `<prefix>/<lease in hex>` in the order of their create revisions as well.
 */
export class Candidates {
  readonly #store: Pick<Store, 'range' | 'watch'>
  readonly #clock: Clock
  readonly #onChange: () => void
  readonly #byKey = new Map<Key, Candidate>()
  #watch: Watch | undefined
  #cancelReload: Cancel = () => {}
  #revision = 0
  #stopped = false

  constructor(store: Pick<Store, 'range' | 'watch'>, clock: Clock, onChange: () => void) {
    this.#store = store
    this.#clock = clock
    this.#onChange = onChange
  }

  start(): void {
    void this.#load()
  }

  stop(): void {
    this.#stopped = true
    this.#cancelReload()
    this.#watch?.cancel()
  }

  /** The queue is complete up to this revision; 0 before it is known. */
  get revision(): number {
    return this.#revision
  }

  /** In order: the first one leads. */
  get queue(): Candidate[] {
    return [...this.#byKey.values()].sort((left, right) => left.term - right.term)
  }

  get leader(): Candidate | undefined {
    return this.queue[0]
  }

  get(key: Key): Candidate | undefined {
    return this.#byKey.get(key)
  }

  async #load(): Promise<void> {
    const read = await this.#store.range({
      type: 'range',
      key: electionPrefix,
      rangeEnd: electionEnd,
    })
    if (this.#stopped) return
    if (!read.ok) {
      this.#reloadLater()
      return
    }
    this.#byKey.clear()
    for (const kv of read.range.kvs) this.#add(kv)
    this.#revision = read.revision
    this.#onChange()
    this.#watch = this.#store.watch(
      { key: electionPrefix, rangeEnd: electionEnd, startRevision: read.revision + 1 },
      { onBatch: batch => this.#onBatch(batch), onEnd: () => this.#reloadLater() },
    )
  }

  #reloadLater(): void {
    this.#cancelReload = this.#clock.after(reloadMs, () => void this.#load())
  }

  #onBatch({ revision, events }: WatchBatch): void {
    for (const event of events) this.#apply(event)
    this.#revision = Math.max(this.#revision, revision)
    if (events.length > 0) this.#onChange()
  }

  #apply({ type, kv }: Event): void {
    if (type === 'delete') this.#byKey.delete(kv.key)
    else this.#add(kv)
  }

  #add({ key, value, createRevision }: KeyValue): void {
    const id = Buffer.from(value).toString()
    this.#byKey.set(key, { key, term: createRevision, id })
  }
}
