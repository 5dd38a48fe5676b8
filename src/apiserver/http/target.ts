import { apiVersionOf } from '../../api/kinds.ts'
import type { ResourceRow, ServedVersion } from '../../api/resources/types.ts'
import { badRequest, pathNotFound } from '../../api/status.ts'
import type { KubeObject } from '../../api/types.ts'
import type { Route } from '../filters/request-info.ts'
import type { Expected } from './decode.ts'

/** A request on a stored resource. */
export interface Target {
  readonly row: ResourceRow
  /** The version of the request and of its answer. */
  readonly served: ServedVersion
  readonly route: Route
}

/** @throws StatusError 404 for a path that is no stored resource */
export function targetOf(route: Route): Target {
  const { row, served } = route
  if (row === undefined || served === undefined) throw pathNotFound()
  return { row, served, route }
}

/** Kind and version of a target's bodies. */
export function expectedOf({ row, served }: Target): Expected {
  return { apiVersion: apiVersionOf(served), kind: row.kind }
}

/** The namespace of a new object is that of the path. @throws StatusError 400 */
export function placeInNamespace(row: ResourceRow, object: KubeObject, namespace: string): void {
  const { metadata } = object
  if (!row.namespaced) {
    delete metadata.namespace
    return
  }
  const given = metadata.namespace || namespace
  if (namespace !== '' && given !== namespace) {
    throw badRequest(
      'the namespace of the provided object does not match the namespace sent on the request',
    )
  }
  if (given === '') throw badRequest('an empty namespace may not be set during creation')
  metadata.namespace = given
}

/** A PUT's object must be the one of the path. @throws StatusError 400 */
export function checkIdentity(row: ResourceRow, object: KubeObject, route: Route): void {
  const { metadata } = object
  if (!metadata.name) {
    throw badRequest(
      `the name of the object (${route.name} based on URL) was undeterminable: ` +
        'name must be provided',
    )
  }
  if (metadata.name !== route.name) {
    throw badRequest(
      `the name of the object (${metadata.name}) does not match the name on the URL ` +
        `(${route.name})`,
    )
  }
  if (row.namespaced && metadata.namespace && metadata.namespace !== route.namespace) {
    throw badRequest(
      `the namespace of the object (${metadata.namespace}) does not match the namespace on ` +
        `the request (${route.namespace})`,
    )
  }
}
