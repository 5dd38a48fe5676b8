import type { CoreEvent, Endpoints, Node, Service } from '../objects.ts'
import {
  ageColumn,
  ageOf,
  type Column,
  column,
  describedColumn,
  describedWideColumn,
  nameColumn,
  plainColumns,
  wideColumn,
} from './types.ts'

/** Source of all: kubernetes pkg/printers/internalversion/printers.go. */

export const namespaceColumns: readonly Column[] = [
  nameColumn,
  column('Status', object => object.status?.phase ?? '', 'The status of the namespace'),
  ageColumn,
]

export const nodeColumns: readonly Column[] = [
  nameColumn,
  column('Status', node => nodeStatus(node as Node), 'The status of the node'),
  column('Roles', node => nodeRoles(node as Node), 'The roles of the node'),
  ageColumn,
  column(
    'Version',
    node => node.status?.nodeInfo?.kubeletVersion ?? '',
    'Kubelet Version reported by the node.',
  ),
  describedWideColumn('Internal-IP', 'core.v1.NodeStatus.addresses', node =>
    nodeAddress(node as Node, 'InternalIP'),
  ),
  describedWideColumn('External-IP', 'core.v1.NodeStatus.addresses', node =>
    nodeAddress(node as Node, 'ExternalIP'),
  ),
  wideColumn(
    'OS-Image',
    node => node.status?.nodeInfo?.osImage || '<unknown>',
    'OS Image reported by the node from /etc/os-release (e.g. Debian GNU/Linux 7 (wheezy)).',
  ),
  wideColumn(
    'Kernel-Version',
    node => node.status?.nodeInfo?.kernelVersion || '<unknown>',
    "Kernel Version reported by the node from 'uname -r' (e.g. 3.16.0-0.bpo.4-amd64).",
  ),
  wideColumn(
    'Container-Runtime',
    node => node.status?.nodeInfo?.containerRuntimeVersion || '<unknown>',
    'ContainerRuntime Version reported by the node through runtime remote API (e.g. ' +
      'containerd://1.4.2).',
  ),
]

function nodeStatus(node: Node): string {
  const ready = node.status?.conditions?.find(one => one.type === 'Ready')
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady'
  return node.spec?.unschedulable ? `${state},SchedulingDisabled` : state
}

function nodeRoles(node: Node): string {
  const prefix = 'node-role.kubernetes.io/'
  const roles = new Set<string>()
  for (const [key, value] of Object.entries(node.metadata.labels ?? {})) {
    if (key.startsWith(prefix) && key !== prefix) roles.add(key.slice(prefix.length))
    else if (key === 'kubernetes.io/role' && value !== '') roles.add(value)
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',')
}

function nodeAddress(node: Node, type: string): string {
  return node.status?.addresses?.find(one => one.type === type)?.address ?? '<none>'
}

export const serviceColumns: readonly Column[] = [
  nameColumn,
  describedColumn('Type', 'core.v1.ServiceSpec.type', object => object.spec?.type ?? ''),
  column(
    'Cluster-IP',
    object => object.spec?.clusterIP || '<none>',
    'clusterIP is the IP address of the service and is usually assigned randomly. If an ' +
      'address is specified manually, is in-range (as per system configuration), and is ' +
      'not in use, it will be allocated to the service; otherwise creation of the service ' +
      'will fail. This field may not be changed through updates unless the type field is ' +
      'also being changed to ExternalName (which requires this field to be blank) or the ' +
      'type field is being changed from ExternalName (in which case this field may ' +
      'optionally be specified, as describe above).  Valid values are "None", empty string ' +
      '(""), or a valid IP address. Setting this to "None" makes a "headless service" (no ' +
      'virtual IP), which is useful when direct endpoint connections are preferred and ' +
      'proxying is not required.  Only applies to types ClusterIP, NodePort, and ' +
      'LoadBalancer. If this field is specified when creating a Service of type ' +
      'ExternalName, creation will fail. This field will be wiped when updating a Service ' +
      'to type ExternalName. More info: ' +
      'https://kubernetes.io/docs/concepts/services-networking/service/' +
      '#virtual-ips-and-service-proxies',
  ),
  column(
    'External-IP',
    object => externalIp(object as Service),
    'externalIPs is a list of IP addresses for which nodes in the cluster will also ' +
      'accept traffic for this service.  These IPs are not managed by Kubernetes.  The ' +
      'user is responsible for ensuring that traffic arrives at a node with this IP.  A ' +
      'common example is external load-balancers that are not part of the Kubernetes ' +
      'system.',
  ),
  describedColumn('Port(s)', 'core.v1.ServiceSpec.ports', object =>
    servicePorts(object as Service),
  ),
  ageColumn,
  describedWideColumn('Selector', 'core.v1.ServiceSpec.selector', object =>
    mapText(object.spec?.selector),
  ),
]

function externalIp({ spec, status }: Service): string {
  const external = spec.externalIPs ?? []
  if (spec.type === 'ExternalName') return spec.externalName ?? ''
  if (spec.type !== 'LoadBalancer') return external.length > 0 ? external.join(',') : '<none>'
  const ingress = (status?.loadBalancer?.ingress ?? []).map(one => one.ip || one.hostname || '')
  const all = [...ingress, ...external]
  return all.length > 0 ? all.join(',') : '<pending>'
}

function servicePorts({ spec }: Service): string {
  const ports = (spec.ports ?? []).map(port =>
    port.nodePort
      ? `${port.port}:${port.nodePort}/${port.protocol}`
      : `${port.port}/${port.protocol}`,
  )
  return ports.length === 0 ? '<none>' : ports.join(',')
}

export const endpointsColumns: readonly Column[] = [
  nameColumn,
  describedColumn('Endpoints', 'core.v1.Endpoints.subsets', object =>
    endpointsText(object as Endpoints),
  ),
  ageColumn,
]

function endpointsText({ subsets }: Endpoints): string {
  const all: string[] = []
  for (const subset of subsets ?? []) {
    for (const { ip } of subset.addresses ?? []) {
      const ports = subset.ports ?? []
      if (ports.length === 0) all.push(ip)
      for (const { port } of ports) all.push(ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)
    }
  }
  return firstThree(all, '<none>')
}

function firstThree(all: readonly string[], none: string, more = ' '): string {
  if (all.length === 0) return none
  const shown = all.slice(0, 3).join(',')
  return all.length > 3 ? `${shown}${more === ',' ? '' : ''} + ${all.length - 3} more...` : shown
}

export const configMapColumns: readonly Column[] = [
  nameColumn,
  describedColumn(
    'Data',
    'core.v1.ConfigMap.data',
    object => countOf(object.data) + countOf(object.binaryData),
  ),
  ageColumn,
]

export const secretColumns: readonly Column[] = [
  nameColumn,
  describedColumn('Type', 'core.v1.Secret.type', object => object.type ?? ''),
  describedColumn('Data', 'core.v1.Secret.data', object => countOf(object.data)),
  ageColumn,
]

export const serviceAccountColumns = plainColumns

function countOf(map: object | undefined): number {
  return Object.keys(map ?? {}).length
}

export const eventColumns: readonly Column[] = [
  column(
    'Last Seen',
    (event, now) => lastSeen(event as CoreEvent, now),
    'The time at which the most recent occurrence of this event was recorded.',
  ),
  column(
    'Type',
    event => event.type ?? '',
    'Type of this event (Normal, Warning), new types could be added in the future',
  ),
  column(
    'Reason',
    event => event.reason ?? '',
    'This should be a short, machine understandable string that gives the reason for the ' +
      "transition into the object's current status.",
  ),
  column(
    'Object',
    event => eventObject(event as CoreEvent),
    'The object that this event is about.',
  ),
  describedWideColumn(
    'Subobject',
    'core.v1.ObjectReference.fieldPath',
    event => event.involvedObject?.fieldPath ?? '',
  ),
  wideColumn(
    'Source',
    event => eventSource(event as CoreEvent),
    'The component reporting this event. Should be a short machine understandable string.',
  ),
  column(
    'Message',
    event => String(event.message ?? '').trim(),
    'A human-readable description of the status of this operation.',
  ),
  describedWideColumn('First Seen', 'core.v1.Event.firstTimestamp', (event, now) =>
    ageOf(event.firstTimestamp ?? event.eventTime, now),
  ),
  wideColumn(
    'Count',
    event => event.series?.count ?? (event.count || 1),
    'The number of times this event has occurred.',
  ),
  { ...nameColumn, priority: 1 },
]

function lastSeen(event: CoreEvent, now: number): string {
  if (event.series?.lastObservedTime) return ageOf(event.series.lastObservedTime, now)
  return ageOf(event.lastTimestamp ?? event.firstTimestamp ?? event.eventTime, now)
}

function eventObject({ involvedObject }: CoreEvent): string {
  const kind = (involvedObject?.kind ?? '').toLowerCase()
  return involvedObject?.name ? `${kind}/${involvedObject.name}` : kind
}

function eventSource(event: CoreEvent): string {
  const component = event.source?.component || event.reportingComponent || ''
  const host = event.source?.host || event.reportingInstance || ''
  return host === '' ? component : `${component}, ${host}`
}

/** `a=b,c=d`, sorted; `<none>` when empty. */
export function mapText(map: Record<string, string> | undefined): string {
  const keys = Object.keys(map ?? {}).sort()
  return keys.length === 0 ? '<none>' : keys.map(key => `${key}=${map?.[key]}`).join(',')
}
