import { createHash } from 'node:crypto'
import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import type { ResourceRegistry } from '../../api/resources/registry.ts'
import { bytesResponse, jsonResponse } from '../http/respond.ts'
import { openApiDocument } from './openapi-document.ts'

/** One rendered document. */
interface Rendered {
  readonly body: Buffer
  readonly hash: string
}

/** The documents of a registry, as it was when they were made. */
interface Documents {
  readonly generation: number
  readonly byGroupVersion: Map<string, Rendered>
}

const documents = new WeakMap<ResourceRegistry, Documents>()

/** `/openapi/v3` and its documents; undefined for other paths. */
export function openApi(resources: ResourceRegistry, request: ApiRequest): ApiResponse | undefined {
  if (request.path === '/openapi/v3') return index(resources)
  const prefix = '/openapi/v3/'
  if (!request.path.startsWith(prefix)) return undefined
  const found = gvByPath(resources).get(request.path.slice(prefix.length))
  if (found === undefined) return undefined
  const { body, hash } = render(resources, found.group, found.version)
  const etag = `"${hash}"`
  if (request.headers['if-none-match'] === etag) {
    return { status: 304, headers: { etag }, body: new Uint8Array() }
  }
  // The address carries the hash, so what it names never changes.
  const fixed = request.query.get('hash') === hash
  return bytesResponse(200, body, {
    etag,
    vary: 'Accept',
    'cache-control': fixed ? 'public, immutable' : 'no-cache, private',
  })
}

/** `api/v1`, `apis/apps/v1`. */
function gvByPath(resources: ResourceRegistry): Map<string, { group: string; version: string }> {
  const result = new Map<string, { group: string; version: string }>()
  for (const [group, versions] of resources.groupVersions()) {
    for (const version of versions) {
      const path = group === '' ? `api/${version}` : `apis/${group}/${version}`
      result.set(path, { group, version })
    }
  }
  return result
}

function index(resources: ResourceRegistry): ApiResponse {
  const paths: Record<string, { serverRelativeURL: string }> = {}
  for (const [path, { group, version }] of gvByPath(resources)) {
    const { hash } = render(resources, group, version)
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }
  }
  return jsonResponse(200, { paths })
}

function render(resources: ResourceRegistry, group: string, version: string): Rendered {
  const { byGroupVersion } = documentsOf(resources)
  const key = `${group}/${version}`
  let document = byGroupVersion.get(key)
  if (document === undefined) {
    const served = resources.servedIn(group, version)
    const body = Buffer.from(JSON.stringify(openApiDocument(served)))
    document = { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() }
    byGroupVersion.set(key, document)
  }
  return document
}

function documentsOf(resources: ResourceRegistry): Documents {
  const { generation } = resources
  let found = documents.get(resources)
  if (found?.generation !== generation) {
    found = { generation, byGroupVersion: new Map() }
    documents.set(resources, found)
  }
  return found
}
