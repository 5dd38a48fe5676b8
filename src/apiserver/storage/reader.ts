import { namedAs } from '../../api/resources/convert.ts'
import { storeKey } from '../../api/resources/table.ts'
import type { ResourceRow, ServedVersion } from '../../api/resources/types.ts'
import { notFound, StatusError } from '../../api/status.ts'
import type { Store } from '../../store/types.ts'
import type { WatchCache } from './cache/watch-cache.ts'
import type { Codec } from './codec.ts'
import { type ContinueToken, decodeToken, encodeToken, expiredToken } from './continue.ts'
import { type Corrupt, type Entry, factsOf, isCorrupt, storageReadError } from './entry.ts'
import { storeFailure } from './failures.ts'
import { corruptOf, type Filter, matchesFilter } from './filter.ts'
import { prefixEnd } from './prefix.ts'
import { parseVersion, tooLargeVersion } from './versioner.ts'

/** Longest wait for a linearizable read; together with the cache's below the 5 s of a minority. */
const freshTimeoutMs = 2_400
/** Objects parsed before other requests get their turn. */
const factsPerTurn = 128

/** One page of a list, consistent at `revision`. */
export interface Page {
  readonly entries: readonly Entry[]
  readonly revision: number
  /** Token of the next page; '' on the last. */
  readonly continueToken: string
  /** Objects on later pages; undefined when selectors make it unknown. */
  readonly remaining?: number
}

/** Which state of a collection is wanted, and how much of it. */
export interface ListOptions {
  /** A resourceVersion; '': the newest. */
  readonly version: string
  readonly match: '' | 'Exact' | 'NotOlderThan'
  /** Of the page before; '' for the first. */
  readonly token: string
  /** 0: everything. */
  readonly limit: number
}

/** Reads of objects, from the cache wherever it has what was asked for. */
export class Reader {
  readonly #store: Store
  readonly #cache: WatchCache
  readonly #codec: Codec

  constructor(store: Store, cache: WatchCache, codec: Codec) {
    this.#store = store
    this.#cache = cache
    this.#codec = codec
  }

  /**
   * One object. Without resourceVersion the read is linearizable; `0` takes what is there; any
   * other number waits until the cache is not older.
   * @throws StatusError 404
   */
  async get(
    row: ResourceRow,
    namespace: string,
    name: string,
    version = '',
    asked?: ServedVersion,
  ): Promise<Entry> {
    await this.freshen(row, version)
    const cache = this.#cache.of(row)
    const key = storeKey(row, namespace, name)
    const corrupt = cache.corrupt.get(key)
    if (corrupt !== undefined) throw storageReadError(row, [corrupt])
    const entry = cache.get(key)
    if (entry === undefined) throw notFound(namedAs(row, asked), name)
    return entry
  }

  /** True when the cache of a row can be read. */
  isLoaded(row: ResourceRow): boolean {
    return this.#cache.synced && this.#cache.of(row).isReady
  }

  /** Waits until it can. @throws StatusError 429 when that takes too long */
  async loaded(row: ResourceRow): Promise<void> {
    await this.#cache.waitFor(0, freshTimeoutMs)
    await this.#cache.waitReady(row, freshTimeoutMs)
  }

  /** Waits until the cache of a row is as fresh as `version` demands. */
  async freshen(row: ResourceRow, version: string): Promise<void> {
    if (version === '') await this.#waitForNewest()
    else if (version !== '0') await this.#waitForFuture(parseVersion(version))
    if (!this.isLoaded(row)) await this.loaded(row)
  }

  async #waitForNewest(): Promise<void> {
    const read = await this.#store.readIndex({ timeoutMs: freshTimeoutMs })
    if (!read.ok) throw storeFailure(read)
    await this.#cache.waitFor(read.revision, freshTimeoutMs)
  }

  /** A page of a collection. Source: apiserver pkg/storage GetList, its table of versions. */
  async list(row: ResourceRow, filter: Filter, options: ListOptions): Promise<Page> {
    const { version, token, limit } = options
    if (token !== '') return this.#continued(row, filter, limit, decodeToken(token))
    if (options.match === 'Exact') {
      return this.#exact(row, filter, limit, parseVersion(version), storeKey(row, filter.namespace))
    }
    await this.freshen(row, version)
    // As upstream, a list that takes anything comes whole.
    const pageLimit = version === '0' ? 0 : limit
    return this.#fromCache(row, filter, pageLimit, storeKey(row, filter.namespace))
  }

  async #fromCache(row: ResourceRow, filter: Filter, limit: number, start: string): Promise<Page> {
    const cache = this.#cache.of(row)
    const revision = this.#cache.revision
    refuseCorrupt(row, filter, cache.corrupt.values())
    const all =
      this.#candidates(row, filter, start) ?? cache.list(storeKey(row, filter.namespace), start)
    if (filter.selective) await learnFacts(row, all)
    return cut(row, filter, all, limit, revision)
  }

  /** A selector by name needs one look-up only: `kubectl get -w NAME`, informers on one object. */
  #candidates(row: ResourceRow, filter: Filter, start: string): Entry[] | undefined {
    const byName = filter.fields.find(one => one.field === 'metadata.name' && !one.negated)
    if (byName === undefined || (row.namespaced && filter.namespace === '')) return undefined
    const key = storeKey(row, filter.namespace, byName.value)
    const entry = key >= start ? this.#cache.of(row).get(key) : undefined
    return entry === undefined ? [] : [entry]
  }

  async #continued(
    row: ResourceRow,
    filter: Filter,
    limit: number,
    { revision, start }: ContinueToken,
  ): Promise<Page> {
    const prefix = storeKey(row, filter.namespace)
    if (revision === -1) {
      await this.freshen(row, '')
      return this.#fromCache(row, filter, limit, prefix + start)
    }
    try {
      return await this.#exact(row, filter, limit, revision, prefix + start)
    } catch (error) {
      if (error instanceof StatusError && error.status.code === 410) throw expiredToken(start)
      throw error
    }
  }

  /** The state at one revision: the cache when nothing changed since, else the store's history. */
  async #exact(
    row: ResourceRow,
    filter: Filter,
    limit: number,
    revision: number,
    start: string,
  ): Promise<Page> {
    if (revision > this.#cache.revision) await this.#waitForFuture(revision)
    if (!this.isLoaded(row)) await this.loaded(row)
    const cache = this.#cache.of(row)
    const prefix = storeKey(row, filter.namespace)
    if (cache.lastRevision <= revision) {
      refuseCorrupt(row, filter, cache.corrupt.values())
      const all = cache.list(prefix, start)
      if (filter.selective) await learnFacts(row, all)
      return cut(row, filter, all, limit, revision)
    }
    const read = await this.#store.range(
      { type: 'range', key: start, rangeEnd: prefixEnd(prefix), revision },
      { serializable: true },
    )
    if (!read.ok) throw storeFailure(read)
    const stored = read.range.kvs.map(kv => this.#codec.read(row, kv.key, kv.value, kv.modRevision))
    refuseCorrupt(row, filter, stored.filter(isCorrupt))
    const entries = stored.filter((one): one is Entry => !isCorrupt(one))
    return cut(row, filter, entries, limit, revision)
  }

  async #waitForFuture(wanted: number): Promise<void> {
    try {
      await this.#cache.waitFor(wanted, 3_000)
    } catch (error) {
      if (!this.#cache.synced) throw error
      throw tooLargeVersion(wanted, this.#cache.revision)
    }
  }
}

/** At most so many keys are named. Source: apiserver pkg/storage/errors.go. */
const namedCorruptMax = 100

/** @throws StatusError 500 when the request's scope has a value that is no object */
export function refuseCorrupt(row: ResourceRow, filter: Filter, corrupt: Iterable<Corrupt>): void {
  const found = corruptOf(row, filter, corrupt)
  if (found.length > 0) throw storageReadError(row, found.slice(0, namedCorruptMax))
}

/** Parses in slices what selectors look at, so that a first selective list stops nobody. */
async function learnFacts(row: ResourceRow, entries: readonly Entry[]): Promise<void> {
  let parsed = 0
  for (const entry of entries) {
    if (entry.facts !== undefined) continue
    factsOf(row, entry)
    if (++parsed % factsPerTurn === 0) await new Promise<void>(resolve => setImmediate(resolve))
  }
}

function cut(
  row: ResourceRow,
  filter: Filter,
  entries: readonly Entry[],
  limit: number,
  revision: number,
): Page {
  if (limit <= 0 || (!filter.selective && entries.length <= limit)) {
    const all = filter.selective ? entries.filter(one => matchesFilter(row, filter, one)) : entries
    return { entries: all, revision, continueToken: '' }
  }
  const page: Entry[] = []
  let at = 0
  for (; at < entries.length && page.length < limit; at++) {
    const entry = entries[at]
    if (entry !== undefined && matchesFilter(row, filter, entry)) page.push(entry)
  }
  const last = entries[at - 1]
  if (at === entries.length || last === undefined)
    return { entries: page, revision, continueToken: '' }
  const start = `${last.key}\0`.slice(storeKey(row, filter.namespace).length)
  const remaining = filter.selective ? undefined : entries.length - at
  return { entries: page, revision, continueToken: encodeToken({ revision, start }), remaining }
}
