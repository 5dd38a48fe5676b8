import { defaultPod } from '../defaults/pod.ts'
import type { Container, Pod, PodCondition } from '../objects.ts'
import { ownValue } from '../own.ts'
import { podColumns } from '../printers/pods.ts'
import { compareQuantities, parseQuantity } from '../quantity.ts'
import type { KubeObject } from '../types.ts'
import { validateNewPod, validatePod } from '../validation/pod.ts'
import { validatePodUpdate } from '../validation/pod-update.ts'
import { row, statusOf } from './row.ts'

/** Streams: bodies are not objects, but discovery names an options kind. */
const stream = (name: string, kind: string) => ({ name, kind, verbs: ['create', 'get'] })

/**
 * What a pod with gates says until they are gone.
 * Source: pkg/registry/core/pod/strategy.go applySchedulingGatedCondition.
 */
const gatedCondition: PodCondition = {
  type: 'PodScheduled',
  status: 'False',
  lastProbeTime: null,
  lastTransitionTime: null,
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
}

/** Source: kubernetes pkg/registry/core/pod/strategy.go, storage/storage.go. */
export const pods = row('v1', {
  resource: 'pods',
  kind: 'Pod',
  returnsDeleted: true,
  shortNames: ['po'],
  categories: ['all'],
  status: true,
  generation: true,
  subresources: [
    stream('attach', 'PodAttachOptions'),
    { name: 'binding', kind: 'Binding', verbs: ['create'] },
    { name: 'ephemeralcontainers', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    stream('exec', 'PodExecOptions'),
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    stream('portforward', 'PodPortForwardOptions'),
    { name: 'resize', kind: 'Pod', verbs: ['get', 'patch', 'update'] },
    statusOf('Pod'),
  ],
  applyDefaults: pod => defaultPod(pod as Pod),
  prepareCreate(pod) {
    const isGated = ((pod as Partial<Pod>).spec?.schedulingGates ?? []).length > 0
    pod.status = {
      ...{ phase: 'Pending', qosClass: qosClassOf(pod as Pod) },
      ...(isGated ? { conditions: [gatedCondition] } : {}),
    }
  },
  validate: (pod, causes) => validatePod(pod as Pod, causes),
  validateNew: (pod, causes) => validateNewPod(pod as Pod, causes),
  validateUpdate: (next, old, causes) => validatePodUpdate(next as Pod, old as Pod, causes),
  columns: podColumns,
  fields: {
    'spec.nodeName': pod => pod.spec?.nodeName ?? '',
    'spec.restartPolicy': pod => pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': pod => pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': pod => pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': pod => String(pod.spec?.hostNetwork ?? false),
    'status.phase': pod => pod.status?.phase ?? '',
    'status.podIP': pod => podIpOf(pod),
    'status.podIPs': pod => podIpOf(pod),
    'status.nominatedNodeName': pod => pod.status?.nominatedNodeName ?? '',
  },
})

function podIpOf(pod: KubeObject): string {
  return pod.status?.podIP ?? ''
}

/** Source: kubernetes pkg/apis/core/v1/helper/qos ComputePodQOS. */
export function qosClassOf(pod: Pod): 'Guaranteed' | 'Burstable' | 'BestEffort' {
  const all: Container[] = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  const counted = (list: Record<string, string> | undefined, name: string) => {
    const text = ownValue(list, name)
    return text !== undefined && parseQuantity(text).nano > 0n ? text : undefined
  }
  let any = false
  let guaranteed = true
  for (const { resources } of all) {
    for (const name of ['cpu', 'memory']) {
      const limit = counted(resources?.limits, name)
      const request = counted(resources?.requests, name)
      if (limit !== undefined || request !== undefined) any = true
      const equal =
        limit !== undefined && (request === undefined || compareQuantities(limit, request) === 0)
      if (!equal) guaranteed = false
    }
  }
  return !any ? 'BestEffort' : guaranteed ? 'Guaranteed' : 'Burstable'
}
