import type { Taint, Toleration } from '../../api/objects.ts'
import { tolerates } from '../../api/tolerations.ts'

/**
 * How long a pod may stay on a node with NoExecute taints: 0 is at once, undefined for ever.
 * The shortest tolerationSeconds counts, from when the pod and the taint were both there.
 * `seenAt`: when a taint that does not say it was seen first. `since`: when the pod came to the
 * node. Source: pkg/controller/tainteviction/taint_eviction.go getMinTolerationTime.
 */
export function evictionDelayMs(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  nowMs: number,
  seenAt: (taint: Taint) => number,
  since = 0,
): number | undefined {
  let shortest: number | undefined
  for (const taint of taints) {
    const matching = tolerations.filter(toleration => tolerates(toleration, taint))
    if (matching.length === 0) return 0
    const seconds = matching
      .map(toleration => toleration.tolerationSeconds)
      .filter(each => each !== undefined)
    if (seconds.length === 0) continue
    // A pod of the future is one of another clock: what it says of its beginning is not known.
    const came = since > nowMs ? 0 : since
    const from = Math.max(Date.parse(taint.timeAdded ?? '') || seenAt(taint), came)
    const leftMs = Math.max(from + Math.min(...seconds) * 1000 - nowMs, 0)
    shortest = Math.min(shortest ?? leftMs, leftMs)
  }
  return shortest
}
