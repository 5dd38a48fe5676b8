import { admissionregistrationRows } from './admissionregistration.ts'
import { apiextensionsRows } from './apiextensions.ts'
import { apiregistrationRows } from './apiregistration.ts'
import { controllerRevisions, deployments, replicaSets } from './apps.ts'
import { daemonSets, statefulSets } from './apps-sets.ts'
import { horizontalPodAutoscalers } from './autoscaling.ts'
import { cronJobs, jobs } from './batch.ts'
import { certificatesRows } from './certificates.ts'
import { nodeRows, schedulingRows } from './classes.ts'
import {
  configMaps,
  endpoints,
  events,
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
import { endpointSlices, leases } from './discovery.ts'
import { flowcontrolRows } from './flowcontrol.ts'
import { networkingRows } from './networking.ts'
import { pods } from './pods.ts'
import { podDisruptionBudgets } from './policy.ts'
import { rbacRows } from './rbac.ts'
import { resourceRows } from './resource.ts'
import { storageRows } from './storage.ts'
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
  ...apiregistrationRows,
  ...apps,
  horizontalPodAutoscalers,
  cronJobs,
  jobs,
  podDisruptionBudgets,
  ...certificatesRows,
  ...networkingRows,
  ...rbacRows,
  ...storageRows,
  ...admissionregistrationRows,
  ...apiextensionsRows,
  ...schedulingRows,
  leases,
  ...nodeRows,
  endpointSlices,
  ...resourceRows,
  ...flowcontrolRows,
]

/** Where an object is stored; without `name` the collection's prefix, with its last slash. */
export function storeKey(row: ResourceRow, namespace = '', name?: string): string {
  const scope = row.namespaced && namespace !== '' ? `${namespace}/` : ''
  return `/registry/${row.prefix}/${scope}${name ?? ''}`
}
