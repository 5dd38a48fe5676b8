import { controllerRevisions, deployments, replicaSets } from './apps.ts'
import {
  configMaps,
  endpointSlices,
  endpoints,
  events,
  leases,
  namespaces,
  nodes,
  secrets,
  serviceAccounts,
  services,
} from './core.ts'
import { pods } from './pods.ts'
import type { ResourceRow } from './types.ts'

/** Every stored resource of the API, in the order in which discovery lists them. */
export const resourceTable: readonly ResourceRow[] = [
  configMaps,
  endpoints,
  events,
  namespaces,
  nodes,
  pods,
  secrets,
  serviceAccounts,
  services,
  controllerRevisions,
  deployments,
  replicaSets,
  leases,
  endpointSlices,
]

const byPath = new Map(
  resourceTable.map(row => [pathKey(row.group, row.version, row.resource), row]),
)

/** The row of a resource by its place in a path. */
export function findResource(
  group: string,
  version: string,
  resource: string,
): ResourceRow | undefined {
  return byPath.get(pathKey(group, version, resource))
}

/** Groups in the order of discovery, core first, each with its versions. */
export function groupVersions(): ReadonlyMap<string, readonly string[]> {
  const groups = new Map<string, string[]>()
  for (const { group, version } of resourceTable) {
    const versions = groups.get(group) ?? []
    if (!versions.includes(version)) versions.push(version)
    groups.set(group, versions)
  }
  return groups
}

/** Where an object is stored; without `name` the collection's prefix, with its last slash. */
export function storeKey(row: ResourceRow, namespace = '', name?: string): string {
  const scope = row.namespaced && namespace !== '' ? `${namespace}/` : ''
  return `/registry/${row.prefix}/${scope}${name ?? ''}`
}

function pathKey(group: string, version: string, resource: string): string {
  return `${group}/${version}/${resource}`
}
