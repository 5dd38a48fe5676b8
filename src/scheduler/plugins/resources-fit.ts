import { nonZeroRequests, podRequests } from '../framework/resources.ts'
import { ok, type Plugin, scoreMax, unschedulable } from '../framework/types.ts'

const requestsKey = 'NodeResourcesFit'

/** Requests against what is allocatable and not yet taken. Source: plugins/noderesources/fit.go. */
export const resourcesFit: Plugin = {
  name: 'NodeResourcesFit',
  weight: 1,
  preFilter: cycle => {
    cycle.state.set(requestsKey, podRequests(cycle.pod))
  },
  filter: (cycle, node) => {
    const reasons: string[] = []
    const podsMax = node.allocatable.get('pods') ?? 0
    if (node.pods.size + 1 > podsMax) reasons.push('Too many pods')
    for (const [name, amount] of cycle.state.get(requestsKey) as Map<string, number>) {
      if (amount === 0 || name === 'pods') continue
      const free = (node.allocatable.get(name) ?? 0) - (node.requested.get(name) ?? 0)
      if (amount > free) reasons.push(`Insufficient ${name}`)
    }
    return reasons.length === 0 ? ok : unschedulable(...reasons)
  },
  /** LeastAllocated: the mean share of CPU and memory that stays free. */
  score: ({ pod }, node) => {
    const wanted = nonZeroRequests(pod)
    const free = (capacity: number, used: number) =>
      capacity === 0 || used > capacity ? 0 : Math.floor(((capacity - used) * scoreMax) / capacity)
    const cpu = free(node.allocatable.get('cpu') ?? 0, node.nonZero.cpu + wanted.cpu)
    const memory = free(node.allocatable.get('memory') ?? 0, node.nonZero.memory + wanted.memory)
    return Math.floor((cpu + memory) / 2)
  },
}
