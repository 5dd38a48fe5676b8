import type { Pod, Toleration } from '../../api/objects.ts'
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts'

/** Source: --default-not-ready-toleration-seconds. */
const evictionSecondsDefault = 300

/**
 * Source: plugin/pkg/admission/serviceaccount. Whether the account is there, and its token, wait
 * for the signing of tokens.
 */
export const serviceAccount: AdmissionPlugin = {
  name: 'ServiceAccount',
  operations: ['CREATE'],
  admit: ofPod(({ spec }) => {
    spec.serviceAccountName ||= 'default'
    spec.serviceAccount = spec.serviceAccountName
  }),
}

/** Source: plugin/pkg/admission/priority; there are no priority classes yet. */
export const priority: AdmissionPlugin = {
  name: 'Priority',
  operations: ['CREATE', 'UPDATE'],
  admit: ofPod(({ spec }, old) => {
    if (old !== undefined) {
      if (old.spec.priority !== undefined) spec.priority ??= old.spec.priority
      if (old.spec.preemptionPolicy) spec.preemptionPolicy ??= old.spec.preemptionPolicy
      return
    }
    spec.priority ??= 0
    spec.preemptionPolicy ??= 'PreemptLowerPriority'
  }),
}

const evicting = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable']

/** Source: plugin/pkg/admission/defaulttolerationseconds. */
export function defaultTolerationSeconds(seconds = evictionSecondsDefault): AdmissionPlugin {
  return {
    name: 'DefaultTolerationSeconds',
    operations: ['CREATE', 'UPDATE'],
    admit: ofPod(({ spec }) => {
      for (const key of evicting) {
        const tolerates = (one: Toleration) =>
          (one.key === key || !one.key) && (one.effect === 'NoExecute' || !one.effect)
        if (spec.tolerations?.some(tolerates)) continue
        spec.tolerations = [
          ...(spec.tolerations ?? []),
          { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: seconds },
        ]
      }
    }),
  }
}

/** For pods themselves, whatever they lack: what is wrong with one is validation's to say. */
function ofPod(admit: (pod: Pod, old: Pod | undefined) => void) {
  return ({ row, subresource, object, old }: AdmissionAttributes): void => {
    if (row.resource !== 'pods' || row.group !== '' || subresource !== '') return
    if ((object as Partial<Pod>).spec) admit(object as Pod, old as Pod | undefined)
  }
}
