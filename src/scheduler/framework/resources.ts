import type { Container, Pod, ResourceList } from '../../api/objects.ts'
import { milliOf, unitsOf } from '../../api/quantity.ts'

/** Amounts by resource name; CPU in millicores, everything else in whole units. */
export type Amounts = ReadonlyMap<string, number>

/** What a pod without requests counts as when nodes are compared. Source: non_zero.go. */
export const defaultRequests = { cpu: 100, memory: 200 * 1024 * 1024 } as const

export function amountsOf(list: ResourceList | undefined): Map<string, number> {
  const amounts = new Map<string, number>()
  for (const [name, quantity] of Object.entries(list ?? {})) {
    amounts.set(name, name === 'cpu' ? milliOf(quantity) : unitsOf(quantity))
  }
  return amounts
}

export function addAmounts(into: Map<string, number>, other: Amounts, sign: 1 | -1 = 1): void {
  for (const [name, amount] of other) into.set(name, (into.get(name) ?? 0) + sign * amount)
}

/**
 * What a pod needs at its worst moment: the sum of its containers and sidecars, or an init
 * container with the sidecars started before it; plus overhead.
 * Source: k8s.io/component-helpers resource/helpers.go PodRequests.
 */
export function podRequests(pod: Pod): Map<string, number> {
  const sum = new Map<string, number>()
  for (const container of pod.spec.containers) addAmounts(sum, requestsOf(container))
  const sidecars = new Map<string, number>()
  let initPeak = new Map<string, number>()
  for (const container of pod.spec.initContainers ?? []) {
    const needed = new Map(requestsOf(container))
    if (container.restartPolicy === 'Always') {
      addAmounts(sum, needed)
      addAmounts(sidecars, needed)
      initPeak = larger(initPeak, sidecars)
    } else {
      addAmounts(needed, sidecars)
      initPeak = larger(initPeak, needed)
    }
  }
  const total = larger(sum, initPeak)
  addAmounts(total, amountsOf(pod.spec.overhead))
  return total
}

/** Requests for scoring: containers without requests count as a little. */
export function nonZeroRequests(pod: Pod): { readonly cpu: number; readonly memory: number } {
  let cpu = 0
  let memory = 0
  for (const container of pod.spec.containers) {
    const requests = requestsOf(container)
    cpu += requests.get('cpu') ?? defaultRequests.cpu
    memory += requests.get('memory') ?? defaultRequests.memory
  }
  return { cpu, memory }
}

/** A limit without a request is the request. Source: core/v1 SetDefaults_Pod. */
function requestsOf(container: Container): Map<string, number> {
  const { requests, limits } = container.resources ?? {}
  return amountsOf({ ...limits, ...requests })
}

function larger(a: Amounts, b: Amounts): Map<string, number> {
  const result = new Map(a)
  for (const [name, amount] of b) result.set(name, Math.max(result.get(name) ?? 0, amount))
  return result
}
