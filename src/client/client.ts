import { type ApiRequest, type ApiResponse, fenceHeader, type Transport } from '../api/http.ts'
import { apiVersionOf, type Kind, resourcePath } from '../api/kinds.ts'
import { StatusError } from '../api/status.ts'
import type { KubeList, KubeObject } from '../api/types.ts'
import { type Clock, sleep, systemClock } from '../kernel/clock.ts'
import { readAll, readLines } from './lines.ts'
import {
  type Client,
  type CreateOptions,
  type DeleteOptions,
  type ListOptions,
  type Patch,
  TransportError,
  type UpdateOptions,
  type WatchEvent,
  type WatchOptions,
} from './types.ts'

/** Settings of `createClient`. */
export interface ClientOptions {
  /** `quorate-kubelet/0.1.0`: seen in audit and managedFields. */
  readonly userAgent: string
  /** How long a request that surely was not carried out is tried again; default 10 s. */
  readonly retryForMs?: number
  readonly clock?: Clock
}

/** First wait before a repeat after 503, doubled up to the server's Retry-After. */
const retryFirstMs = 50

const patchTypes: Readonly<Record<Patch['type'], string>> = {
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  json: 'application/json-patch+json',
}

/** The typed client over a transport: HTTPS (`httpsTransport`) or the API of this process. */
export function createClient(transport: Transport, options: ClientOptions): Client {
  return new TransportClient(new Requester(transport, options))
}

interface Call {
  readonly method: ApiRequest['method']
  readonly path: string
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>
  readonly body?: unknown
  readonly contentType?: string
  readonly signal?: AbortSignal
}

class Requester {
  readonly #transport: Transport
  readonly #options: ClientOptions
  readonly #clock: Clock
  readonly #fence: number | undefined

  constructor(transport: Transport, options: ClientOptions, fence?: number) {
    this.#transport = transport
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#fence = fence
  }

  fenced(term: number): Requester {
    return new Requester(this.#transport, this.#options, term)
  }

  /** The answer of a call, parsed. @throws StatusError, TransportError */
  async json<R>(call: Call): Promise<R> {
    const response = await this.open(call)
    const text = (await readAll(response.body)).toString('utf8')
    return JSON.parse(text) as R
  }

  /**
   * The answer of a call, once it is a success. What surely was not carried out (503 and 429 with
   * Retry-After, no connection) is sent again until the deadline.
   */
  async open(call: Call): Promise<ApiResponse> {
    const request = this.#encode(call)
    const deadline = this.#clock.now() + (this.#options.retryForMs ?? 10_000)
    for (let attempt = 0; ; attempt++) {
      const outcome = await this.#send(request)
      if ('body' in outcome && outcome.status < 400) return outcome
      const waitMs = retryAfterMs(outcome, attempt)
      if (waitMs === undefined || this.#clock.now() + waitMs > deadline)
        throw await asError(outcome)
      await sleep(waitMs, call.signal)
    }
  }

  async #send(request: ApiRequest): Promise<ApiResponse | TransportError> {
    try {
      return await this.#transport.request(request)
    } catch (error) {
      request.signal?.throwIfAborted()
      if (error instanceof TransportError) return error
      throw error
    }
  }

  #encode(call: Call): ApiRequest {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(call.query ?? {})) {
      if (value !== undefined && value !== '') query.set(name, String(value))
    }
    const headers: Record<string, string> = {
      accept: 'application/json',
      'user-agent': this.#options.userAgent,
    }
    if (this.#fence !== undefined && call.method !== 'GET') headers[fenceHeader] = `${this.#fence}`
    if (call.body === undefined) return { ...pick(call), query, headers }
    headers['content-type'] = call.contentType ?? 'application/json'
    return { ...pick(call), query, headers, body: Buffer.from(JSON.stringify(call.body)) }
  }
}

class TransportClient implements Client {
  readonly #requester: Requester

  constructor(requester: Requester) {
    this.#requester = requester
  }

  withFence(term: number): Client {
    return new TransportClient(this.#requester.fenced(term))
  }

  get<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
    options: { readonly resourceVersion?: string; readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    const { signal, ...query } = options
    return this.#requester.json<T>({
      method: 'GET',
      path: resourcePath(kind, namespace, name),
      query,
      signal,
    })
  }

  async list<T extends KubeObject>(kind: Kind<T>, options: ListOptions = {}): Promise<KubeList<T>> {
    const { namespace, signal, ...query } = options
    const list = await this.#requester.json<KubeList<T>>({
      method: 'GET',
      path: resourcePath(kind, namespace),
      query,
      signal,
    })
    // The type of its items is the list's to say.
    return { ...list, items: list.items.map(item => withType(kind, item)) }
  }

  create<T extends KubeObject>(kind: Kind<T>, object: T, options: CreateOptions = {}): Promise<T> {
    return this.#requester.json<T>({
      method: 'POST',
      path: resourcePath(kind, object.metadata.namespace),
      query: { dryRun: options.dryRun ? 'All' : undefined },
      body: withType(kind, object),
      signal: options.signal,
    })
  }

  createSub<R extends KubeObject = KubeObject>(
    kind: Kind<KubeObject>,
    namespace: string | undefined,
    name: string,
    subresource: string,
    body: KubeObject,
  ): Promise<R> {
    return this.post<R>(resourcePath(kind, namespace, name, subresource), body)
  }

  update<T extends KubeObject>(kind: Kind<T>, object: T, options: UpdateOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata
    return this.#requester.json<T>({
      method: 'PUT',
      path: resourcePath(kind, namespace, name, options.subresource),
      body: withType(kind, object),
      signal: options.signal,
    })
  }

  patch<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
    patch: Patch,
  ): Promise<T> {
    return this.#requester.json<T>({
      method: 'PATCH',
      path: resourcePath(kind, namespace, name, patch.subresource),
      body: patch.body,
      contentType: patchTypes[patch.type],
    })
  }

  async delete<T extends KubeObject>(
    kind: Kind<T>,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<void> {
    await this.#requester.json({
      method: 'DELETE',
      path: resourcePath(kind, namespace, name),
      body: { kind: 'DeleteOptions', apiVersion: 'v1', ...options },
    })
  }

  async *watch<T extends KubeObject>(
    kind: Kind<T>,
    options: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const { namespace, signal, allowBookmarks, ...rest } = options
    const query = { ...rest, watch: true, allowWatchBookmarks: allowBookmarks || undefined }
    try {
      const path = resourcePath(kind, namespace)
      const response = await this.#requester.open({ method: 'GET', path, query, signal })
      const body = response.body
      for await (const line of readLines(body instanceof Uint8Array ? once(body) : body)) {
        if (signal?.aborted) return
        yield decodeEvent<T>(line)
      }
    } catch (error) {
      if (!signal?.aborted) throw error
    }
  }

  post<R = KubeObject>(path: string, body: unknown): Promise<R> {
    return this.#requester.json<R>({ method: 'POST', path, body })
  }

  raw<R = unknown>(path: string): Promise<R> {
    const url = new URL(path, 'http://api')
    const query = Object.fromEntries(url.searchParams)
    return this.#requester.json<R>({ method: 'GET', path: url.pathname, query })
  }
}

function pick(call: Call): Pick<ApiRequest, 'method' | 'path' | 'signal'> {
  return { method: call.method, path: call.path, signal: call.signal }
}

function withType<T extends KubeObject>(kind: Kind<T>, object: T): T {
  if (object.apiVersion && object.kind) return object
  return { apiVersion: apiVersionOf(kind), kind: kind.kind, ...object }
}

function decodeEvent<T>(line: string): WatchEvent<T> {
  const event = JSON.parse(line)
  if (event.type === 'ERROR') throw new StatusError(event.object)
  return event
}

/** Milliseconds until the repeat, or undefined when the outcome is final. */
function retryAfterMs(outcome: ApiResponse | TransportError, attempt: number): number | undefined {
  const backoff = retryFirstMs * 2 ** attempt
  if (outcome instanceof TransportError) return outcome.sent ? undefined : Math.min(backoff, 1_000)
  const seconds = Number(outcome.headers['retry-after'])
  if (!(seconds >= 0)) return undefined
  if (outcome.status === 429) return Math.max(seconds * 1_000, retryFirstMs)
  // A failover takes less than Retry-After's whole second: ask earlier, not later.
  return outcome.status === 503 ? Math.min(backoff, Math.max(seconds, 1) * 1_000) : undefined
}

async function asError(outcome: ApiResponse | TransportError): Promise<Error> {
  if (outcome instanceof TransportError) return outcome
  const text = (await readAll(outcome.body)).toString('utf8')
  try {
    const status = JSON.parse(text)
    if (status.kind === 'Status') return new StatusError(status)
  } catch {
    // Not JSON: a proxy's page, or a plain-text answer; told as it is below.
  }
  return new StatusError({
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: text.slice(0, 1_000) || `the server answered ${outcome.status}`,
    reason: 'InternalError',
    code: outcome.status,
  })
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
