import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import { groupVersions, resourceTable } from '../../api/resources/table.ts'
import type { ResourceRow, Subresource } from '../../api/resources/types.ts'
import { parseAccept } from '../http/format.ts'
import { jsonResponse } from '../http/respond.ts'
import { reviews } from './reviews.ts'

/** Discovery: which groups, versions and resources there are, all derived from the table. */

const aggregatedVersions = new Set(['v2', 'v2beta1'])

/** `/api`, `/apis`, `/apis/GROUP`, `/api/v1`, `/apis/GROUP/VERSION`; undefined for other paths. */
export function discover(request: ApiRequest): ApiResponse | undefined {
  const parts = request.path.split('/').filter(part => part !== '')
  const [root, first, second] = parts
  if (root === 'api') {
    if (parts.length === 1) return aggregated(request, true) ?? jsonResponse(200, coreVersions())
    if (parts.length === 2 && first === 'v1') return jsonResponse(200, resourceList('', 'v1'))
  }
  if (root === 'apis') {
    if (parts.length === 1) return aggregated(request, false) ?? jsonResponse(200, groupList())
    const versions = versionsByGroup().get(first ?? '')
    if (!first || versions === undefined) return undefined
    if (parts.length === 2)
      return jsonResponse(200, { kind: 'APIGroup', apiVersion: 'v1', ...groupOf(first) })
    if (parts.length === 3 && second && versions.includes(second)) {
      return jsonResponse(200, resourceList(first, second))
    }
  }
  return undefined
}

/** Groups with stored resources, then those that only have reviews. */
function versionsByGroup(): ReadonlyMap<string, readonly string[]> {
  const groups = new Map(groupVersions())
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

function groupOf(group: string) {
  const versions = (versionsByGroup().get(group) ?? []).map(version => ({
    groupVersion: `${group}/${version}`,
    version,
  }))
  return { name: group, versions, preferredVersion: versions[0] }
}

function groupList(): unknown {
  const groups = [...versionsByGroup().keys()].filter(group => group !== '').map(groupOf)
  return { kind: 'APIGroupList', apiVersion: 'v1', groups }
}

function rowsOf(group: string, version: string): ResourceRow[] {
  return resourceTable.filter(row => row.group === group && row.version === version)
}

function resourceList(group: string, version: string): unknown {
  const resources = rowsOf(group, version).flatMap(row => [
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
    resources: [...resources, ...others],
  }
}

/** The one document that newer clients ask for; the answer's type must say what was asked. */
function aggregated(request: ApiRequest, core: boolean): ApiResponse | undefined {
  for (const { type, parameters } of parseAccept(request.headers.accept)) {
    const { g, v = '', as } = parameters
    if (type !== 'application/json' && type !== '*/*') continue
    if (as === undefined) return undefined
    if (g !== 'apidiscovery.k8s.io' || as !== 'APIGroupDiscoveryList') continue
    if (!aggregatedVersions.has(v)) continue
    const groups = [...versionsByGroup().entries()].filter(([group]) => (group === '') === core)
    const document = {
      kind: 'APIGroupDiscoveryList',
      apiVersion: `apidiscovery.k8s.io/${v}`,
      metadata: {},
      items: groups.map(([group, versions]) => aggregatedGroup(group, versions)),
    }
    const contentType = `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`
    return jsonResponse(200, document, { 'content-type': contentType, vary: 'Accept' })
  }
  return undefined
}

function aggregatedGroup(group: string, versions: readonly string[]): unknown {
  return {
    metadata: group === '' ? { creationTimestamp: null } : { name: group, creationTimestamp: null },
    versions: versions.map(version => ({
      version,
      freshness: 'Current',
      resources: [
        ...rowsOf(group, version).map(aggregatedResource),
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

function aggregatedResource(row: ResourceRow): unknown {
  return {
    resource: row.resource,
    responseKind: { group: row.group, version: row.version, kind: row.kind },
    scope: row.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: row.singular,
    verbs: row.verbs,
    ...(row.shortNames.length > 0 ? { shortNames: row.shortNames } : {}),
    ...(row.categories.length > 0 ? { categories: row.categories } : {}),
    ...(row.subresources.length > 0
      ? { subresources: row.subresources.map(sub => aggregatedSubresource(row, sub)) }
      : {}),
  }
}

function aggregatedSubresource(row: ResourceRow, sub: Subresource): unknown {
  const { group = row.group, version = row.version, kind } = sub
  return { subresource: sub.name, responseKind: { group, version, kind }, verbs: sub.verbs }
}
