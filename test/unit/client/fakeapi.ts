import type { ApiRequest, ApiResponse, Transport } from '../../../src/api/http.ts'
import { alreadyExists, conflict, expired, notFound } from '../../../src/api/status.ts'
import type { KubeObject } from '../../../src/api/types.ts'

interface Change {
  readonly revision: number
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly path: string
  readonly object: KubeObject
}

interface Watcher {
  readonly prefix: (change: Change) => boolean
  push(line: string): void
  end(error?: Error): void
}

/**
 * A small API in memory with the semantics a client must rely on: one revision for all objects,
 * optimistic concurrency, watch from a revision, 410 below the floor. Tests break it on purpose.
 */
export class FakeApi implements Transport {
  revision = 100
  /** Watches from a revision below this one get 410. */
  floor = 0
  readonly log: string[] = []
  readonly requests: ApiRequest[] = []
  readonly objects = new Map<string, KubeObject>()
  readonly #changes: Change[] = []
  readonly #watchers = new Set<Watcher>()
  /** Answers the next requests instead of the API, in order. */
  readonly intercept: ((request: ApiRequest) => ApiResponse | Promise<ApiResponse>)[] = []

  async request(request: ApiRequest): Promise<ApiResponse> {
    const search = request.query.toString()
    this.log.push(`${request.method} ${request.path}${search ? `?${search}` : ''}`)
    this.requests.push(request)
    const instead = this.intercept.shift()
    if (instead) return instead(request)
    try {
      return this.#serve(request)
    } catch (error) {
      const { status } = error as { status: { code: number } }
      return { status: status.code, headers: {}, body: Buffer.from(JSON.stringify(status)) }
    }
  }

  get watchers(): number {
    return this.#watchers.size
  }

  /** Cuts every watch as a lost connection does. */
  cut(): void {
    for (const watcher of this.#watchers) watcher.end(new Error('socket hang up'))
  }

  /** Writes past the API, as if some other client had. */
  put(path: string, object: KubeObject): KubeObject {
    const old = this.objects.get(path)
    const revision = ++this.revision
    const stored = structuredClone(object)
    stored.metadata.resourceVersion = String(revision)
    stored.metadata.uid ??= `uid-${revision}`
    this.objects.set(path, stored)
    this.#publish({ revision, type: old ? 'MODIFIED' : 'ADDED', path, object: stored })
    return stored
  }

  remove(path: string): void {
    const object = structuredClone(this.objects.get(path)!)
    this.objects.delete(path)
    const revision = ++this.revision
    object.metadata.resourceVersion = String(revision)
    this.#publish({ revision, type: 'DELETED', path, object })
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(this.revision) } }
    for (const watcher of this.#watchers) watcher.push(line({ type: 'BOOKMARK', object }))
  }

  #publish(change: Change): void {
    this.#changes.push(change)
    for (const watcher of this.#watchers) if (watcher.prefix(change)) watcher.push(line(change))
  }

  #serve(request: ApiRequest): ApiResponse {
    if (request.query.get('watch')) return this.#watch(request)
    const body = request.body ? JSON.parse(Buffer.from(request.body).toString()) : undefined
    const parts = request.path.split('/').filter(Boolean)
    const isStatus = parts.at(-1) === 'status'
    const path = isStatus ? request.path.slice(0, -'/status'.length) : request.path
    const old = this.objects.get(path)
    if (request.method === 'POST') {
      body.metadata.name ??= `${body.metadata.generateName}${this.revision}`
      const target = `${path}/${body.metadata.name}`
      const resource = { group: '', resource: parts.at(-1)! }
      if (this.objects.has(target)) throw alreadyExists(resource, body.metadata.name)
      return answer(201, this.put(target, body))
    }
    const isCollection = !old && request.method === 'GET' && this.#isCollection(parts)
    if (isCollection) return this.#list(path)
    if (!old) throw notFound({ group: '', resource: parts.at(-2)! }, parts.at(-1)!)
    if (request.method === 'PUT') {
      const version = body.metadata.resourceVersion
      if (version && version !== old.metadata.resourceVersion) {
        throw conflict({ group: '', resource: parts.at(-2)! }, parts.at(-1)!)
      }
      return answer(200, this.put(path, isStatus ? { ...old, status: body.status } : body))
    }
    if (request.method === 'PATCH') return answer(200, this.put(path, merge(old, body)))
    if (request.method === 'DELETE') this.remove(path)
    return answer(200, old)
  }

  #isCollection(parts: readonly string[]): boolean {
    const rest = parts.slice(parts[0] === 'api' ? 2 : 3)
    return rest[0] === 'namespaces' ? rest.length === 1 || rest.length === 3 : rest.length === 1
  }

  #list(path: string): ApiResponse {
    const items = [...this.objects].filter(([key]) => within(path, key)).map(([, value]) => value)
    return answer(200, { metadata: { resourceVersion: String(this.revision) }, items })
  }

  #watch(request: ApiRequest): ApiResponse {
    const from = Number(request.query.get('resourceVersion') ?? 0)
    if (from < this.floor) throw expired(`too old resource version: ${from} (${this.floor})`)
    const lines: string[] = []
    let wake = () => {}
    let ended: { error?: Error } | undefined
    const watcher: Watcher = {
      prefix: change => within(request.path, change.path),
      push: text => {
        lines.push(text)
        wake()
      },
      end: error => {
        ended = { error }
        this.#watchers.delete(watcher)
        wake()
      },
    }
    for (const change of this.#changes) {
      if (change.revision > from && watcher.prefix(change)) lines.push(line(change))
    }
    this.#watchers.add(watcher)
    request.signal?.addEventListener('abort', () => watcher.end())
    async function* body() {
      for (;;) {
        while (lines.length > 0) yield Buffer.from(lines.shift()!)
        if (ended?.error) throw ended.error
        if (ended) return
        await new Promise<void>(resolve => {
          wake = resolve
        })
      }
    }
    return { status: 200, headers: {}, body: body() }
  }
}

/** `/api/v1/pods` holds the pods of all namespaces. */
function within(collection: string, path: string): boolean {
  if (path.startsWith(`${collection}/`) && !path.slice(collection.length + 1).includes('/')) {
    return true
  }
  const resource = collection.split('/').at(-1)
  const root = collection.slice(0, -`/${resource}`.length)
  const match = /^(.*)\/namespaces\/[^/]+\/([^/]+)\/[^/]+$/.exec(path)
  return match?.[1] === root && match[2] === resource
}

function answer(status: number, object: unknown): ApiResponse {
  return { status, headers: {}, body: Buffer.from(JSON.stringify(object)) }
}

function line(change: { readonly type: string; readonly object: unknown }): string {
  return `${JSON.stringify({ type: change.type, object: change.object })}\n`
}

/** RFC 7386. Stands for the strategic patch too; conditions are replaced as a list. */
// biome-ignore lint/suspicious/noExplicitAny: JSON of any shape
function merge(target: any, patch: any): any {
  if (typeof patch !== 'object' || patch === null || Array.isArray(patch)) return patch
  const result = { ...(typeof target === 'object' && target !== null ? target : {}) }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = merge(result[key], value)
  }
  return result
}
