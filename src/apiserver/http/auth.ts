import type { UserInfo } from '../../api/http.ts'
import { forbidden, type StatusError } from '../../api/status.ts'
import type { Route } from './route.ts'

/** Who showed no certificate. */
export const anonymous: UserInfo = { name: 'system:anonymous', groups: ['system:unauthenticated'] }

const openPaths = /^\/(healthz|livez|readyz|version)(\/|$)/

/** Paths that anyone may read. */
export function isOpenPath(path: string): boolean {
  return openPaths.test(path)
}

/**
 * Until authorization is built: members of system:masters may do everything; the parts of this
 * process are trusted by their in-process way in; no one else may do anything.
 */
export function mayDo(user: UserInfo, inProcess: boolean): boolean {
  return user.groups.includes('system:masters') || (inProcess && user.name.startsWith('system:'))
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
    `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${route.group}" ${scope}`,
  )
}
