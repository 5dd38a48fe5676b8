import { storeKey } from '../../api/resources/table.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { badRequest, expired, notFound, StatusError } from '../../api/status.ts'
import { errorMessage } from '../../kernel/result.ts'
import type { Store } from '../../store/types.ts'
import {
  type Corrupt,
  type Entry,
  factsOf,
  isCorrupt,
  readEntry,
  readStored,
  storageReadError,
} from '../cache/entry.ts'
import { corruptOf, type Filter, matchesFilter } from '../cache/filter.ts'
import type { WatchCache } from '../cache/watch-cache.ts'
import { integerOf, invalidOptions } from '../http/options.ts'
import { storeFailure } from './failures.ts'

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

/** Reads of objects, from the cache wherever it has what was asked for. */
export class Reader {
  readonly #store: Store
  readonly #cache: WatchCache

  constructor(store: Store, cache: WatchCache) {
    this.#store = store
    this.#cache = cache
  }

  /**
   * One object. Without resourceVersion the read is linearizable; `0` takes what is there; any
   * other number waits until the cache is not older.
   * @throws StatusError 404
   */
  async get(row: ResourceRow, namespace: string, name: string, version = ''): Promise<Entry> {
    await this.freshen(version)
    const cache = this.#cache.of(row)
    const key = storeKey(row, namespace, name)
    const corrupt = cache.corrupt.get(key)
    if (corrupt !== undefined) throw storageReadError(row, [corrupt])
    const entry = cache.get(key)
    if (entry === undefined) throw notFound(row, name)
    return entry
  }

  /**
   * The state of an object by the store itself: for writers, whom a cache that is behind would
   * deceive. @throws StatusError 500 for what is no object, 503 without a quorum
   */
  async getFromStore(
    row: ResourceRow,
    namespace: string,
    name: string,
  ): Promise<Entry | undefined> {
    const key = storeKey(row, namespace, name)
    const read = await this.#store.range({ type: 'range', key })
    if (!read.ok) throw storeFailure(read)
    const kv = read.range.kvs[0]
    return kv && readEntry(row, key, kv.value, kv.modRevision)
  }

  /** Waits until the cache is loaded. @throws StatusError 429 when that takes too long */
  loaded(): Promise<void> {
    return this.#cache.waitFor(0, freshTimeoutMs)
  }

  /** Waits until the cache is as fresh as `version` demands. */
  async freshen(version: string): Promise<void> {
    if (version === '0') {
      await this.#cache.waitFor(0, freshTimeoutMs)
      return
    }
    if (version !== '') {
      const wanted = parseVersion(version)
      await this.#waitForFuture(wanted)
      return
    }
    const read = await this.#store.readIndex({ timeoutMs: freshTimeoutMs })
    if (!read.ok) throw storeFailure(read)
    await this.#cache.waitFor(read.revision, freshTimeoutMs)
  }

  /** A page of a collection. Source: apiserver pkg/storage GetList, its table of versions. */
  async list(row: ResourceRow, filter: Filter, query: URLSearchParams): Promise<Page> {
    const version = query.get('resourceVersion') ?? ''
    const match = query.get('resourceVersionMatch') ?? ''
    const token = query.get('continue') ?? ''
    const limit = integerOf(query, 'limit') ?? 0
    integerOf(query, 'timeoutSeconds')
    checkOptions(version, match, token, query.get('sendInitialEvents') !== null)
    if (token !== '') return this.#continued(row, filter, limit, decodeToken(token))
    if (match === 'Exact') {
      return this.#exact(row, filter, limit, parseVersion(version), storeKey(row, filter.namespace))
    }
    await this.freshen(version)
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
      await this.freshen('')
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
    const stored = read.range.kvs.map(kv => readStored(row, kv.key, kv.value, kv.modRevision))
    refuseCorrupt(row, filter, stored.filter(isCorrupt))
    const entries = stored.filter((one): one is Entry => !isCorrupt(one))
    return cut(row, filter, entries, limit, revision)
  }

  async #waitForFuture(wanted: number): Promise<void> {
    try {
      await this.#cache.waitFor(wanted, 3_000)
    } catch (error) {
      if (!this.#cache.synced) throw error
      throw tooLarge(wanted, this.#cache.revision)
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

/** First key behind all that begin with `prefix`. */
export function prefixEnd(prefix: string): string {
  const last = prefix.charCodeAt(prefix.length - 1)
  return prefix.slice(0, -1) + String.fromCharCode(last + 1)
}

/** @throws StatusError 400 */
export function parseVersion(version: string): number {
  const value = Number(version)
  if (!/^\d+$/.test(version) || !Number.isSafeInteger(value)) {
    throw badRequest(
      `invalid resource version: resourceVersion: Invalid value: "${version}": ` +
        `strconv.ParseUint: parsing "${version}": invalid syntax`,
    )
  }
  return value
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

interface ContinueToken {
  /** -1: take what is current. */
  readonly revision: number
  /** Key behind the collection's prefix, the first of the next page. */
  readonly start: string
}

function encodeToken({ revision, start }: ContinueToken): string {
  const token = { v: 'meta.k8s.io/v1', rv: revision, start }
  return Buffer.from(JSON.stringify(token)).toString('base64url')
}

/** Source: apiserver pkg/storage/continue.go DecodeContinue. @throws StatusError 400 */
function decodeToken(text: string): ContinueToken {
  const wrong = (why: string) =>
    badRequest(`invalid continue token: continue key is not valid: ${why}`)
  let token: { v?: unknown; rv?: unknown; start?: unknown } | null
  try {
    token = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'))
  } catch (error) {
    throw wrong(errorMessage(error))
  }
  const { v, rv, start } = token ?? {}
  if (v !== 'meta.k8s.io/v1') {
    throw wrong(`server does not recognize this encoded version ${JSON.stringify(v ?? '')}`)
  }
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || (rv <= 0 && rv !== -1)) {
    throw wrong('incorrect encoded start resourceVersion (version meta.k8s.io/v1)')
  }
  if (typeof start !== 'string' || start === '') {
    throw wrong('encoded start key empty (version meta.k8s.io/v1)')
  }
  return { revision: rv, start }
}

function expiredToken(start: string): StatusError {
  const error = expired(
    'The provided continue parameter is too old to display a consistent list result. You ' +
      'can start a new list without the continue parameter, or use the continue token in ' +
      'this response to retrieve the remainder of the results. Continuing with the ' +
      'provided token results in an inconsistent list - objects that were created, ' +
      'modified, or deleted between the time the first chunk was returned and now may show ' +
      'up in the list.',
  )
  error.status.metadata.continue = encodeToken({ revision: -1, start })
  return error
}

function tooLarge(wanted: number, current: number): StatusError {
  const message = `Too large resource version: ${wanted}, current: ${current}`
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `Timeout: ${message}`,
    reason: 'Timeout',
    details: {
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    },
    code: 504,
  })
}

function checkOptions(version: string, match: string, token: string, initial: boolean): void {
  const wrong = (field: string, message: string, reason = 'FieldValueForbidden') =>
    invalidOptions('ListOptions', [{ reason, message, field }])
  if (initial) {
    throw wrong('sendInitialEvents', 'Forbidden: sendInitialEvents is forbidden for list')
  }
  if (match === '') {
    if (token !== '' && version !== '' && version !== '0') {
      throw badRequest('specifying resource version is not allowed when using continue')
    }
    return
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw wrong(
      'resourceVersionMatch',
      `Unsupported value: "${match}": supported values: "Exact", "NotOlderThan", ""`,
      'FieldValueNotSupported',
    )
  }
  if (version === '') {
    throw wrong(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
    )
  }
  if (token !== '') {
    throw wrong(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch is forbidden when continue is provided',
    )
  }
  if (match === 'Exact' && version === '0') {
    throw wrong(
      'resourceVersionMatch',
      'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
    )
  }
}
