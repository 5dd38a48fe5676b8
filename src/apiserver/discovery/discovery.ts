import { createHash } from 'node:crypto'
import type { ApiRequest, ApiResponse } from '../../api/http.ts'
import { apiVersionOf } from '../../api/kinds.ts'
import type { ResourceRegistry } from '../../api/resources/registry.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { pathNotFound } from '../../api/status.ts'
import { jsonResponse } from '../http/respond.ts'
import { aggregated } from './aggregated.ts'
import { resourcesIn, subresourcesOf, versionsByGroup } from './groups.ts'
import { reviews } from './reviews.ts'

/**
 * Discovery: which groups, versions and resources there are, all derived from the registry. `/api`,
 * `/apis`, `/apis/GROUP`, `/api/v1`, `/apis/GROUP/VERSION`; undefined for other paths.
 * @throws StatusError 404 for a version that a group does not have
 */
export function discover(
  resources: ResourceRegistry,
  request: ApiRequest,
): ApiResponse | undefined {
  const [root, first, second, ...more] = request.path.split('/').filter(part => part !== '')
  if (more.length > 0) return undefined
  if (root === 'api' && second === undefined) {
    if (first === undefined) {
      return aggregated(resources, request, true) ?? jsonResponse(200, coreVersions(request))
    }
    return first === 'v1' ? jsonResponse(200, resourceList(resources, '', 'v1')) : undefined
  }
  if (root !== 'apis') return undefined
  if (first === undefined) {
    return aggregated(resources, request, false) ?? jsonResponse(200, groupList(resources))
  }
  const versions = versionsByGroup(resources).get(first)
  if (versions === undefined) return undefined
  if (second === undefined) {
    const group = groupOf(first, versions)
    return jsonResponse(200, { kind: 'APIGroup', apiVersion: 'v1', ...group })
  }
  if (!versions.includes(second)) throw pathNotFound()
  return jsonResponse(200, resourceList(resources, first, second))
}

function coreVersions({ headers }: ApiRequest): unknown {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: headers.host
      ? [{ clientCIDR: '0.0.0.0/0', serverAddress: headers.host }]
      : [],
  }
}

function groupOf(group: string, named: readonly string[]) {
  const versions = named.map(version => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions, preferredVersion: versions[0] }
}

function groupList(resources: ResourceRegistry): unknown {
  const groups = [...versionsByGroup(resources)]
    .filter(([group]) => group !== '')
    .map(([group, versions]) => groupOf(group, versions))
  return { kind: 'APIGroupList', apiVersion: 'v1', groups }
}

function resourceList(resources: ResourceRegistry, group: string, version: string): unknown {
  const stored = resourcesIn(resources, group, version).flatMap(({ row }) => [
    {
      name: row.resource,
      singularName: row.singular,
      namespaced: row.namespaced,
      kind: row.kind,
      verbs: row.verbs,
      ...(row.shortNames.length > 0 ? { shortNames: row.shortNames } : {}),
      ...(row.categories.length > 0 ? { categories: row.categories } : {}),
      ...(row.verbs.includes('watch') ? { storageVersionHash: storageVersionHash(row) } : {}),
    },
    ...subresourcesOf(row).map(sub => ({
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

/** Differs with the version in which objects are stored. Source: storageversionhash.go. */
function storageVersionHash({ group, version, kind }: ResourceRow): string {
  const hash = createHash('sha256').update(`${group}/${version}/${kind}`).digest()
  return hash.subarray(0, 8).toString('base64')
}
