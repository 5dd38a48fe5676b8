import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import type { Filter } from './attributes.ts'

/** `GET /path` to what serves it. */
export type OpenPaths = ReadonlyMap<string, (request: ApiRequest) => Promise<ApiResponse>>

/** Paths that check themselves who asks. */
export function openPaths(paths: OpenPaths = new Map()): Filter {
  return async (attributes, next) => {
    const { request } = attributes
    const serve = paths.get(`${request.method} ${request.path}`)
    return serve === undefined ? next(attributes) : serve(request)
  }
}
