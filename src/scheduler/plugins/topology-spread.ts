import type { Pod, TopologySpreadConstraint } from '../../api/objects.ts'
import { ownValue } from '../../api/own.ts'
import { matchesLabels, type Selector, selectorOf } from '../../api/selectors.ts'
import { untolerated } from '../../api/tolerations.ts'
import type { NodeInfo } from '../framework/node-info.ts'
import {
  type Cycle,
  ok,
  type Plugin,
  scoreMax,
  unresolvable,
  unschedulable,
} from '../framework/types.ts'
import { matchesNodeAffinity } from './node-affinity.ts'

interface Constraint {
  readonly topologyKey: string
  readonly maxSkew: number
  readonly minDomains: number
  readonly hard: boolean
  readonly selector: Selector
  /** Topology value -> matching pods, over the nodes that count. */
  readonly counts: ReadonlyMap<string, number>
  readonly selfMatch: number
}

const name = 'PodTopologySpread'
const text = "node(s) didn't match pod topology spread constraints"

/**
 * Spreads a pod that says nothing itself. Source: plugins/podtopologyspread
 * systemDefaultConstraints.
 */
const defaultConstraints: readonly TopologySpreadConstraint[] = [
  { maxSkew: 3, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
  { maxSkew: 5, topologyKey: 'topology.kubernetes.io/zone', whenUnsatisfiable: 'ScheduleAnyway' },
]

/** Even spreading over topologies. Source: plugins/podtopologyspread. */
export const topologySpread: Plugin = {
  name,
  weight: 2,
  preFilter: cycle => {
    cycle.state.set(name, constraintsOf(cycle))
  },
  filter: (cycle, node) => {
    const constraints = (cycle.state.get(name) as Constraint[]).filter(each => each.hard)
    for (const constraint of constraints) {
      const value = ownValue(node.labels, constraint.topologyKey)
      if (value === undefined) return unresolvable(`${text} (missing required label)`)
      const skew =
        (constraint.counts.get(value) ?? 0) + constraint.selfMatch - globalMinimum(constraint)
      if (skew > constraint.maxSkew) return unschedulable(text)
    }
    return ok
  },
  score: (cycle, node) => {
    const soft = (cycle.state.get(name) as Constraint[]).filter(each => !each.hard)
    let cost = 0
    for (const constraint of soft) {
      const value = ownValue(node.labels, constraint.topologyKey)
      if (value === undefined) continue
      const weight = Math.log(constraint.counts.size + 2)
      cost += (constraint.counts.get(value) ?? 0) * weight + (constraint.maxSkew - 1)
    }
    return Math.round(cost)
  },
  /** The fewest matching pods is the best. Source: scoring.go NormalizeScore. */
  normalize: scores => {
    const max = Math.max(...scores)
    const min = Math.min(...scores)
    if (max === 0) return scores.map(() => scoreMax)
    return scores.map(score => Math.floor((scoreMax * (max + min - score)) / max))
  },
}

/** The smallest count of a domain; 0 while there are fewer domains than minDomains. */
function globalMinimum(constraint: Constraint): number {
  if (constraint.counts.size < constraint.minDomains) return 0
  return Math.min(...constraint.counts.values())
}

function constraintsOf(cycle: Cycle): Constraint[] {
  const own = cycle.pod.spec.topologySpreadConstraints ?? []
  const defaulted = own.length === 0
  if (defaulted && cycle.defaultSelector.nothing) return []
  return (defaulted ? defaultConstraints : own).map(constraint => {
    const selector = defaulted ? cycle.defaultSelector : constraintSelector(cycle.pod, constraint)
    return {
      topologyKey: constraint.topologyKey,
      maxSkew: constraint.maxSkew,
      minDomains: constraint.minDomains ?? 1,
      hard: constraint.whenUnsatisfiable === 'DoNotSchedule',
      selector,
      counts: countPods(cycle, constraint, selector),
      selfMatch: matchesLabels(selector, cycle.pod.metadata.labels) ? 1 : 0,
    }
  })
}

function constraintSelector(pod: Pod, constraint: TopologySpreadConstraint): Selector {
  const selector = selectorOf(constraint.labelSelector)
  const keys = constraint.matchLabelKeys ?? []
  const extra = keys.flatMap(key => {
    const value = ownValue(pod.metadata.labels, key)
    return value === undefined ? [] : [{ key, operator: 'In' as const, values: [value] }]
  })
  return { ...selector, requirements: [...selector.requirements, ...extra] }
}

function countPods(
  cycle: Cycle,
  constraint: TopologySpreadConstraint,
  selector: Selector,
): Map<string, number> {
  const counts = new Map<string, number>()
  for (const node of cycle.nodes) {
    const value = ownValue(node.labels, constraint.topologyKey)
    if (value === undefined || !nodeCounts(cycle.pod, constraint, node)) continue
    let count = counts.get(value) ?? 0
    for (const pod of node.pods.values()) {
      if (pod.metadata.namespace !== cycle.pod.metadata.namespace) continue
      if (pod.metadata.deletionTimestamp) continue
      if (matchesLabels(selector, pod.metadata.labels)) count++
    }
    counts.set(value, count)
  }
  return counts
}

/** Whether a node counts: nodes that the pod may not use don't, unless the policies say so. */
function nodeCounts(pod: Pod, constraint: TopologySpreadConstraint, { node }: NodeInfo): boolean {
  if (constraint.nodeAffinityPolicy !== 'Ignore' && !matchesNodeAffinity(pod, node)) return false
  if (constraint.nodeTaintsPolicy !== 'Honor') return true
  return !untolerated(node.spec?.taints, pod.spec.tolerations, ['NoSchedule', 'NoExecute'])
}
