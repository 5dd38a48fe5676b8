import { ownValue } from '../../api/own.ts'

/** Of a group's versions, and of the group. Clients take the first group that has a name. */
export interface GroupPriority {
  readonly groupPriorityMinimum: number
  readonly versionPriority: number
}

/** Of core, and of upstream's groups. Source: pkg/controlplane/apiserver/aggregator.go. */
const priorities: Readonly<Record<string, readonly [number, number]>> = {
  '': [18_000, 1],
  apps: [17_800, 15],
  'events.k8s.io': [17_750, 15],
  'authentication.k8s.io': [17_700, 15],
  'authorization.k8s.io': [17_600, 15],
  autoscaling: [17_500, 15],
  batch: [17_400, 15],
  'certificates.k8s.io': [17_300, 15],
  'networking.k8s.io': [17_200, 15],
  policy: [17_100, 15],
  'rbac.authorization.k8s.io': [17_000, 15],
  'storage.k8s.io': [16_800, 15],
  'apiextensions.k8s.io': [16_700, 15],
  'admissionregistration.k8s.io': [16_700, 15],
  'scheduling.k8s.io': [16_600, 15],
  'coordination.k8s.io': [16_500, 15],
  'node.k8s.io': [16_300, 15],
  'discovery.k8s.io': [16_200, 15],
  'resource.k8s.io': [16_200, 21],
  'flowcontrol.apiserver.k8s.io': [16_100, 21],
}

/** What is served by the aggregator itself comes first; what is added later, last. */
const first = 'apiregistration.k8s.io'
const firstPriority = 20_000
const customPriority: readonly [number, number] = [1_000, 100]
/** The second version of a group has more to say than the first. */
const secondVersionPriority = 30

export function priorityOf(group: string, version: string): GroupPriority {
  const known = ownValue(priorities, group)
  const [groupPriorityMinimum, versionPriority] = known ?? customPriority
  return {
    groupPriorityMinimum: group === first ? firstPriority : groupPriorityMinimum,
    versionPriority: version === 'v2' ? secondVersionPriority : versionPriority,
  }
}
