import type { ResourceRegistry } from '../../api/resources/registry.ts'
import type { ResourceRow, ServedVersion } from '../../api/resources/types.ts'

/** What a path of the API stands for. */
export interface Route {
  readonly group: string
  readonly version: string
  readonly resource: string
  /** Undefined for a path under a group version that is no stored resource. */
  readonly row?: ResourceRow
  /** The version that is asked for, of the row. */
  readonly served?: ServedVersion
  readonly namespace: string
  /** '' for a collection. */
  readonly name: string
  readonly subresource: string
}

/**
 * Takes a path apart; undefined when it is not below a group version.
 * Source: apiserver pkg/endpoints/request/requestinfo.go.
 */
export function parseRoute(path: string, resources: ResourceRegistry): Route | undefined {
  let parts: string[]
  try {
    parts = path
      .split('/')
      .filter(part => part !== '')
      .map(decodeURIComponent)
  } catch {
    return undefined
  }
  const core = parts[0] === 'api'
  if (!core && parts[0] !== 'apis') return undefined
  const group = core ? '' : (parts[1] ?? '')
  const version = parts[core ? 1 : 2]
  let rest = parts.slice(core ? 2 : 3)
  if (version === undefined || rest.length === 0) return undefined
  let namespace = ''
  const inNamespace = rest[0] === 'namespaces' && rest.length > 2
  if (inNamespace && rest[2] !== 'status' && rest[2] !== 'finalize') {
    namespace = rest[1] ?? ''
    rest = rest.slice(2)
  }
  const [resource = '', name = '', ...sub] = rest
  const { row, served } = resources.find(group, version, resource) ?? {}
  if (row?.namespaced && namespace === '' && name !== '') return undefined
  const subresource = sub.join('/')
  return { group, version, resource, row, served, namespace, name, subresource }
}

/** The verb that authorization and audit speak of. */
export function verbOf(method: string, route: Route, query: URLSearchParams): string {
  const watching = query.get('watch')
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (watching === 'true' || watching === '1') return 'watch'
      return route.name === '' ? 'list' : 'get'
    case 'POST':
      return 'create'
    case 'PUT':
      return 'update'
    case 'PATCH':
      return 'patch'
    case 'DELETE':
      return route.name === '' ? 'deletecollection' : 'delete'
    default:
      return method.toLowerCase()
  }
}
