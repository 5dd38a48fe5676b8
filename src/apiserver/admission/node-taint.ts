import type { Taint } from '../../api/objects.ts'
import type { AdmissionPlugin } from './types.ts'

const notReady: Taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' }

/**
 * A new node is not ready until the controller of nodes has heard of it: it takes the taint away.
 * Source: plugin/pkg/admission/nodetaint.
 */
export const taintNodesByCondition: AdmissionPlugin = {
  name: 'TaintNodesByCondition',
  operations: ['CREATE'],
  admit({ row, subresource, object }) {
    if (row.resource !== 'nodes' || row.group !== '' || subresource !== '') return
    if (object === undefined) return
    const taints: Taint[] = object.spec?.taints ?? []
    if (taints.some(one => one.key === notReady.key && one.effect === notReady.effect)) return
    object.spec = { ...object.spec, taints: [...taints, { ...notReady }] }
  },
}
