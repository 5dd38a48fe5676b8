import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import type { Parts } from '../http/context.ts'
import { healthPaths } from '../http/health.ts'
import { jsonResponse } from '../http/respond.ts'
import { versionsByGroup } from './groups.ts'

/** `/`: where there is something; undefined for other paths. Source: server/routes/index.go. */
export function rootPaths(parts: Parts, request: ApiRequest): ApiResponse | undefined {
  if (request.path !== '/') return undefined
  const groups = [...versionsByGroup(parts.resources)].filter(([group]) => group !== '')
  const paths = [
    ...['/api', '/api/v1', '/apis', '/apis/', '/metrics', '/version'],
    ...['/openapi/v2', '/openapi/v3', '/openapi/v3/'],
    ...groups.flatMap(([group, versions]) => [
      `/apis/${group}`,
      ...versions.map(version => `/apis/${group}/${version}`),
    ]),
    ...healthPaths(parts),
  ]
  return jsonResponse(200, { paths: paths.sort() })
}
