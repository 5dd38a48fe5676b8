import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import type { ResourceRegistry, ServedResource } from '../../api/resources/registry.ts'
import type { ServedVersion, Subresource } from '../../api/resources/types.ts'
import { negotiate, parseAccept } from '../http/format.ts'
import { jsonResponse } from '../http/respond.ts'
import { reviews } from './reviews.ts'

/** Discovery: which groups, versions and resources there are, all derived from the registry. */

/** Source: discovery/aggregated: v2beta1 is not served any more; who asks falls back. */
const aggregatedVersion = 'v2'

/** `/api`, `/apis`, `/apis/GROUP`, `/api/v1`, `/apis/GROUP/VERSION`; undefined for other paths. */
export function discover(
  resources: ResourceRegistry,
  request: ApiRequest,
): ApiResponse | undefined {
  const parts = request.path.split('/').filter(part => part !== '')
  const [root, first, second] = parts
  if (root === 'api') {
    if (parts.length === 1)
      return aggregated(resources, request, true) ?? jsonResponse(200, coreVersions())
    if (parts.length === 2 && first === 'v1')
      return jsonResponse(200, resourceList(resources, '', 'v1'))
  }
  if (root === 'apis') {
    if (parts.length === 1)
      return aggregated(resources, request, false) ?? jsonResponse(200, groupList(resources))
    const versions = versionsByGroup(resources).get(first ?? '')
    if (!first || versions === undefined) return undefined
    if (parts.length === 2)
      return jsonResponse(200, { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(resources, first) })
    if (parts.length === 3 && second && versions.includes(second)) {
      return jsonResponse(200, resourceList(resources, first, second))
    }
  }
  return undefined
}

/** Groups with stored resources, then those that only have reviews. */
function versionsByGroup(resources: ResourceRegistry): ReadonlyMap<string, readonly string[]> {
  const groups = new Map(resources.groupVersions())
  for (const { group, version } of reviews) if (!groups.has(group)) groups.set(group, [version])
  return groups
}

function coreVersions(): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [],
  }
}

function groupOf(resources: ResourceRegistry, group: string) {
  const versions = (versionsByGroup(resources).get(group) ?? []).map(version => ({
    groupVersion: `${group}/${version}`,
    version,
  }))
  return { name: group, versions, preferredVersion: versions[0] }
}

function groupList(resources: ResourceRegistry): unknown {
  const groups = [...versionsByGroup(resources).keys()]
    .filter(group => group !== '')
    .map(group => groupOf(resources, group))
  return { kind: 'APIGroupList', apiVersion: 'v1', groups }
}

function resourceList(resources: ResourceRegistry, group: string, version: string): unknown {
  const stored = resources.servedIn(group, version).flatMap(({ row }) => [
    {
      name: row.resource,
      singularName: row.singular,
      namespaced: row.namespaced,
      kind: row.kind,
      verbs: row.verbs,
      ...(row.shortNames.length > 0 ? { shortNames: row.shortNames } : {}),
      ...(row.categories.length > 0 ? { categories: row.categories } : {}),
    },
    ...row.subresources.map(sub => ({
      name: `${row.resource}/${sub.name}`,
      singularName: '',
      namespaced: row.namespaced,
      ...(sub.group === undefined ? {} : { group: sub.group, version: sub.version }),
      kind: sub.kind,
      verbs: sub.verbs,
    })),
  ])
  const others = reviews
    .filter(one => one.group === group && one.version === version)
    .map(one => ({
      name: one.resource,
      singularName: one.kind.toLowerCase(),
      namespaced: false,
      kind: one.kind,
      verbs: ['create'],
    }))
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources: [...stored, ...others],
  }
}

/** The one document that newer clients ask for; the answer's type must say what was asked. */
function aggregated(
  resources: ResourceRegistry,
  request: ApiRequest,
  core: boolean,
): ApiResponse | undefined {
  for (const { type, parameters } of parseAccept(request.headers.accept)) {
    const { g, v = '', as } = parameters
    if (type !== 'application/json' && type !== '*/*') continue
    if (as === undefined) return undefined
    if (g !== 'apidiscovery.k8s.io' || as !== 'APIGroupDiscoveryList') continue
    if (v !== aggregatedVersion) continue
    const groups = [...versionsByGroup(resources)].filter(([group]) => (group === '') === core)
    const document = {
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${v}`,
      metadata: {},
      items: groups.map(([group, versions]) => aggregatedGroup(resources, group, versions)),
    }
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`
    return jsonResponse(200, document, { 'content-type': contentType, vary: 'Accept' })
  }
  negotiate(request.headers.accept)
  return undefined
}

function aggregatedGroup(
  resources: ResourceRegistry,
  group: string,
  versions: readonly string[],
): unknown {
  return {
    metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
    versions: versions.map(version => ({
      version,
      freshness: 'Current',
      resources: [
        ...resources.servedIn(group, version).map(aggregatedResource),
        ...reviews
          .filter(one => one.group === group && one.version === version)
          .map(one => ({
            resource: one.resource,
            responseKind: { group, version, kind: one.kind },
            scope: 'Cluster',
            singularResource: one.kind.toLowerCase(),
            verbs: ['create'],
          })),
      ],
    })),
  }
}

function aggregatedResource({ row, served }: ServedResource): unknown {
  const { group, version } = served
  return {
    resource: row.resource,
    responseKind: { group, version, kind: row.kind },
    scope: row.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: row.singular,
    verbs: row.verbs,
    ...(row.shortNames.length > 0 ? { shortNames: row.shortNames } : {}),
    ...(row.categories.length > 0 ? { categories: row.categories } : {}),
    ...(row.subresources.length > 0
      ? { subresources: row.subresources.map(sub => aggregatedSubresource(served, sub)) }
      : {}),
  }
}

function aggregatedSubresource(served: ServedVersion, sub: Subresource): unknown {
  const { group = served.group, version = served.version, kind } = sub
  return { subresource: sub.name, responseKind: { group, version, kind }, verbs: sub.verbs }
}
