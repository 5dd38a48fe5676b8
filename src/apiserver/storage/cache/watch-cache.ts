import type { ResourceRegistry } from '../../../api/resources/registry.ts'
import type { ResourceRow } from '../../../api/resources/types.ts'
import {
  pathNotFound,
  type StatusError,
  serviceUnavailable,
  tooManyRequests,
} from '../../../api/status.ts'
import { type Clock, sleep } from '../../../kernel/clock.ts'
import type { Logger } from '../../../kernel/logger.ts'
import { errorMessage } from '../../../kernel/result.ts'
import type { Event } from '../../../mvcc/types.ts'
import type { Store, StoreFailure, Watch } from '../../../store/types.ts'
import type { Codec } from '../codec.ts'
import { type Corrupt, isCorrupt } from '../entry.ts'
import { prefixEnd } from '../prefix.ts'
import { CacheIndex } from './cache-index.ts'
import { Loading, ResourceCache } from './resource-cache.ts'

const root = '/registry/'
const rootEnd = '/registry0'
const loadKeysPerRead = 1000
const retryMs = 200
const lateTimeoutMs = 10_000

interface Waiter {
  readonly revision: number
  done(): void
}

/**
 * Every object of the API in memory, kept current by one watch of the store. Reads are served from
 * here; `waitFor` makes them as fresh as they must be.
 */
export class WatchCache {
  readonly #store: Store
  readonly #logger: Logger
  readonly #clock: Clock
  readonly #byPrefix = new CacheIndex()
  readonly #unsubscribe: () => void
  readonly #waiters = new Set<Waiter>()
  readonly #resetListeners = new Set<() => void>()
  readonly #stopped = new AbortController()
  #watch: Watch | undefined
  #revision = 0
  #synced = false

  constructor(
    store: Store,
    resources: ResourceRegistry,
    codec: Codec,
    logger: Logger,
    clock: Clock,
  ) {
    this.#store = store
    this.#logger = logger
    this.#clock = clock
    for (const row of resources.rows) this.#byPrefix.add(new ResourceCache(row, codec))
    this.#unsubscribe = resources.onChange((row, isThere) => {
      if (isThere) this.#add(new ResourceCache(row, codec))
      else this.#byPrefix.delete(row)
    })
  }

  /** Complete up to and including this revision of the store. */
  get revision(): number {
    return this.#revision
  }

  get synced(): boolean {
    return this.#synced
  }

  /** @throws StatusError 404 for a row that is not there any more */
  of(row: ResourceRow): ResourceCache {
    const cache = this.#byPrefix.of(row)
    if (cache === undefined) throw pathNotFound()
    return cache
  }

  /** Resolves when the first snapshot is in memory. */
  async start(): Promise<void> {
    while (!this.#stopped.signal.aborted) {
      try {
        await this.#load()
        return
      } catch (error) {
        this.#logger.warn('the watch cache could not be loaded', { error: errorMessage(error) })
        await sleep(retryMs, this.#stopped.signal).catch(() => {})
      }
    }
  }

  stop(): void {
    this.#unsubscribe()
    this.#stopped.abort()
    this.#watch?.cancel()
  }

  /** Called when the history broke, so that watches can't go on. */
  onReset(listener: () => void): () => void {
    this.#resetListeners.add(listener)
    return () => this.#resetListeners.delete(listener)
  }

  /**
   * Resolves when the cache has `revision`.
   * @throws StatusError after `timeoutMs`: 429 while it is loading, 503 when it is behind.
   */
  async waitFor(revision: number, timeoutMs: number): Promise<void> {
    if (this.#synced && this.#revision >= revision) return
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        revision,
        done: () => {
          cancel()
          this.#waiters.delete(waiter)
          resolve()
        },
      }
      const cancel = this.#clock.after(timeoutMs, () => {
        this.#waiters.delete(waiter)
        reject(
          this.#synced
            ? serviceUnavailable('the watch cache of this peer is behind; please try again', 1)
            : initializing(),
        )
      })
      this.#waiters.add(waiter)
    })
  }

  /**
   * Resolves when the cache of a row is loaded: one that was added while the server runs comes
   * later than all others. @throws StatusError 429 after `timeoutMs`
   */
  async waitReady(row: ResourceRow, timeoutMs: number): Promise<void> {
    const cache = this.of(row)
    if (cache.isReady) return
    await new Promise<void>((resolve, reject) => {
      const cancel = this.#clock.after(timeoutMs, () => reject(initializing()))
      void cache.ready.then(() => {
        cancel()
        resolve()
      })
    })
  }

  /** Reads a snapshot beside what is there, and puts it in its place when it is complete. */
  async #load(): Promise<void> {
    const caches = [...this.#byPrefix]
    const { loadings, at } = await this.#read(caches, root, rootEnd)
    for (const [cache, loading] of loadings) cache.install(loading, at)
    this.#revision = at
    this.#advance(at)
    this.#follow(at)
  }

  /** A resource comes while others are at work: what happens meanwhile is kept for it. */
  #add(cache: ResourceCache): void {
    this.#byPrefix.add(cache)
    void this.#loadLate(cache)
  }

  async #loadLate(cache: ResourceCache): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted && !cache.isReady && this.#byPrefix.of(cache.row) === cache) {
      try {
        await this.waitFor(0, lateTimeoutMs)
        const { loadings, at } = await this.#read([cache], cache.prefix, prefixEnd(cache.prefix))
        // A list from here says the revision of all: nothing in it may be newer.
        await this.waitFor(at, lateTimeoutMs)
        for (const [each, loading] of loadings) if (!each.isReady) each.install(loading, at)
      } catch (error) {
        const { resource } = cache.row
        this.#logger.warn('a cache could not be loaded', { resource, error: errorMessage(error) })
        await sleep(retryMs, signal).catch(() => {})
      }
    }
  }

  async #read(caches: readonly ResourceCache[], from: string, to: string) {
    for (const cache of caches) cache.expect()
    const loadings = new Map(caches.map(cache => [cache, new Loading()]))
    let start = from
    let at: number | undefined
    for (;;) {
      const read = await this.#store.range(
        { type: 'range', key: start, rangeEnd: to, limit: loadKeysPerRead, revision: at },
        // The first read is linearizable: a peer that has just started may have applied nothing of
        // its log yet, and an empty cache would tell its kubelet to end every pod.
        { serializable: at !== undefined },
      )
      if (!read.ok) throw new Error(read.message)
      at ??= read.revision
      for (const kv of read.range.kvs) {
        const cache = this.#byPrefix.at(kv.key)
        if (cache === undefined) continue
        const stored = cache.read(kv)
        if (isCorrupt(stored)) this.#report(stored)
        loadings.get(cache)?.add(stored)
      }
      const last = read.range.kvs.at(-1)
      if (!read.range.more || last === undefined) return { loadings, at }
      start = `${last.key}\0`
    }
  }

  #follow(revision: number): void {
    this.#watch = this.#store.watch(
      { key: root, rangeEnd: rootEnd, startRevision: revision + 1 },
      {
        onBatch: batch => {
          for (const event of batch.events) this.#apply(event)
          this.#advance(batch.revision)
        },
        onEnd: failure => this.#restart(failure),
      },
    )
  }

  #restart(failure: StoreFailure): void {
    if (this.#stopped.signal.aborted) return
    this.#logger.warn('the watch of the store ended; loading again', { why: failure.why })
    this.#synced = false
    for (const cache of this.#byPrefix) cache.broken()
    for (const listener of this.#resetListeners) listener()
    sleep(retryMs, this.#stopped.signal).then(
      () => this.start(),
      () => {},
    )
  }

  #apply(event: Event): void {
    const cache = this.#byPrefix.at(event.kv.key)
    if (cache === undefined) return
    cache.apply(event)
    const corrupt = cache.corrupt.get(event.kv.key)
    if (corrupt !== undefined) this.#report(corrupt)
  }

  /** A value that is no object takes nobody down: it is said here, and to whoever reads it. */
  #report({ key, corrupt }: Corrupt): void {
    this.#logger.error('a stored value can not be read', { key, error: corrupt })
  }

  #advance(revision: number): void {
    this.#revision = Math.max(this.#revision, revision)
    this.#synced = true
    for (const waiter of this.#waiters) if (waiter.revision <= this.#revision) waiter.done()
  }
}

function initializing(): StatusError {
  return tooManyRequests('storage is (re)initializing', 1)
}
