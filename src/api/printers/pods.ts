import type { ContainerStatus, Pod, PodStatus } from '../objects.ts'
import type { KubeObject } from '../types.ts'
import { ageColumn, ageOf, type Column, column, describedWideColumn, nameColumn } from './types.ts'

/** Source: kubernetes pkg/printers/internalversion/printers.go printPod. */
export const podColumns: readonly Column[] = [
  nameColumn,
  column(
    'Ready',
    pod => readyText(pod as Pod),
    'The aggregate readiness state of this pod for accepting traffic.',
  ),
  column(
    'Status',
    pod => statusText(pod as Pod),
    'The aggregate status of the containers in this pod.',
  ),
  column(
    'Restarts',
    (pod, now) => restartsText(pod as Pod, now),
    'The number of times the containers in this pod have been restarted and when the ' +
      'last container in this pod has restarted.',
  ),
  ageColumn,
  describedWideColumn('IP', 'core.v1.PodStatus.podIP', pod => podIp(pod)),
  describedWideColumn(
    'Node',
    'core.v1.PodSpec.nodeName',
    pod => (pod as Pod).spec?.nodeName || '<none>',
  ),
  describedWideColumn(
    'Nominated Node',
    'core.v1.PodStatus.nominatedNodeName',
    pod => (pod as Pod).status?.nominatedNodeName || '<none>',
  ),
  describedWideColumn('Readiness Gates', 'core.v1.PodSpec.readinessGates', pod =>
    gatesText(pod as Pod),
  ),
]

function podIp(pod: KubeObject): string {
  const status = (pod as Pod).status
  return status?.podIPs?.[0]?.ip ?? status?.podIP ?? '<none>'
}

/** Sidecars: init containers that keep running. */
function restartableInits(pod: Pod): Set<string> {
  const inits = pod.spec?.initContainers ?? []
  return new Set(inits.filter(one => one.restartPolicy === 'Always').map(one => one.name))
}

function readyText(pod: Pod): string {
  const sidecars = restartableInits(pod)
  const statuses = [
    ...(pod.status?.initContainerStatuses ?? []).filter(one => sidecars.has(one.name)),
    ...(pod.status?.containerStatuses ?? []),
  ]
  const ready = statuses.filter(one => one.ready && one.state?.running).length
  return `${ready}/${(pod.spec?.containers?.length ?? 0) + sidecars.size}`
}

/** What STATUS shows: the first reason that tells most. */
function statusText(pod: Pod): string {
  const status = pod.status ?? {}
  let reason: string = status.reason || status.phase || 'Unknown'
  const gated = status.conditions?.some(
    one => one.type === 'PodScheduled' && one.reason === 'SchedulingGated',
  )
  if (gated) reason = 'SchedulingGated'
  const init = initReason(pod, status)
  const initialized = status.conditions?.some(
    one => one.type === 'Initialized' && one.status === 'True',
  )
  if (init !== undefined && !initialized) reason = init
  else if (init === undefined || initialized) reason = mainReason(status, reason)
  if (pod.metadata.deletionTimestamp) {
    if (status.reason === 'NodeLost') return 'Unknown'
    if (status.phase !== 'Succeeded' && status.phase !== 'Failed') return 'Terminating'
  }
  return reason
}

function initReason(pod: Pod, status: PodStatus): string | undefined {
  const sidecars = restartableInits(pod)
  for (const [index, one] of (status.initContainerStatuses ?? []).entries()) {
    const { terminated, waiting } = one.state ?? {}
    if (terminated?.exitCode === 0) continue
    if (sidecars.has(one.name) && one.started) continue
    if (terminated) return `Init:${terminated.reason || exitText(terminated)}`
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`
    return `Init:${index}/${pod.spec.initContainers?.length ?? 0}`
  }
  return undefined
}

function mainReason(status: PodStatus, fallback: string): string {
  let reason = fallback
  let running = false
  for (const one of [...(status.containerStatuses ?? [])].reverse()) {
    const { waiting, terminated } = one.state ?? {}
    if (waiting?.reason) reason = waiting.reason
    else if (terminated) reason = terminated.reason || exitText(terminated)
    else if (one.ready && one.state?.running) running = true
  }
  if (reason === 'Completed' && running) {
    const ready = status.conditions?.some(one => one.type === 'Ready' && one.status === 'True')
    return ready ? 'Running' : 'NotReady'
  }
  return reason
}

function exitText(terminated: { signal?: number; exitCode: number }): string {
  return terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`
}

function restartsText(pod: Pod, now: number): string {
  const statuses: ContainerStatus[] = [
    ...(pod.status?.initContainerStatuses ?? []).filter(one => restartableInits(pod).has(one.name)),
    ...(pod.status?.containerStatuses ?? []),
  ]
  const restarts = statuses.reduce((sum, one) => sum + (one.restartCount ?? 0), 0)
  const last = statuses
    .map(one => one.lastState?.terminated?.finishedAt ?? '')
    .sort()
    .at(-1)
  return restarts > 0 && last ? `${restarts} (${ageOf(last, now)} ago)` : `${restarts}`
}

function gatesText(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? []
  if (gates.length === 0) return '<none>'
  const conditions = pod.status?.conditions ?? []
  const passed = gates.filter(gate =>
    conditions.some(one => one.type === gate.conditionType && one.status === 'True'),
  )
  return `${passed.length}/${gates.length}`
}
