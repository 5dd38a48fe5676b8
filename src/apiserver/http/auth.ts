import type { ApiRequest, UserInfo } from '../../api/http.ts'
import { forbidden, type StatusError } from '../../api/status.ts'
import type { Route } from './route.ts'

/** Who showed no certificate. */
export const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

const openPaths = /^\/(healthz|livez|readyz|version)(\/|$)/

/** Paths that anyone may read. */
export function isOpenPath(path: string): boolean {
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
export function mayDo(
  user: UserInfo,
  inProcess: boolean,
  verb: string,
  route: Route | undefined,
): boolean {
  if (user.groups.includes('system:masters')) return true
  if (inProcess && user.name.startsWith('system:')) return true
  return route !== undefined && (grantsOf(user)[route.resource]?.includes(verb) ?? false)
}

/** The refusal, in the words of upstream's authorizer. */
export function refusal(
  user: UserInfo,
  verb: string,
  route: Route | undefined,
  path: string,
): StatusError {
  if (route === undefined) {
    return forbidden(
      { group: '', resource: '' },
      '',
      `User "${user.name}" cannot ${verb} path "${path}"`,
    )
  }
  const resource = route.subresource ? `${route.resource}/${route.subresource}` : route.resource
  const scope =
    route.namespace === '' ? 'at the cluster scope' : `in the namespace "${route.namespace}"`
  return forbidden(
    { group: route.group, resource: route.resource },
    route.name,
    `User "${user.name}" cannot ${verb} resource "${resource}" in API group ` +
      `"${route.group}" ${scope}`,
  )
}

/**
 * Who asks to be somebody else must never be taken for himself. Impersonation is not there yet, so
 * that nobody may. Source: apiserver pkg/endpoints/filters/impersonation.go, its refusal.
 * @throws StatusError 403
 */
export function refuseImpersonation({ headers }: ApiRequest, user: UserInfo): void {
  const name = Object.keys(headers).find(one => one.toLowerCase().startsWith('impersonate-'))
  if (name === undefined) return
  const [resource, verbed] = impersonated(name.toLowerCase())
  throw forbidden(
    { group: '', resource },
    verbed === 'name' ? (headers[name] ?? '') : '',
    `User "${user.name}" cannot impersonate resource "${resource}" in API group "" ` +
      'at the cluster scope',
  )
}

/** What a header of impersonation asks for, and whether its value is the resource's name. */
function impersonated(header: string): readonly [string, 'name' | 'other'] {
  if (header === 'impersonate-group') return ['groups', 'name']
  if (header === 'impersonate-uid') return ['uids', 'name']
  if (header.startsWith('impersonate-extra-')) return ['userextras', 'other']
  return ['users', 'name']
}
