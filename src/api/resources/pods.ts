import { defaultPod } from '../defaults/pod.ts'
import type { Pod, PodCondition } from '../objects.ts'
import { podColumns } from '../printers/pods.ts'
import { qosClassOf } from '../qos.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from '../validation/causes.ts'
import { validateNewPod, validatePod } from '../validation/pod.ts'
import { validateEphemeralUpdate, validatePodResize } from '../validation/pod-parts.ts'
import { validatePodStatus } from '../validation/pod-status.ts'
import { validatePodUpdate } from '../validation/pod-update.ts'
import { podWarnings } from '../validation/pod-warnings.ts'
import { row, statusOf } from './row.ts'
import type { Subresource } from './types.ts'

/** Streams: bodies are not objects, but discovery names an options kind. */
const stream = (name: string, kind: string) => ({ name, kind, verbs: ['create', 'get'] })

/** A part of the spec that has a path and rules of its own. */
const part = (name: string, judge: (next: Pod, old: Pod, causes: Causes) => void): Subresource => ({
  ...{ name, kind: 'Pod', verbs: ['get', 'patch', 'update'] },
  validateUpdate: (next, old, causes) => judge(next as Pod, old as Pod, causes),
})

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
    part('ephemeralcontainers', validateEphemeralUpdate),
    { name: 'eviction', kind: 'Eviction', group: 'policy', version: 'v1', verbs: ['create'] },
    stream('exec', 'PodExecOptions'),
    { name: 'log', kind: 'Pod', verbs: ['get'] },
    stream('portforward', 'PodPortForwardOptions'),
    part('resize', validatePodResize),
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
  prepareStatus: keepOfStatus,
  validateStatus: validatePodStatus,
  warnings: podWarnings,
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

/**
 * What old kubelets forget when they write a status.
 * Source: pkg/registry/core/pod/strategy.go podStatusStrategy, preserveOldObservedGeneration.
 */
function keepOfStatus(next: KubeObject, old: KubeObject): void {
  const { ownerReferences } = old.metadata
  if (ownerReferences === undefined) delete next.metadata.ownerReferences
  else next.metadata.ownerReferences = ownerReferences
  const [now, was] = [next.status ?? {}, old.status ?? {}]
  next.status = now
  now.qosClass ||= was.qosClass
  if (!now.observedGeneration && was.observedGeneration) {
    now.observedGeneration = was.observedGeneration
  }
  const before = [...((was.conditions ?? []) as PodCondition[])]
  for (const condition of (now.conditions ?? []) as PodCondition[]) {
    const index = before.findIndex(one => one.type === condition.type)
    const [same] = index < 0 ? [] : before.splice(index, 1)
    if (!condition.observedGeneration && same?.observedGeneration) {
      condition.observedGeneration = same.observedGeneration
    }
  }
}
