import { apiVersionOf } from '../../api/kinds.ts'
import { storeKey } from '../../api/resources/table.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { badRequest, expired, invalid, type StatusError } from '../../api/status.ts'
import type { Clock } from '../../kernel/clock.ts'
import type { Event } from '../../mvcc/types.ts'
import type { Store } from '../../store/types.ts'
import { createEntry, type Entry } from '../cache/entry.ts'
import { type Filter, matchesFilter } from '../cache/filter.ts'
import type { CacheEvent } from '../cache/resource-cache.ts'
import type { WatchCache } from '../cache/watch-cache.ts'
import type { Format, Renderer } from '../http/format.ts'
import { parseVersion, prefixEnd, type Reader } from './read.ts'
import { WatchStream } from './watch-stream.ts'

const bookmarkEveryMs = 60_000
const defaultTimeoutSeconds = 1800

/** One WATCH as it was asked for. */
export interface WatchQuery {
  readonly row: ResourceRow
  readonly filter: Filter
  readonly query: URLSearchParams
  readonly format: Format
  readonly renderer: Renderer
  readonly signal?: AbortSignal
}

/** Streams changes out of the watch cache, or, for revisions it forgot, out of the store. */
export class Watches {
  readonly #store: Store
  readonly #cache: WatchCache
  readonly #reader: Reader
  readonly #clock: Clock
  readonly #open = new Set<WatchStream>()

  constructor(store: Store, cache: WatchCache, reader: Reader, clock: Clock) {
    this.#store = store
    this.#cache = cache
    this.#reader = reader
    this.#clock = clock
    cache.onReset(() => this.endAll())
  }

  get size(): number {
    return this.#open.size
  }

  /** Ends every watch; clients resume elsewhere at the same resourceVersion. */
  endAll(): void {
    for (const stream of this.#open) stream.end()
  }

  /** @throws StatusError 400, 422 for options that make no sense. */
  async start(request: WatchQuery): Promise<AsyncIterable<Uint8Array>> {
    const { query } = request
    const version = query.get('resourceVersion') ?? ''
    const list = query.get('sendInitialEvents') === 'true'
    checkOptions(query)
    if (version === '' || (list && version !== '0')) await this.#reader.freshen(version)
    const watcher = new Watcher(request, this.#cache)
    const { stream } = watcher
    this.#open.add(stream)
    stream.onEnd(() => this.#open.delete(stream))
    this.#arm(request, watcher)
    if (list || version === '' || version === '0') this.#sendState(request, watcher, list)
    else this.#resume(request, watcher, parseVersion(version))
    return stream
  }

  /** Timeout, bookmarks and the client's going away. */
  #arm({ query, signal }: WatchQuery, watcher: Watcher): void {
    const { stream } = watcher
    const seconds = Number(query.get('timeoutSeconds') ?? 0) || defaultTimeoutSeconds
    const bookmarks = query.get('allowWatchBookmarks') === 'true'
    stream.onEnd(
      this.#clock.after(seconds * 1000, () => {
        if (bookmarks) watcher.bookmark(this.#cache.revision)
        stream.end()
      }),
    )
    if (bookmarks) {
      stream.onEnd(this.#clock.every(bookmarkEveryMs, () => watcher.bookmark(this.#cache.revision)))
    }
    if (signal?.aborted) stream.end()
    const stop = () => stream.end()
    signal?.addEventListener('abort', stop, { once: true })
    stream.onEnd(() => signal?.removeEventListener('abort', stop))
  }

  #sendState({ row, filter, query }: WatchQuery, watcher: Watcher, list: boolean): void {
    const cache = this.#cache.of(row)
    const revision = this.#cache.revision
    const wanted = !list || query.get('sendInitialEvents') === 'true'
    if (wanted) {
      for (const entry of cache.list(storeKey(row, filter.namespace))) {
        if (matchesFilter(row, filter, entry)) watcher.send('ADDED', entry, entry.revision)
      }
    }
    watcher.stream.onEnd(cache.listen(event => watcher.take(event, revision)))
    if (list && query.get('allowWatchBookmarks') === 'true') {
      watcher.bookmark(revision, { 'k8s.io/initial-events-end': 'true' })
    }
  }

  #resume({ row }: WatchQuery, watcher: Watcher, revision: number): void {
    const cache = this.#cache.of(row)
    const missed = cache.since(revision)
    if (missed === undefined) {
      this.#resumeFromStore(row, watcher, revision)
      return
    }
    for (const event of missed) watcher.take(event, revision)
    watcher.stream.onEnd(cache.listen(event => watcher.take(event, revision)))
  }

  /** The cache forgot, the store may not have: the whole watch is served from there. */
  #resumeFromStore(row: ResourceRow, watcher: Watcher, revision: number): void {
    const key = storeKey(row)
    const tooOld = (now: number) => expired(`too old resource version: ${revision} (${now})`)
    const watch = this.#store.watch(
      { key, rangeEnd: prefixEnd(key), startRevision: revision + 1, prevKv: true },
      {
        onBatch: batch => {
          if (batch.events.some(hasUnknownPast)) {
            watcher.fail(tooOld(batch.revision))
            return
          }
          for (const event of batch.events) watcher.take(cacheEventOf(row, event), revision)
        },
        onEnd: failure => {
          if (failure.why !== 'compacted') watcher.stream.end()
          else watcher.fail(tooOld(failure.revision ?? this.#cache.revision))
        },
      },
    )
    watcher.stream.onEnd(() => watch.cancel())
  }
}

/** One watching client: decides what of each change it is to see. */
class Watcher {
  readonly stream = new WatchStream()
  readonly #request: WatchQuery
  readonly #cache: WatchCache
  #firstTable = true

  constructor(request: WatchQuery, cache: WatchCache) {
    this.#request = request
    this.#cache = cache
  }

  /** A change; what the filter no longer matches is DELETED for this client, and the reverse. */
  take(event: CacheEvent, after: number): void {
    if (event.revision <= after) return
    const { row, filter } = this.#request
    const { entry, old, revision } = event
    const was = old !== undefined && matchesFilter(row, filter, old)
    const is = entry !== undefined && matchesFilter(row, filter, entry)
    if (is && entry !== undefined) this.send(was ? 'MODIFIED' : 'ADDED', entry, revision, event)
    else if (was && old !== undefined) this.send('DELETED', old, revision, event)
  }

  send(type: string, entry: Entry, revision: number, event?: CacheEvent): void {
    const { format, renderer } = this.#request
    if (format.shape === 'table') {
      this.#sendTable(type, entry, revision)
      return
    }
    const key = `${type}/${format.shape}/${format.metaVersion}`
    let line = event?.lines.get(key)
    if (line === undefined) {
      line = Buffer.concat([
        Buffer.from(`{"type":"${type}","object":`),
        renderer.item(entry, revision),
        lineEnd,
      ])
      event?.lines.set(key, line)
    }
    this.stream.push(line)
  }

  #sendTable(type: string, entry: Entry, revision: number): void {
    const row = JSON.parse(this.#request.renderer.item(entry, revision).toString('utf8'))
    const object = this.#request.renderer.tableOf([row], String(revision), this.#firstTable)
    this.#firstTable = false
    this.stream.push(Buffer.from(`${JSON.stringify({ type, object })}\n`))
  }

  /** Tells the client how far it has seen everything. */
  bookmark(revision: number, annotations?: Record<string, string>): void {
    const { row, format, renderer } = this.#request
    const metadata = {
      resourceVersion: String(Math.min(revision, this.#cache.revision)),
      creationTimestamp: null,
      ...(annotations ? { annotations } : {}),
    }
    const kinds = {
      object: { kind: row.kind, apiVersion: apiVersionOf(row), metadata },
      metadata: { kind: 'PartialObjectMetadata', apiVersion: renderer.metaApiVersion, metadata },
      table: renderer.tableOf(
        [
          {
            cells: row.columns.map(() => ''),
            object: {
              kind: 'PartialObjectMetadata',
              apiVersion: renderer.metaApiVersion,
              metadata,
            },
          },
        ],
        metadata.resourceVersion,
        false,
      ),
    }
    const line = JSON.stringify({ type: 'BOOKMARK', object: kinds[format.shape] })
    this.stream.push(Buffer.from(`${line}\n`))
  }

  /** The last line of a watch that can't go on. */
  fail(error: StatusError): void {
    const line = JSON.stringify({ type: 'ERROR', object: error.status })
    this.stream.push(Buffer.from(`${line}\n`))
    this.stream.end()
  }
}

const lineEnd = Buffer.from('}\n')

/**
 * A change of an object that was there before, and nobody knows any more as what: at the floor of
 * compaction. Whether this client has seen the object can't be told, and so it has to list anew.
 * Source: apiserver storage/etcd3/event.go parseEvent ("etcd event received with PrevKv=nil").
 */
function hasUnknownPast({ kv, prevKv }: Event): boolean {
  return kv.version !== 1 && prevKv === undefined
}

function cacheEventOf(row: ResourceRow, event: Event): CacheEvent {
  const { kv, prevKv } = event
  const old = prevKv && createEntry(row, kv.key, prevKv.value, prevKv.modRevision)
  const entry =
    event.type === 'put' ? createEntry(row, kv.key, kv.value, kv.modRevision) : undefined
  return { revision: kv.modRevision, entry, old, lines: new Map() }
}

function checkOptions(query: URLSearchParams): void {
  const initial = query.get('sendInitialEvents')
  const match = query.get('resourceVersionMatch') ?? ''
  const kind = { group: 'meta.k8s.io', kind: 'ListOptions' }
  const wrong = (field: string, message: string) =>
    invalid(kind, '', [{ reason: 'FieldValueForbidden', message: `Forbidden: ${message}`, field }])
  if (initial !== null && match !== 'NotOlderThan') {
    throw wrong(
      'resourceVersionMatch',
      'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan',
    )
  }
  if (initial === null && match !== '') {
    throw wrong(
      'resourceVersionMatch',
      'resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided',
    )
  }
  const seconds = query.get('timeoutSeconds')
  if (seconds !== null && !/^\d+$/.test(seconds)) {
    throw badRequest(`strconv.ParseInt: parsing "${seconds}": invalid syntax`)
  }
}
