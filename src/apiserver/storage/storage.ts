import { namedAs } from '../../api/resources/convert.ts'
import { storeKey } from '../../api/resources/table.ts'
import type { ResourceRow, ServedVersion } from '../../api/resources/types.ts'
import { conflict, notFound, StatusError } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Compare, KeyValue, Op } from '../../mvcc/types.ts'
import type { Store, TxnOutcome } from '../../store/types.ts'
import type { WatchCache } from './cache/watch-cache.ts'
import { type Claims, noClaims } from './claims.ts'
import { type Codec, createEntry, encodeObject } from './codec.ts'
import { type Entry, objectOf } from './entry.ts'
import { storeFailure } from './failures.ts'
import { SharedLeases } from './leases.ts'

/** How a write is carried out. */
export interface WriteOptions {
  readonly dryRun: boolean
  /** Raft term of a system identity's write. */
  readonly fence?: number
  /** The version that the client speaks: refusals name its group. Absent: the stored one. */
  readonly asked?: ServedVersion
}

/** What an update makes of an object. */
export interface NextState {
  readonly object: KubeObject
  /** The object goes; `object` is its last state. */
  readonly isRemoved?: boolean
  readonly claims?: Claims
}

/** The next state of an object; `current` is its own. @throws StatusError to refuse */
export type TryUpdate = (current: KubeObject, entry: Entry) => NextState | Promise<NextState>

/** What became of an update. */
export interface Updated {
  /** The new state, or the last one. */
  readonly entry: Entry
  readonly isRemoved: boolean
}

/** `exists`: there is such an object; `claimed`: another one has what it claims. */
export type Created = Entry | 'exists' | 'claimed'

/** What an attempt starts from. `isFresh`: the store has said so since the request came. */
interface State {
  readonly current: Entry
  readonly isFresh: boolean
}

const racesMax = 20
/** A minority must say so within 5 s, what came before the write included. */
const writeTimeoutMs = 4_000

/**
 * Objects in the store, each under its key: below this nobody knows requests, above it nobody knows
 * keys and transactions. Source: apiserver pkg/storage/interfaces.go, etcd3/store.go.
 */
export class Storage {
  readonly #store: Store
  readonly #cache: WatchCache
  readonly #codec: Codec
  readonly #leases: SharedLeases

  constructor(store: Store, cache: WatchCache, codec: Codec, clock: Clock) {
    this.#store = store
    this.#cache = cache
    this.#codec = codec
    this.#leases = new SharedLeases(store, clock)
  }

  /**
   * The state of an object by the store itself: for writers, whom a cache that is behind would
   * deceive. @throws StatusError 500 for what is no object, 503 without a quorum
   */
  async get(row: ResourceRow, namespace: string, name: string): Promise<Entry | undefined> {
    const key = storeKey(row, namespace, name)
    const read = await this.#store.range({ type: 'range', key })
    if (!read.ok) throw storeFailure(read)
    return this.#entryOf(row, key, read.range.kvs[0])
  }

  /** Stores a new object, if there is none and nobody has what it claims. */
  async create(
    row: ResourceRow,
    object: KubeObject,
    { taken, released }: Claims,
    options: WriteOptions,
  ): Promise<Created> {
    const { namespace = '', name = '' } = object.metadata
    const key = storeKey(row, namespace, name)
    const entry = createEntry(row, key, encodeObject(row, object), 0)
    if (options.dryRun) return (await this.get(row, namespace, name)) ? 'exists' : entry
    const outcome = await this.#commit(
      [{ key, target: 'version', op: '=', operand: 0 }, ...taken.map(isFree)],
      [await this.#put(row, entry), ...changesOf({ taken, released })],
      [{ type: 'range', key, keysOnly: true }],
      options,
    )
    if (outcome.succeeded) return { ...entry, revision: outcome.revision }
    return firstKv(outcome) === undefined ? 'claimed' : 'exists'
  }

  /**
   * Changes an object, and tries again with the newest state as often as another write comes
   * between; `tryUpdate` refuses where that matters to the client. The cached state only begins a
   * change, it never ends one: what fails on it, or changes nothing, is asked of the store as well.
   * Source: apiserver pkg/storage/etcd3/store.go GuaranteedUpdate, `origStateIsCurrent`.
   * @throws StatusError 404, 409, and those of `tryUpdate`
   */
  async guaranteedUpdate(
    row: ResourceRow,
    namespace: string,
    name: string,
    tryUpdate: TryUpdate,
    options: WriteOptions,
  ): Promise<Updated> {
    let current = this.#cache.of(row).get(storeKey(row, namespace, name))
    let isFresh = false
    for (let races = 0; races < racesMax; races++) {
      if (current === undefined) {
        current = await this.get(row, namespace, name)
        isFresh = true
      }
      if (current === undefined) throw notFound(namedAs(row, options.asked), name)
      let next: NextState
      try {
        next = await tryUpdate(objectOf(current), current)
      } catch (error) {
        // Nothing was sent so far: what fails afterwards may have been carried out, and is never
        // repeated.
        if (isFresh || !(error instanceof StatusError)) throw error
        const newest = await this.get(row, namespace, name)
        if (newest?.revision === current.revision) throw error
        current = newest
        isFresh = newest !== undefined
        continue
      }
      const done = await this.#carryOut(row, { current, isFresh }, next, options)
      if (!('lost' in done)) return { entry: done, isRemoved: next.isRemoved === true }
      current = done.lost
      isFresh = current !== undefined
    }
    throw conflict(namedAs(row, options.asked), name)
  }

  /** Writes what an update has made, if the object is still as it was. */
  async #carryOut(
    row: ResourceRow,
    state: State,
    { object, isRemoved = false, claims = noClaims }: NextState,
    options: WriteOptions,
  ): Promise<Entry | { readonly lost: Entry | undefined }> {
    const { current } = state
    const { key, revision } = current
    const entry = createEntry(row, key, encodeObject(row, object), revision)
    const isSame = !isRemoved && entry.bytes.equals(current.bytes)
    if (isSame || options.dryRun) {
      if (state.isFresh) return isSame ? current : entry
      return { lost: await this.get(row, current.namespace, current.name) }
    }
    const outcome = await this.#commit(
      [{ key, target: 'mod', op: '=', operand: revision }, ...claims.taken.map(isFree)],
      [isRemoved ? { type: 'delete', key } : await this.#put(row, entry), ...changesOf(claims)],
      [{ type: 'range', key }],
      options,
    )
    if (outcome.succeeded) return { ...entry, revision: outcome.revision }
    return { lost: this.#entryOf(row, key, firstKv(outcome)) }
  }

  async #put(row: ResourceRow, entry: Entry): Promise<Op> {
    const lease = await this.#leases.leaseFor(row.ttlSeconds)
    return { type: 'put', key: entry.key, value: this.#codec.write(entry), lease }
  }

  #entryOf(row: ResourceRow, key: string, kv: KeyValue | undefined): Entry | undefined {
    return kv && this.#codec.readEntry(row, key, kv.value, kv.modRevision)
  }

  async #commit(
    compares: readonly Compare[],
    success: readonly Op[],
    failure: readonly Op[],
    { fence }: WriteOptions,
  ): Promise<TxnOutcome> {
    const txn = { compares, success, failure }
    const done = await this.#store.txn(txn, { fence, timeoutMs: writeTimeoutMs })
    if (!done.ok) throw storeFailure(done)
    return done
  }
}

function isFree({ key }: Claims['taken'][number]): Compare {
  return { key, target: 'version', op: '=', operand: 0 }
}

function changesOf({ taken, released }: Claims): Op[] {
  return [
    ...taken.map(({ key, value }): Op => ({ type: 'put', key, value })),
    ...released.map((key): Op => ({ type: 'delete', key })),
  ]
}

function firstKv(outcome: TxnOutcome): KeyValue | undefined {
  const [result] = outcome.results
  return result?.type === 'range' ? result.kvs[0] : undefined
}
