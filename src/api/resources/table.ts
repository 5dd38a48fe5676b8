import { controllerRevisions, deployments, replicaSets } from './apps.ts'
import { daemonSets, statefulSets } from './apps-sets.ts'
import { horizontalPodAutoscalers } from './autoscaling.ts'
import { cronJobs, jobs } from './batch.ts'
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
import { limitRanges, resourceQuotas } from './core-limits.ts'
import { persistentVolumeClaims, persistentVolumes } from './core-storage.ts'
import { podTemplates, replicationControllers } from './core-templates.ts'
import { bindings, componentStatuses } from './core-virtual.ts'
import { pods } from './pods.ts'
import { podDisruptionBudgets } from './policy.ts'
import type { ResourceRow } from './types.ts'

const core: readonly ResourceRow[] = [
  bindings,
  componentStatuses,
  configMaps,
  endpoints,
  events,
  limitRanges,
  namespaces,
  nodes,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  podTemplates,
  replicationControllers,
  resourceQuotas,
  secrets,
  serviceAccounts,
  services,
]

const apps: readonly ResourceRow[] = [
  controllerRevisions,
  daemonSets,
  deployments,
  replicaSets,
  statefulSets,
]

/** The resources that every server has, in the order in which discovery lists them. */
export const builtIn: readonly ResourceRow[] = [
  ...core,
  ...apps,
  horizontalPodAutoscalers,
  cronJobs,
  jobs,
  podDisruptionBudgets,
  leases,
  endpointSlices,
]

/** Where an object is stored; without `name` the collection's prefix, with its last slash. */
export function storeKey(row: ResourceRow, namespace = '', name?: string): string {
  const scope = row.namespaced && namespace !== '' ? `${namespace}/` : ''
  return `/registry/${row.prefix}/${scope}${name ?? ''}`
}
