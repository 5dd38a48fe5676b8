import { parseJsonExact, stringifyJson } from '../../api/json.ts'
import type { ResourceRegistry } from '../../api/resources/registry.ts'
import { storeKey } from '../../api/resources/table.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { encodeProtobuf, watchFrame } from '../../api/schema/protobuf-encode.ts'
import { internalError, StatusError } from '../../api/status.ts'
import { Causes } from '../../api/validation/causes.ts'
import type { Clock } from '../../kernel/clock.ts'
import { errorMessage } from '../../kernel/result.ts'
import type { Format, Renderer } from '../http/format.ts'
import { booleanOf, integerOf, invalidOptions } from '../http/options.ts'
import type { CacheEvent } from '../storage/cache/event.ts'
import type { WatchCache } from '../storage/cache/watch-cache.ts'
import type { Entry } from '../storage/entry.ts'
import { type Filter, matchesFilter } from '../storage/filter.ts'
import type { ChangeListener, Follower } from '../storage/follow.ts'
import { type Reader, refuseCorrupt } from '../storage/reader.ts'
import { parseVersion } from '../storage/versioner.ts'
import { WatchStream } from './watch-stream.ts'

const bookmarkEveryMs = 60_000
/** Source: apiserver pkg/storage/cacher/cache_watcher.go nextBookmarkTime. */
const bookmarkBeforeEndMs = 2_000
const defaultTimeoutSeconds = 1800
/** Timers count milliseconds in 31 bits. */
const timeoutSecondsMax = 2_000_000

/** One WATCH as it was asked for. */
export interface WatchQuery {
  readonly row: ResourceRow
  readonly filter: Filter
  readonly query: URLSearchParams
  readonly format: Format
  readonly renderer: Renderer
  readonly signal?: AbortSignal
}

/** Streams the changes of collections to clients. */
export class Watches {
  readonly #cache: WatchCache
  readonly #reader: Reader
  readonly #follower: Follower
  readonly #clock: Clock
  readonly #open = new Map<WatchStream, ResourceRow>()
  readonly #unsubscribe: () => void

  constructor(
    resources: ResourceRegistry,
    cache: WatchCache,
    reader: Reader,
    follower: Follower,
    clock: Clock,
  ) {
    this.#cache = cache
    this.#reader = reader
    this.#follower = follower
    this.#clock = clock
    cache.onReset(() => this.#endAll())
    this.#unsubscribe = resources.onChange((row, isThere) => {
      if (!isThere) this.#endOf(row)
    })
  }

  get size(): number {
    return this.#open.size
  }

  /** Ends every watch, and looks after nothing any more. */
  stop(): void {
    this.#unsubscribe()
    this.#endAll()
  }

  /** Clients resume elsewhere at the same resourceVersion. */
  #endAll(): void {
    for (const stream of this.#open.keys()) stream.end()
  }

  /** What is not served any more has no changes either. */
  #endOf(row: ResourceRow): void {
    for (const [stream, of] of this.#open) if (of === row) stream.end()
  }

  /** @throws StatusError 400, 422 for options that make no sense. */
  async start(request: WatchQuery): Promise<AsyncIterable<Uint8Array>> {
    const { row, filter, query } = request
    const version = query.get('resourceVersion') ?? ''
    const list = booleanOf(query, 'sendInitialEvents') === true
    checkOptions(query)
    const state = list || version === '' || version === '0'
    const after = state ? 0 : parseVersion(version)
    if (version === '' || (list && version !== '0')) await this.#reader.freshen(row, version)
    // Whatever the version: a cache that is being loaded would tell of nothing that happens
    // meanwhile, and its history begins where the load ends. Nothing may come between this look
    // and the place among the open watches, which a reset ends.
    while (!this.#reader.isLoaded(row)) await this.#reader.loaded(row)
    if (state) refuseCorrupt(row, filter, this.#cache.of(row).corrupt.values())
    const watcher = new Watcher(request)
    const { stream } = watcher
    this.#open.set(stream, row)
    stream.onEnd(() => this.#open.delete(stream))
    this.#arm(request, watcher)
    watcher.after = state ? this.#cache.revision : after
    if (state) this.#sendState(request, watcher, list)
    const following = this.#follower.follow(row, watcher.after, watcher)
    watcher.progress = following.progress
    stream.onEnd(following.cancel)
    return stream
  }

  /** Timeout, bookmarks and the client's going away. */
  #arm({ query, signal }: WatchQuery, watcher: Watcher): void {
    const { stream } = watcher
    const asked = integerOf(query, 'timeoutSeconds') ?? 0
    const seconds = Math.min(asked > 0 ? asked : defaultTimeoutSeconds, timeoutSecondsMax)
    const bookmarks = booleanOf(query, 'allowWatchBookmarks') === true
    stream.onEnd(this.#clock.after(seconds * 1000, () => stream.end()))
    if (bookmarks) {
      const tell = () => watcher.bookmark()
      stream.onEnd(this.#clock.every(bookmarkEveryMs, tell))
      const last = seconds * 1000 - bookmarkBeforeEndMs
      if (last > 0) stream.onEnd(this.#clock.after(last, tell))
    }
    if (signal?.aborted) stream.end()
    const stop = () => stream.end()
    signal?.addEventListener('abort', stop, { once: true })
    stream.onEnd(() => signal?.removeEventListener('abort', stop))
  }

  #sendState({ row, filter, query }: WatchQuery, watcher: Watcher, list: boolean): void {
    const isMarked = list && booleanOf(query, 'allowWatchBookmarks') === true
    watcher.begin(this.#cache.of(row).list(storeKey(row, filter.namespace)), isMarked)
  }
}

/** One watching client: decides what of each change it is to see. */
class Watcher implements ChangeListener {
  readonly stream = new WatchStream()
  /** The client has seen everything up to this revision when it begins. */
  after = 0
  /** Everything up to this revision has been put into the stream. */
  progress = (): number => this.after
  readonly #request: WatchQuery
  #isFirst = true

  constructor(request: WatchQuery) {
    this.#request = request
  }

  /** A change; what the filter no longer matches is DELETED for this client, and the reverse. */
  take(event: CacheEvent): void {
    if (event.revision <= this.after) return
    const { row, filter } = this.#request
    if (event.corrupt !== undefined) refuseCorrupt(row, filter, [event.corrupt])
    const { entry, old, revision } = event
    const was = old !== undefined && matchesFilter(row, filter, old)
    const is = entry !== undefined && matchesFilter(row, filter, entry)
    if (is && entry !== undefined) this.#send(was ? 'MODIFIED' : 'ADDED', entry, revision, event)
    else if (was && old !== undefined) this.#send('DELETED', old, revision, event)
  }

  /** It has missed an event, and may not go on as if it had not. */
  broke(error: unknown): void {
    this.end(error instanceof StatusError ? error : internalError(errorMessage(error)))
  }

  /** The last of a watch; with an error it can't go on. */
  end(error?: StatusError): void {
    if (error !== undefined) this.stream.push(this.#plainLine('ERROR', { ...error.status }))
    this.stream.end()
  }

  /** The state of now, before all changes; `isMarked`: with a bookmark at its end. */
  begin(entries: readonly Entry[], isMarked: boolean): void {
    const { row, filter } = this.#request
    const wanted = entries.filter(entry => matchesFilter(row, filter, entry))
    const revision = this.after
    // The columns of a table stand in its first line.
    const hasColumns = wanted.length > 0 && this.#takeFirst()
    const lines = function* (watcher: Watcher): Generator<Buffer> {
      for (const [at, entry] of wanted.entries()) {
        yield watcher.#line('ADDED', entry, entry.revision, hasColumns && at === 0)
      }
      const annotations = { 'k8s.io/initial-events-end': 'true' }
      if (isMarked) yield watcher.#bookmarkLine(revision, annotations)
    }
    this.stream.begin(lines(this))
  }

  #send(type: string, entry: Entry, revision: number, event: CacheEvent): void {
    const { format, renderer } = this.#request
    if (format.shape === 'table') {
      this.stream.push(this.#line(type, entry, revision, this.#takeFirst()))
      return
    }
    const { shape, metaVersion, encoding } = format
    const key = `${type}/${shape}/${metaVersion}/${renderer.apiVersion}/${encoding}`
    let line = event.lines.get(key)
    if (line === undefined) {
      line = this.#line(type, entry, revision, false)
      event.lines.set(key, line)
    }
    this.stream.push(line)
  }

  #takeFirst(): boolean {
    const isFirst = this.#isFirst
    this.#isFirst = false
    return isFirst
  }

  /** `hasColumns`: of a table, with the definitions of its columns. */
  #line(type: string, entry: Entry, revision: number, hasColumns: boolean): Buffer {
    const { format, renderer } = this.#request
    const item = renderer.item(entry, revision)
    if (format.shape === 'table') {
      const row = parseJsonExact(item.toString('utf8'))
      const object = renderer.tableOf([row], String(revision), hasColumns)
      return Buffer.from(`${stringifyJson({ type, object })}\n`)
    }
    if (format.encoding === 'protobuf') {
      const object = parseJsonExact(item.toString('utf8')) as Record<string, unknown>
      return watchFrame(type, encodeProtobuf(object))
    }
    return Buffer.concat([Buffer.from(`{"type":"${type}","object":`), item, lineEnd])
  }

  /** Tells the client how far it has seen everything; never less than it said itself. */
  bookmark(): void {
    const revision = this.progress()
    if (revision >= this.after) this.stream.push(this.#bookmarkLine(revision))
  }

  #bookmarkLine(revision: number, annotations?: Record<string, string>): Buffer {
    const { row, format, renderer } = this.#request
    const metadata = {
      resourceVersion: String(revision),
      ...(annotations ? { annotations } : {}),
    }
    const kinds = {
      object: { kind: row.kind, apiVersion: renderer.apiVersion, metadata },
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
    return this.#plainLine('BOOKMARK', kinds[format.shape] as Record<string, unknown>)
  }

  /** What is no entry, in the watch's encoding. */
  #plainLine(type: string, object: Record<string, unknown>): Buffer {
    if (this.#request.format.encoding === 'protobuf') {
      return watchFrame(type, encodeProtobuf(object))
    }
    return Buffer.from(`${JSON.stringify({ type, object })}\n`)
  }
}

const lineEnd = Buffer.from('}\n')
const notOlderThan = 'NotOlderThan'

/** Source: apimachinery internalversion/validation validateWatchOptions. */
function checkOptions(query: URLSearchParams): void {
  const initial = query.get('sendInitialEvents')
  const match = query.get('resourceVersionMatch') ?? ''
  const field = 'resourceVersionMatch'
  const causes = new Causes()
  if (initial !== null && match !== notOlderThan) {
    causes.forbidden(field, `sendInitialEvents requires setting ${field} to ${notOlderThan}`)
  }
  if (match !== '') {
    if (initial === null) {
      causes.forbidden(
        field,
        `${field} is forbidden for watch unless sendInitialEvents is provided`,
      )
    }
    if (match !== notOlderThan) causes.notSupported(field, match, [notOlderThan])
    if (query.get('continue')) {
      causes.forbidden(field, `${field} is forbidden when continue is provided`)
    }
  }
  if (causes.list.length > 0) throw invalidOptions('ListOptions', causes.list)
  integerOf(query, 'timeoutSeconds')
  integerOf(query, 'limit')
}
