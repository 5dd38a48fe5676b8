import type { Pod } from '../../api/objects.ts'
import { controllerOf } from '../shared/owners.ts'
import { isPodReady, podCondition } from '../shared/pods.ts'

const phaseRank: Readonly<Record<string, number>> = { Pending: 0, Unknown: 1, Running: 2 }
const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

/**
 * Which pods go first when there are too many: unassigned, pending, not ready, cheap to delete,
 * crowded on one node, young, often restarted. Source: controller_utils.go ActivePodsWithRanks.
 */
export function comparePodsToDelete(
  siblings: readonly Pod[],
  nowMs: number,
): (a: Pod, b: Pod) => number {
  const crowd = (pod: Pod) =>
    siblings.filter(
      other =>
        other.spec.nodeName === pod.spec.nodeName &&
        controllerOf(other)?.uid === controllerOf(pod)?.uid &&
        !other.metadata.deletionTimestamp,
    ).length
  const keys: ((pod: Pod) => number)[] = [
    pod => (pod.spec.nodeName ? 1 : 0),
    pod => phaseRank[pod.status?.phase ?? 'Pending'] ?? 2,
    pod => (isPodReady(pod) ? 1 : 0),
    pod => Number(pod.metadata.annotations?.[costAnnotation] ?? 0) || 0,
    pod => -crowd(pod),
    pod => logAge(podCondition(pod, 'Ready')?.lastTransitionTime, nowMs),
    pod => -Math.max(0, ...(pod.status?.containerStatuses ?? []).map(each => each.restartCount)),
    pod => logAge(pod.metadata.creationTimestamp, nowMs),
  ]
  return (a, b) => {
    for (const key of keys) {
      const difference = key(a) - key(b)
      if (difference !== 0) return difference
    }
    return (a.metadata.uid ?? '') < (b.metadata.uid ?? '') ? -1 : 1
  }
}

/** Ages in powers of two: small differences must not decide. */
function logAge(timestamp: string | null | undefined, nowMs: number): number {
  const ageMs = nowMs - Date.parse(timestamp ?? '')
  return Number.isNaN(ageMs) || ageMs <= 0 ? 0 : Math.floor(Math.log2(ageMs))
}
