import { podRequests } from '../framework/resources.ts'
import { type Plugin, scoreMax } from '../framework/types.ts'

/**
 * Prefers nodes whose CPU and memory would be used to the same share.
 * Source: plugins/noderesources/balanced_allocation.go (standard deviation of two is half the gap).
 */
export const balancedAllocation: Plugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  score: ({ pod }, node) => {
    const wanted = podRequests(pod)
    const share = (name: string) => {
      const capacity = node.allocatable.get(name) ?? 0
      if (capacity === 0) return 1
      const used = (node.requested.get(name) ?? 0) + (wanted.get(name) ?? 0)
      return Math.min(used / capacity, 1)
    }
    const deviation = Math.abs(share('cpu') - share('memory')) / 2
    return Math.floor((1 - deviation) * scoreMax)
  },
}
