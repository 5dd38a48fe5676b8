import type { Container, Pod } from './objects.ts'
import { ownValue } from './own.ts'
import { compareQuantities, parseQuantity } from './quantity.ts'

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
