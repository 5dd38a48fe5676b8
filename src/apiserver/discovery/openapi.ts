import { createHash } from 'node:crypto'
import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import { groupVersions } from '../../api/resources/table.ts'
import { bytesResponse, jsonResponse } from '../http/respond.ts'
import { openApiDocument } from './openapi-document.ts'

/** One rendered document. */
interface Rendered {
  readonly body: Buffer
  readonly hash: string
}

const rendered = new Map<string, Rendered>()

/** `/openapi/v3` and its documents; undefined for other paths. */
export function openApi(request: ApiRequest): ApiResponse | undefined {
  if (request.path === '/openapi/v3') return index()
  const prefix = '/openapi/v3/'
  if (!request.path.startsWith(prefix)) return undefined
  const found = gvByPath().get(request.path.slice(prefix.length))
  if (found === undefined) return undefined
  const { body, hash } = render(found.group, found.version)
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
function gvByPath(): Map<string, { group: string; version: string }> {
  const result = new Map<string, { group: string; version: string }>()
  for (const [group, versions] of groupVersions()) {
    for (const version of versions) {
      const path = group === '' ? `api/${version}` : `apis/${group}/${version}`
      result.set(path, { group, version })
    }
  }
  return result
}

function index(): ApiResponse {
  const paths: Record<string, { serverRelativeURL: string }> = {}
  for (const [path, { group, version }] of gvByPath()) {
    const { hash } = render(group, version)
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }
  }
  return jsonResponse(200, { paths })
}

function render(group: string, version: string): Rendered {
  const key = `${group}/${version}`
  let document = rendered.get(key)
  if (document === undefined) {
    const body = Buffer.from(JSON.stringify(openApiDocument(group, version)))
    document = { body, hash: createHash('sha512').update(body).digest('hex').toUpperCase() }
    rendered.set(key, document)
  }
  return document
}
