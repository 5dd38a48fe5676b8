import type { Taint, Toleration } from '../../api/objects.ts'
import { tolerates } from '../../api/tolerations.ts'

/**
 * How long a pod may stay on a node with NoExecute taints: 0 is at once, undefined for ever.
 * The shortest tolerationSeconds counts, from the time the taint was added.
 * Source: pkg/controller/tainteviction/taint_eviction.go getMinTolerationTime.
 */
export function evictionDelayMs(
  taints: readonly Taint[],
  tolerations: readonly Toleration[],
  nowMs: number,
): number | undefined {
  let shortest: number | undefined
  for (const taint of taints) {
    const matching = tolerations.filter(toleration => tolerates(toleration, taint))
    if (matching.length === 0) return 0
    const seconds = matching
      .map(toleration => toleration.tolerationSeconds)
      .filter(each => each !== undefined)
    if (seconds.length === 0) continue
    const since = Date.parse(taint.timeAdded ?? '') || nowMs
    const leftMs = Math.max(since + Math.min(...seconds) * 1000 - nowMs, 0)
    shortest = Math.min(shortest ?? leftMs, leftMs)
  }
  return shortest
}
