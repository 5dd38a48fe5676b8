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

/** The resources that every server has, in the order in which discovery lists them. */
export const builtIn: readonly ResourceRow[] = [
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

/** Where an object is stored; without `name` the collection's prefix, with its last slash. */
export function storeKey(row: ResourceRow, namespace = '', name?: string): string {
  const scope = row.namespaced && namespace !== '' ? `${namespace}/` : ''
  return `/registry/${row.prefix}/${scope}${name ?? ''}`
}
