import { tolerates } from '../../api/tolerations.ts'
import { ok, type Plugin, unresolvable } from '../framework/types.ts'

const taint = { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' } as const

/** `kubectl cordon`. Source: plugins/nodeunschedulable. */
export const nodeUnschedulable: Plugin = {
  name: 'NodeUnschedulable',
  filter: ({ pod }, { node }) => {
    if (!node.spec?.unschedulable) return ok
    if (pod.spec.tolerations?.some(toleration => tolerates(toleration, taint))) return ok
    return unresolvable('node(s) were unschedulable')
  },
}
