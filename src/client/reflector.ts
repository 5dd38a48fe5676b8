import { apiVersionOf, type Kind } from '../api/kinds.ts'
import { isStatusReason } from '../api/status.ts'
import type { KubeObject } from '../api/types.ts'
import { type Clock, sleep } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Client, InformerOptions } from './types.ts'

/**
 * Wait before the next try: doubled at each failure, with up to as much again of jitter. Shorter
 * than upstream's 800 ms to 30 s, as a failover here takes less than a second.
 */
const retryMs = { first: 50, max: 5_000 } as const

/** A watch is renewed after 5 to 10 minutes, so that load spreads over servers again. */
const watchSecondsMin = 300

/** Where a reflector writes to. */
export interface ReflectorSink<T> {
  /** The complete state at `revision`. */
  onReplace(objects: readonly T[], revision: string): void
  onEvent(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void
  /** Nothing up to `revision` is missing. */
  onRevision(revision: string): void
}

/**
 * Keeps a sink equal to what the API has: LIST once, then WATCH from the list's revision, on any
 * server, again and again. Only 410 Expired (or `listAgain`) leads to another LIST.
 * Source: client-go tools/cache/reflector.go.
 */
export class Reflector<T extends KubeObject> {
  readonly #client: Client
  readonly #kind: Kind<T>
  readonly #query: InformerOptions<T>
  readonly #options: { readonly logger: Logger; readonly clock: Clock }
  readonly #sink: ReflectorSink<T>
  #stop: AbortController | undefined
  #watch: AbortController | undefined
  #running: Promise<void> = Promise.resolve()
  /** Version of the last list or event; '0' asks for any recent list, '' for the newest. */
  #revision = '0'
  #needsList = true
  #isNudged = false
  #failures = 0

  constructor(
    client: Client,
    kind: Kind<T>,
    query: InformerOptions<T>,
    options: { readonly logger: Logger; readonly clock: Clock },
    sink: ReflectorSink<T>,
  ) {
    this.#client = client
    this.#kind = kind
    this.#query = query
    this.#options = options
    this.#sink = sink
  }

  start(): void {
    if (this.#stop) return
    this.#stop = new AbortController()
    this.#running = this.#run(this.#stop.signal)
  }

  async stop(): Promise<void> {
    this.#stop?.abort(new Error('stopped'))
    this.#watch?.abort()
    await this.#running
    this.#stop = undefined
  }

  /** Opens the watch anew at once: a server may tell its revision with a bookmark then. */
  nudge(): void {
    this.#isNudged = true
    this.#watch?.abort()
  }

  /** Lists at `revision` or later, unless a list is under way: for when no bookmark comes. */
  listAgain(revision: string): void {
    if (this.#needsList || Number(this.#revision) >= Number(revision)) return
    this.#revision = revision
    this.#needsList = true
    this.#watch?.abort()
  }

  async #run(stop: AbortSignal): Promise<void> {
    while (!stop.aborted) {
      try {
        if (this.#needsList) await this.#list(stop)
        await this.#follow(stop)
        this.#failures = 0
      } catch (error) {
        if (stop.aborted) return
        await this.#recover(error, stop)
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { namespace, fieldSelector, labelSelector } = this.#query
    const wanted = this.#revision
    const list = await this.#client.list(this.#kind, {
      namespace,
      fieldSelector,
      labelSelector,
      ...(wanted === '' ? {} : { resourceVersion: wanted }),
      ...(wanted === '' || wanted === '0' ? {} : { resourceVersionMatch: 'NotOlderThan' }),
      signal,
    })
    if (signal.aborted) return
    this.#revision = list.metadata.resourceVersion ?? ''
    this.#needsList = false
    // Items of a list carry no type of their own; what comes from a watch does.
    const type = { apiVersion: apiVersionOf(this.#kind), kind: this.#kind.kind }
    for (const item of list.items) Object.assign(item, type)
    this.#sink.onReplace(list.items, this.#revision)
  }

  async #follow(stop: AbortSignal): Promise<void> {
    if (stop.aborted || this.#needsList) return
    const { namespace, fieldSelector, labelSelector } = this.#query
    this.#watch = new AbortController()
    const events = this.#client.watch(this.#kind, {
      namespace,
      fieldSelector,
      labelSelector,
      resourceVersion: this.#revision,
      allowBookmarks: true,
      timeoutSeconds: Math.floor(watchSecondsMin * (1 + Math.random())),
      signal: AbortSignal.any([stop, this.#watch.signal]),
    })
    let seen = 0
    for await (const event of events) {
      if (stop.aborted || this.#needsList) return
      seen++
      this.#failures = 0
      const revision = event.object.metadata.resourceVersion ?? this.#revision
      this.#revision = revision
      if (event.type === 'BOOKMARK') this.#sink.onRevision(revision)
      else this.#sink.onEvent(event.type, event.object)
    }
    // A server that ends each watch at once must not be asked in a tight loop.
    const isWanted = this.#isNudged || this.#needsList || stop.aborted
    this.#isNudged = false
    if (seen === 0 && !isWanted) await sleep(retryMs.first, stop)
  }

  async #recover(error: unknown, stop: AbortSignal): Promise<void> {
    const expired = isStatusReason(error, 'Expired') || isStatusReason(error, 'Gone')
    if (expired) {
      // The newest list: one from a cache could be as old as the version that was refused.
      this.#revision = ''
      this.#needsList = true
    }
    const base = Math.min(retryMs.first * 2 ** this.#failures, retryMs.max)
    this.#failures++
    this.#options.logger.debug('list and watch failed, trying again', {
      resource: this.#kind.resource,
      error: errorMessage(error),
      waitMs: Math.round(base),
    })
    await sleep(base * (1 + Math.random()), stop).catch(() => undefined)
  }
}
