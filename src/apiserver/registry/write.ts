import { storeKey } from '../../api/resources/table.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import {
  alreadyExists,
  badRequest,
  conflict,
  invalid,
  notFound,
  StatusError,
} from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import { Causes } from '../../api/validation/causes.ts'
import { validateMetadata, validateMetadataUpdate } from '../../api/validation/metadata.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Compare, Op } from '../../mvcc/types.ts'
import type { Store, TxnOutcome } from '../../store/types.ts'
import type { Admission } from '../admission/admission.ts'
import { createEntry, type Entry, encodeObject, objectOf, readEntry } from '../cache/entry.ts'
import type { WatchCache } from '../cache/watch-cache.ts'
import { type Companion, noCompanion } from './companion.ts'
import { storeFailure } from './failures.ts'
import { SharedLeases } from './leases.ts'
import { countGeneration, fillNewMetadata, generateName, keepSystemMetadata } from './metadata.ts'
import type { Reader } from './read.ts'

/** How a write is carried out. */
export interface WriteOptions {
  readonly dryRun: boolean
  /** Raft term of a system identity's write. */
  readonly fence?: number
}

/** The next state of an object, and what has to be written with it. */
interface Prepared {
  readonly next: KubeObject
  readonly companion: Companion
}

/** What a write starts from. `fresh`: the store has said so since the request came. */
interface State {
  readonly current: Entry
  readonly fresh: boolean
}

/** What became of a write: the object, or, after a lost race, the newest state. */
type Outcome = Entry | { readonly lost: Entry | undefined }

/** What an update does to the object it is given; it may change it in place or return another. */
export type Change = (current: KubeObject) => KubeObject | Promise<KubeObject>

/** Which part of an object an update is about. */
export type Part = 'main' | 'status' | 'system'

const nameTriesMax = 8
const racesMax = 20
/** A minority must say so within 5 s, what came before the write included. */
const writeTimeoutMs = 4_000

/** Writes of objects: prepare, default, validate, compare and put in one transaction. */
export class Writer {
  readonly #store: Store
  readonly #cache: WatchCache
  readonly #reader: Reader
  readonly #admission: Admission
  readonly #clock: Clock
  readonly #leases: SharedLeases

  constructor(store: Store, cache: WatchCache, reader: Reader, admission: Admission, clock: Clock) {
    this.#store = store
    this.#cache = cache
    this.#reader = reader
    this.#admission = admission
    this.#clock = clock
    this.#leases = new SharedLeases(store, clock)
  }

  /** Stores a new object. @throws StatusError 403, 404 namespace, 409, 422 */
  async create(row: ResourceRow, object: KubeObject, options: WriteOptions): Promise<Entry> {
    const generated = !object.metadata.name && Boolean(object.metadata.generateName)
    const version = object.metadata.resourceVersion ?? ''
    fillNewMetadata(row, object, this.#clock.wall())
    row.prepareCreate?.(object)
    row.applyDefaults?.(object)
    await this.#admission.create(row, object)
    if (!options.dryRun && /^[0-9]*[1-9][0-9]*$/.test(version)) throw versionOnCreate()
    for (let tries = 1; ; tries++) {
      const done = await this.#tryCreate(row, object, options)
      if (done !== 'taken') return done
      const name = object.metadata.name ?? ''
      if (!generated || tries === nameTriesMax) throw alreadyExists(row, name)
      object.metadata.name = generateName(object.metadata.generateName ?? '')
    }
  }

  async #tryCreate(
    row: ResourceRow,
    object: KubeObject,
    options: WriteOptions,
  ): Promise<Entry | 'taken'> {
    const { namespace = '', name = '' } = object.metadata
    const key = storeKey(row, namespace, name)
    for (let races = 0; ; races++) {
      const companion = this.#admission.allocate(row, object, undefined)
      this.#check(row, object)
      const value = encodeObject(row, object)
      if (options.dryRun) {
        const there = await this.#reader.getFromStore(row, namespace, name)
        return there !== undefined ? 'taken' : createEntry(row, key, value, 0)
      }
      const lease = await this.#leases.leaseFor(row.ttlSeconds)
      const outcome = await this.#commit(
        [{ key, target: 'version', op: '=', operand: 0 }, ...companion.compares],
        [{ type: 'put', key, value, lease }, ...companion.operations],
        [{ type: 'range', key, keysOnly: true }],
        options,
      )
      if (outcome.succeeded) return createEntry(row, key, value, outcome.revision)
      if (firstKv(outcome) !== undefined || races === racesMax) return 'taken'
      this.#admission.release(row, object)
    }
  }

  /**
   * Changes an object; repeats with the newest state when it lost a race, unless `version` (the
   * client's resourceVersion) says that the race matters.
   * @throws StatusError 404, 409, 422
   */
  async update(
    row: ResourceRow,
    namespace: string,
    name: string,
    part: Part,
    change: Change,
    options: WriteOptions,
  ): Promise<Entry> {
    const key = storeKey(row, namespace, name)
    let current = this.#cache.of(row).get(key)
    let fresh = false
    for (let races = 0; races < racesMax; races++) {
      if (current === undefined) {
        current = await this.#reader.getFromStore(row, namespace, name)
        fresh = true
      }
      if (current === undefined) throw notFound(row, name)
      let prepared: Prepared
      try {
        prepared = await this.#prepare(row, current, part, change)
      } catch (error) {
        // The cache may be behind: what failed on old data is tried again on the newest. Nothing
        // was sent so far: what fails afterwards may have been carried out, and is never repeated.
        if (fresh || !(error instanceof StatusError)) throw error
        const newest = await this.#reader.getFromStore(row, namespace, name)
        if (newest === undefined || newest.revision === current.revision) throw error
        current = newest
        fresh = true
        continue
      }
      const done = await this.#carryOut(row, { current, fresh }, prepared, options)
      if (!('lost' in done)) return done
      current = done.lost
      fresh = true
    }
    throw conflict(row, name)
  }

  /** What an update makes of `current`. @throws StatusError 409, 422 */
  async #prepare(row: ResourceRow, current: Entry, part: Part, change: Change): Promise<Prepared> {
    const old = objectOf(current)
    const next = await change(objectOf(current))
    const version = next.metadata.resourceVersion
    if (version && version !== '0' && Number(version) !== current.revision) {
      throw conflict(row, current.name)
    }
    if (next.metadata.uid && next.metadata.uid !== old.metadata.uid) {
      throw conflict(
        row,
        current.name,
        `Precondition failed: UID in precondition: ${next.metadata.uid}, UID in object ` +
          `meta: ${old.metadata.uid}`,
      )
    }
    prepareUpdate(row, next, old, part)
    const companion = this.#admission.allocate(row, next, old)
    this.#checkUpdate(row, next, old, part)
    return { next, companion }
  }

  #carryOut(
    row: ResourceRow,
    state: State,
    { next, companion }: Prepared,
    options: WriteOptions,
  ): Promise<Outcome> {
    if (isGone(row, next)) return this.#remove(row, state, next, options)
    return this.#put(row, state, next, companion, options)
  }

  /** Puts the next state of an object, if it is still as `current`. */
  async #put(
    row: ResourceRow,
    state: State,
    next: KubeObject,
    companion: Companion,
    options: WriteOptions,
  ): Promise<Outcome> {
    const { current } = state
    const value = encodeObject(row, next)
    if (value.equals(current.bytes)) return this.#unlessLost(row, state, current)
    if (options.dryRun) {
      return this.#unlessLost(row, state, createEntry(row, current.key, value, current.revision))
    }
    const lease = await this.#leases.leaseFor(row.ttlSeconds)
    const outcome = await this.#commit(
      [unchanged(current), ...companion.compares],
      [{ type: 'put', key: current.key, value, lease }, ...companion.operations],
      [{ type: 'range', key: current.key }],
      options,
    )
    if (outcome.succeeded) return createEntry(row, current.key, value, outcome.revision)
    return { lost: newestOf(row, current.key, outcome) }
  }

  /**
   * What is answered without a write is true of the store too, not of a cache that may be behind:
   * a cached state only begins a change, it never ends one.
   * Source: apiserver pkg/storage/etcd3/store.go GuaranteedUpdate, `origStateIsCurrent`.
   */
  async #unlessLost(row: ResourceRow, { current, fresh }: State, answer: Entry): Promise<Outcome> {
    if (fresh) return answer
    return { lost: await this.#reader.getFromStore(row, current.namespace, current.name) }
  }

  /** Removes an object for good, if it is still as `current`. */
  async #remove(
    row: ResourceRow,
    state: State,
    last: KubeObject,
    options: WriteOptions,
  ): Promise<Outcome> {
    const { current } = state
    const value = encodeObject(row, last)
    if (options.dryRun) {
      return this.#unlessLost(row, state, createEntry(row, current.key, value, current.revision))
    }
    const companion = this.#admission.free(row, objectOf(current))
    const outcome = await this.#commit(
      [unchanged(current), ...companion.compares],
      [{ type: 'delete', key: current.key }, ...companion.operations],
      [{ type: 'range', key: current.key }],
      options,
    )
    if (outcome.succeeded) return createEntry(row, current.key, value, outcome.revision)
    return { lost: newestOf(row, current.key, outcome) }
  }

  /** Removes an object; `change` may veto by throwing. The entry is its last state. */
  async remove(
    row: ResourceRow,
    namespace: string,
    name: string,
    change: (current: KubeObject) => KubeObject | 'remove',
    options: WriteOptions,
  ): Promise<{ entry: Entry; removed: boolean }> {
    let current = this.#cache.of(row).get(storeKey(row, namespace, name))
    let fresh = false
    for (let races = 0; races < racesMax; races++) {
      if (current === undefined) {
        current = await this.#reader.getFromStore(row, namespace, name)
        fresh = true
        if (current === undefined) throw notFound(row, name)
      }
      let next: KubeObject | 'remove'
      try {
        next = change(objectOf(current))
      } catch (error) {
        if (fresh) throw error
        current = undefined
        continue
      }
      const state: State = { current, fresh }
      const done: Outcome =
        next === 'remove'
          ? await this.#remove(row, state, objectOf(current), options)
          : await this.#put(row, state, next, noCompanion, options)
      if (!('lost' in done)) return { entry: done, removed: next === 'remove' }
      current = done.lost
      fresh = current !== undefined
    }
    throw conflict(row, name)
  }

  async #commit(
    compares: readonly Compare[],
    success: readonly Op[],
    failure: readonly Op[],
    options: WriteOptions,
  ): Promise<TxnOutcome> {
    const done = await this.#store.txn(
      { compares, success, failure },
      { fence: options.fence, timeoutMs: writeTimeoutMs },
    )
    if (!done.ok) throw storeFailure(done)
    return done
  }

  #check(row: ResourceRow, object: KubeObject): void {
    const causes = new Causes()
    validateMetadata(row, object, causes)
    row.validate?.(object, causes)
    if (causes.list.length > 0) throw invalid(row, object.metadata.name ?? '', causes.list)
  }

  #checkUpdate(row: ResourceRow, next: KubeObject, old: KubeObject, part: Part): void {
    const causes = new Causes()
    validateMetadata(row, next, causes)
    validateMetadataUpdate(next, old, causes)
    if (part === 'main') {
      row.validate?.(next, causes)
      row.validateUpdate?.(next, old, causes)
    }
    if (causes.list.length > 0) throw invalid(row, next.metadata.name ?? '', causes.list)
  }
}

/** Source: apiserver pkg/storage ErrResourceVersionSetOnCreate; a dry run passes, as upstream. */
function versionOnCreate(): StatusError {
  return badRequest('resourceVersion should not be set on objects to be created')
}

function prepareUpdate(row: ResourceRow, next: KubeObject, old: KubeObject, part: Part): void {
  keepSystemMetadata(next, old)
  if (part === 'system') {
    countGeneration(row, next, old)
    return
  }
  if (part === 'status') {
    const { metadata, status } = next
    for (const key of Object.keys(next)) delete next[key]
    Object.assign(next, old, { metadata })
    if (status === undefined) delete next.status
    else next.status = status
    return
  }
  if (row.status) {
    if (old.status === undefined) delete next.status
    else next.status = old.status
  }
  row.applyDefaults?.(next)
  row.prepareUpdate?.(next, old)
  countGeneration(row, next, old)
}

/** True when the last finalizer went off an object that was only waiting for it. */
function isGone(row: ResourceRow, object: KubeObject): boolean {
  const { metadata } = object
  if (!metadata.deletionTimestamp || (metadata.finalizers?.length ?? 0) > 0) return false
  if (row.resource === 'namespaces') return (object.spec?.finalizers?.length ?? 0) === 0
  return (metadata.deletionGracePeriodSeconds ?? 0) === 0
}

function unchanged(entry: Entry): Compare {
  return { key: entry.key, target: 'mod', op: '=', operand: entry.revision }
}

function firstKv(outcome: TxnOutcome) {
  const [result] = outcome.results
  return result?.type === 'range' ? result.kvs[0] : undefined
}

function newestOf(row: ResourceRow, key: string, outcome: TxnOutcome): Entry | undefined {
  const kv = firstKv(outcome)
  return kv && readEntry(row, key, kv.value, kv.modRevision)
}
