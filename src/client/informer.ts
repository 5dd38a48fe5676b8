import type { Kind } from '../api/kinds.ts'
import { resourcePath } from '../api/kinds.ts'
import type { KubeObject } from '../api/types.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { type Logger, silentLogger } from '../kernel/logger.ts'
import type { Startable } from '../kernel/startable.ts'
import { ObjectCache } from './cache.ts'
import { Reflector } from './reflector.ts'
import type {
  Client,
  IndexFunctions,
  Informer,
  InformerHandler,
  InformerOptions,
  Lister,
} from './types.ts'

/**
 * How long `waitForRevision` waits for an event or a bookmark before it lists again, and between
 * two lists. Short, for a new leader waits for it; see design.md, Establishing leadership.
 */
const bookmarkPatienceMs = { first: 25, repeat: 250 } as const

/** Settings of a factory; all have defaults. */
export interface InformerFactoryOptions {
  readonly logger?: Logger
  readonly clock?: Clock
  /** Freezes every object deeply, so that a change of the cache throws. Default: under tests. */
  readonly freeze?: boolean
}

/**
 * Informers shared by all users of one client: one LIST and WATCH per kind and selector.
 * They run from `start` (or from their creation, if that is later) until `stop`.
 */
export class InformerFactory implements Startable {
  readonly #client: Client
  readonly #options: Required<InformerFactoryOptions>
  readonly #informers = new Map<string, SharedInformer<KubeObject>>()
  #running = false

  constructor(client: Client, options: InformerFactoryOptions = {}) {
    this.#client = client
    this.#options = {
      logger: options.logger ?? silentLogger,
      clock: options.clock ?? systemClock,
      freeze: options.freeze ?? process.env.NODE_ENV === 'test',
    }
  }

  /** The informer of this kind and selector; `indexes` are added to those it has already. */
  informer<T extends KubeObject>(kind: Kind<T>, options: InformerOptions<T> = {}): Informer<T> {
    const { namespace = '', fieldSelector = '', labelSelector = '' } = options
    const key = [resourcePath(kind, namespace), fieldSelector, labelSelector].join('|')
    let informer = this.#informers.get(key) as SharedInformer<T> | undefined
    if (!informer) {
      informer = new SharedInformer(this.#client, kind, options, this.#options)
      this.#informers.set(key, informer as unknown as SharedInformer<KubeObject>)
      if (this.#running) informer.start()
    }
    if (options.indexes) informer.addIndexes(options.indexes)
    return informer
  }

  /** Starts every informer; it doesn't wait for them (see `waitForSync`). */
  async start(): Promise<void> {
    this.#running = true
    for (const informer of this.#informers.values()) informer.start()
  }

  /** Resolves when every informer made so far has its first list. */
  async waitForSync(signal?: AbortSignal): Promise<void> {
    await Promise.all([...this.#informers.values()].map(informer => informer.waitForSync(signal)))
  }

  /** Resolves when every informer made so far has reached `resourceVersion`. */
  async waitForRevision(resourceVersion: string, signal?: AbortSignal): Promise<void> {
    const all = [...this.#informers.values()]
    await Promise.all(all.map(informer => informer.waitForRevision(resourceVersion, signal)))
  }

  async stop(): Promise<void> {
    this.#running = false
    await Promise.all([...this.#informers.values()].map(informer => informer.stop()))
  }
}

interface Waiter {
  readonly revision: number
  readonly resolve: () => void
}

class SharedInformer<T extends KubeObject> implements Informer<T> {
  readonly #cache = new ObjectCache<T>()
  readonly #handlers = new Set<InformerHandler<T>>()
  readonly #reflector: Reflector<T>
  readonly #options: Required<InformerFactoryOptions>
  #waiters: Waiter[] = []
  #synced = false
  #revision = ''

  constructor(
    client: Client,
    kind: Kind<T>,
    query: InformerOptions<T>,
    options: Required<InformerFactoryOptions>,
  ) {
    this.#options = options
    this.#reflector = new Reflector(client, kind, query, options, {
      onReplace: (objects, revision) => this.#replace(objects, revision),
      onEvent: (type, object) => this.#apply(type, object),
      onRevision: revision => this.#advance(revision),
    })
  }

  get lister(): Lister<T> {
    return this.#cache
  }

  get revision(): string {
    return this.#revision
  }

  addIndexes(indexes: IndexFunctions<T>): void {
    this.#cache.addIndexes(indexes)
  }

  start(): void {
    this.#reflector.start()
  }

  stop(): Promise<void> {
    return this.#reflector.stop()
  }

  addHandler(handler: InformerHandler<T>): () => void {
    this.#handlers.add(handler)
    for (const object of this.#cache.list()) this.#call(() => handler.onAdd?.(object))
    return () => this.#handlers.delete(handler)
  }

  hasSynced(): boolean {
    return this.#synced
  }

  waitForSync(signal?: AbortSignal): Promise<void> {
    return this.#wait(0, signal)
  }

  async waitForRevision(resourceVersion: string, signal?: AbortSignal): Promise<void> {
    const wanted = Number(resourceVersion)
    const waiting = this.#wait(wanted, signal)
    if (this.#synced && Number(this.#revision) >= wanted) return waiting
    const { clock } = this.#options
    this.#reflector.nudge()
    const listAgain = () => this.#reflector.listAgain(resourceVersion)
    const cancels = [
      clock.after(bookmarkPatienceMs.first, listAgain),
      clock.every(bookmarkPatienceMs.repeat, listAgain),
    ]
    try {
      await waiting
    } finally {
      for (const cancel of cancels) cancel()
    }
  }

  #wait(revision: number, signal?: AbortSignal): Promise<void> {
    if (this.#synced && Number(this.#revision) >= revision) return Promise.resolve()
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason)
      const onAbort = () => {
        this.#waiters = this.#waiters.filter(each => each !== waiter)
        reject(signal?.reason)
      }
      const waiter: Waiter = {
        revision,
        resolve: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#waiters.push(waiter)
    })
  }

  #replace(objects: readonly T[], revision: string): void {
    const gone = new Map(this.#cache.entries())
    for (const object of objects) {
      gone.delete(this.#cache.keyOf(object))
      const old = this.#cache.find(object)
      if (old?.metadata.resourceVersion === object.metadata.resourceVersion && old) continue
      this.#put(object)
    }
    for (const object of gone.values()) this.#remove(object)
    this.#synced = true
    this.#advance(revision)
  }

  #apply(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: T): void {
    if (type === 'DELETED') this.#remove(object)
    else this.#put(object)
    this.#advance(object.metadata.resourceVersion ?? '')
  }

  #put(object: T): void {
    if (this.#options.freeze) deepFreeze(object)
    const old = this.#cache.put(object)
    for (const handler of this.#handlers) {
      this.#call(() => (old ? handler.onUpdate?.(object, old) : handler.onAdd?.(object)))
    }
  }

  #remove(object: T): void {
    const old = this.#cache.remove(object)
    if (!old) return
    for (const handler of this.#handlers) this.#call(() => handler.onDelete?.(object))
  }

  #advance(revision: string): void {
    if (revision === '' || Number(revision) < Number(this.#revision)) return
    this.#revision = revision
    const reached = this.#waiters.filter(waiter => waiter.revision <= Number(revision))
    if (!this.#synced || reached.length === 0) return
    this.#waiters = this.#waiters.filter(waiter => waiter.revision > Number(revision))
    for (const waiter of reached) waiter.resolve()
  }

  /** One handler's mistake must not keep the others from hearing. */
  #call(handler: () => void): void {
    try {
      handler()
    } catch (error) {
      this.#options.logger.error('informer handler failed', { error: String(error) })
    }
  }
}

function deepFreeze(value: unknown): void {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return
  Object.freeze(value)
  for (const field of Object.values(value)) deepFreeze(field)
}
