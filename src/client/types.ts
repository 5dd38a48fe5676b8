import type { Kind } from '../api/kinds.ts'
import type { KubeList, KubeObject } from '../api/types.ts'

/** Query of a LIST. Source: meta/v1 ListOptions. */
export interface ListOptions {
  /** Absent: all namespaces, or a cluster-scoped kind. */
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  readonly resourceVersion?: string
  readonly resourceVersionMatch?: 'NotOlderThan' | 'Exact'
  /** Largest number of items of one answer; `metadata.continue` leads to the rest. */
  readonly limit?: number
  readonly continue?: string
  readonly signal?: AbortSignal
}

/** Query of a WATCH. */
export interface WatchOptions {
  readonly namespace?: string
  readonly labelSelector?: string
  readonly fieldSelector?: string
  /** Events after this version; absent: the current state as ADDED, then what changes. */
  readonly resourceVersion?: string
  readonly allowBookmarks?: boolean
  /** The server ends the watch after so many seconds. */
  readonly timeoutSeconds?: number
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal
}

/**
 * One change. A BOOKMARK's object has only metadata.resourceVersion. ERROR never comes out of
 * `Client.watch`: it is thrown as a StatusError (410 Expired: list again).
 */
export interface WatchEvent<T = KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: T
}

export interface CreateOptions {
  readonly dryRun?: boolean
  readonly signal?: AbortSignal
}

export interface UpdateOptions {
  /** `status`, `scale`, ... */
  readonly subresource?: string
  readonly signal?: AbortSignal
}

/** The three patch types of the API; `body` is JSON. */
export interface Patch {
  readonly type: 'merge' | 'strategic' | 'json'
  readonly body: unknown
  readonly subresource?: string
}

export interface DeleteOptions {
  readonly gracePeriodSeconds?: number
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan'
  readonly preconditions?: { readonly uid?: string; readonly resourceVersion?: string }
}

/**
 * The Kubernetes API, typed. Every method throws `StatusError` (src/api/status.ts) when the server
 * refuses, and `TransportError` when no server could be reached or the connection was lost.
 * Objects that go in are not changed; objects that come out belong to the caller.
 */
export interface Client {
  get<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
    options?: { readonly resourceVersion?: string; readonly signal?: AbortSignal },
  ): Promise<T>
  list<T extends KubeObject>(kind: Kind<T>, options?: ListOptions): Promise<KubeList<T>>
  /** The namespace is that of `object.metadata`. */
  create<T extends KubeObject>(kind: Kind<T>, object: T, options?: CreateOptions): Promise<T>
  /** POST to a subresource of an object: `eviction`, `binding`, `token`. */
  createSub<R extends KubeObject = KubeObject>(
    kind: Kind<KubeObject>,
    namespace: string | undefined,
    name: string,
    subresource: string,
    body: KubeObject,
  ): Promise<R>
  /** PUT; with metadata.resourceVersion set it fails with 409 Conflict when the object moved on. */
  update<T extends KubeObject>(kind: Kind<T>, object: T, options?: UpdateOptions): Promise<T>
  patch<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
    patch: Patch,
  ): Promise<T>
  delete<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
    options?: DeleteOptions,
  ): Promise<void>
  /** Ends when the server ends the watch; throws when the connection is lost. */
  watch<T extends KubeObject>(kind: Kind<T>, options: WatchOptions): AsyncIterable<WatchEvent<T>>
  /** POST to any path, for what has no Kind: reviews, binding, eviction. */
  post<R = KubeObject>(path: string, body: unknown): Promise<R>
  /** GET of any path that answers JSON: `/version`. */
  raw<R = unknown>(path: string): Promise<R>
  /** The same client whose writes are refused unless `term` is still the leader's term. */
  withFence(term: number): Client
}

/**
 * No answer: the server could not be reached, or the connection broke.
 * `sent` tells whether the request may have been carried out.
 */
export class TransportError extends Error {
  override readonly name = 'TransportError'
  readonly sent: boolean

  constructor(message: string, options: { readonly sent: boolean; readonly cause?: unknown }) {
    super(message, { cause: options.cause })
    this.sent = options.sent
  }
}

/** Reads of an informer's cache. What comes out is shared and must not be changed. */
export interface Lister<T> {
  /** `namespace` is undefined or '' for cluster-scoped kinds. */
  get(namespace: string | undefined, name: string): T | undefined
  list(): readonly T[]
  byNamespace(namespace: string): readonly T[]
  /** Objects for which the index function `name` gave `key`. Throws for an unknown index. */
  byIndex(name: string, key: string): readonly T[]
}

/** Told of changes, in order, after the cache has them. Exceptions are logged, never passed on. */
export interface InformerHandler<T> {
  onAdd?(object: T): void
  onUpdate?(object: T, old: T): void
  onDelete?(object: T): void
}

/** A cache of one kind, kept current by LIST and WATCH. */
export interface Informer<T> {
  readonly lister: Lister<T>
  /** The newest resourceVersion that the cache has reached; '' before the first list. */
  readonly revision: string
  /** The handler is told of what is in the cache at once, then of each change. */
  addHandler(handler: InformerHandler<T>): () => void
  hasSynced(): boolean
  /** Resolves after the first complete list; rejects with the signal's reason. */
  waitForSync(signal?: AbortSignal): Promise<void>
  /** Resolves when `revision` >= `resourceVersion`; rejects with the signal's reason. */
  waitForRevision(resourceVersion: string, signal?: AbortSignal): Promise<void>
}

export type IndexFunctions<T> = Readonly<Record<string, (object: T) => readonly string[]>>

export interface InformerOptions<T> {
  readonly namespace?: string
  readonly fieldSelector?: string
  readonly labelSelector?: string
  readonly indexes?: IndexFunctions<T>
}
