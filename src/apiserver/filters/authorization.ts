import type { UserInfo } from '../../api/http.ts'
import { forbidden, type StatusError } from '../../api/status.ts'
import type { Attributes, Filter } from './attributes.ts'
import type { Route } from './request-info.ts'

/** Goes on for those who may. */
export const authorization: Filter = (attributes, next) => {
  if (!isOpenPath(attributes.request.path)) mustBeAllowed(attributes)
  return next(attributes)
}

/** @throws StatusError 403 */
export function mustBeAllowed(attributes: Attributes): void {
  if (!isAllowed(attributes)) throw refusal(attributes)
}

const openPaths = /^\/(healthz|livez|readyz|version)(\/|$)/

/** Paths that anyone may read. */
function isOpenPath(path: string): boolean {
  return openPaths.test(path)
}

const reading = ['get', 'list', 'watch']
const writing = [...reading, 'create', 'update', 'patch', 'delete']

/** Resource -> verbs of components that come in over HTTPS: worker-only peers and the proxy. */
type Grants = Readonly<Record<string, readonly string[]>>

/** Source: rbac/bootstrappolicy system:node-proxier. */
const proxyGrants: Grants = {
  services: reading,
  endpointslices: reading,
  nodes: reading,
  events: ['create', 'patch', 'update'],
}

/** Source: rbac/bootstrappolicy NodeRules. */
const nodeGrants: Grants = {
  nodes: writing,
  pods: writing,
  leases: writing,
  services: reading,
  configmaps: reading,
  secrets: reading,
  events: ['create', 'patch', 'update'],
}

function grantsOf(user: UserInfo): Grants {
  if (user.name === 'system:kube-proxy') return proxyGrants
  if (user.name.startsWith('system:node:') && user.groups.includes('system:nodes')) {
    return nodeGrants
  }
  return {}
}

/**
 * Until authorization is built: members of system:masters may do everything; the parts of this
 * process are trusted by their in-process way in; nodes and the proxy may do what they need.
 */
export function isAllowed({
  user,
  inProcess,
  verb,
  route,
}: Pick<Attributes, 'user' | 'inProcess' | 'verb' | 'route'>): boolean {
  if (user.groups.includes('system:masters')) return true
  if (inProcess && user.name.startsWith('system:')) return true
  return route !== undefined && (grantsOf(user)[route.resource]?.includes(verb) ?? false)
}

/** The refusal, in the words of upstream's authorizer. */
function refusal({ user, verb, route, request }: Attributes): StatusError {
  if (route === undefined) {
    return forbidden(
      { group: '', resource: '' },
      '',
      `User "${user.name}" cannot ${verb} path "${request.path}"`,
    )
  }
  const { group, resource, namespace, name } = route
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  return forbidden(
    { group, resource },
    name,
    `User "${user.name}" cannot ${verb} resource "${fullName(route)}" in API group ` +
      `"${group}" ${scope}`,
  )
}

function fullName({ resource, subresource }: Route): string {
  return subresource === '' ? resource : `${resource}/${subresource}`
}
