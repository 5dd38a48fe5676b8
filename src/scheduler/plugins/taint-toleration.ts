import { tolerates, untolerated } from '../../api/tolerations.ts'
import { normalizeByMax } from '../framework/framework.ts'
import { ok, type Plugin, unresolvable } from '../framework/types.ts'

/** Taints repel; PreferNoSchedule only counts against. Source: plugins/tainttoleration. */
export const taintToleration: Plugin = {
  name: 'TaintToleration',
  weight: 3,
  filter: ({ pod }, { node }) => {
    const taint = untolerated(node.spec?.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute'])
    if (!taint) return ok
    return unresolvable(`node(s) had untolerated taint {${taint.key}: ${taint.value ?? ''}}`)
  },
  score: ({ pod }, { node }) => {
    const preferred = (node.spec?.taints ?? []).filter(taint => taint.effect === 'PreferNoSchedule')
    const tolerations = pod.spec.tolerations ?? []
    return preferred.filter(taint => !tolerations.some(known => tolerates(known, taint))).length
  },
  normalize: scores => normalizeByMax(scores, true),
}
