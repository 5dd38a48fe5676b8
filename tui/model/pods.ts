import type { PodHealth, PodIndex, PodState, PodTally } from './types.ts'

/** Trouble first. */
export const healthOrder: readonly PodHealth[] = ['failing', 'lost', 'pending', 'running', 'done']

interface Counting extends PodTally {
  health: Record<PodHealth, number>
  live: number
  total: number
  cpuMilli: number
  memoryBytes: number
}

export const noPods: PodTally = empty()
export const emptyPods: PodIndex = { list: [], all: noPods, byNode: new Map() }

/** Counts pods by node and health: once for each change of them, not for each frame. */
export function indexPods(pods: readonly PodState[]): PodIndex {
  const all = empty()
  const byNode = new Map<string, Counting>()
  const buckets = new Map<PodHealth, PodState[]>(healthOrder.map(health => [health, []]))
  for (const pod of pods) {
    let node = byNode.get(pod.node)
    if (!node) {
      node = empty()
      byNode.set(pod.node, node)
    }
    count(node, pod)
    count(all, pod)
    buckets.get(pod.health)?.push(pod)
  }
  return { list: [...buckets.values()].flat(), all, byNode }
}

function empty(): Counting {
  const health = { running: 0, pending: 0, failing: 0, lost: 0, done: 0 }
  return { health, live: 0, total: 0, cpuMilli: 0, memoryBytes: 0 }
}

function count(tally: Counting, { health, cpuMilli, memoryBytes }: PodState): void {
  tally.health[health]++
  tally.total++
  if (health === 'done') return
  tally.live++
  tally.cpuMilli += cpuMilli
  tally.memoryBytes += memoryBytes
}

/** The pods of some nodes as one. */
export function addTallies(tallies: readonly PodTally[]): PodTally {
  const sum = empty()
  for (const tally of tallies) {
    for (const health of healthOrder) sum.health[health] += tally.health[health]
    sum.live += tally.live
    sum.total += tally.total
    sum.cpuMilli += tally.cpuMilli
    sum.memoryBytes += tally.memoryBytes
  }
  return sum
}
