import type { Container, Node, NodeSelectorTerm, Pod } from '../api/objects.ts'
import { ownValue } from '../api/own.ts'
import { milliOf, unitsOf } from '../api/quantity.ts'

/** Why the node refuses a pod that was bound to it. */
export interface Refusal {
  readonly reason: string
  readonly message: string
}

/**
 * The node's own check of a pod: the scheduler may have been wrong, or passed by (`nodeName` in the
 * spec). `others` are the active pods of the node. Source: pkg/kubelet/lifecycle/predicate.go.
 */
export function admit(
  pod: Pod,
  node: Node | undefined,
  others: readonly Pod[],
): Refusal | undefined {
  if (!node) return undefined
  const allocatable = node.status?.allocatable ?? {}
  const podsMax = unitsOf(allocatable.pods ?? '110')
  if (others.length + 1 > podsMax) return outOf('pods', 1, others.length, podsMax)
  for (const name of ['cpu', 'memory'] as const) {
    const capacity = amountOf(name, allocatable[name])
    const requested = requestOf(pod, name)
    const used = others.reduce((sum, other) => sum + requestOf(other, name), 0)
    if (allocatable[name] && requested > 0 && requested + used > capacity) {
      return outOf(name, requested, used, capacity)
    }
  }
  if (matchesNode(pod, node)) return undefined
  return {
    reason: 'NodeAffinity',
    message:
      'Pod was rejected: Predicate NodeAffinity failed: ' +
      "node(s) didn't match Pod's node affinity/selector",
  }
}

/** Thousandths of a CPU, bytes of memory: whole numbers, as the scheduler counts. */
function amountOf(name: 'cpu' | 'memory', quantity: string | undefined): number {
  return name === 'cpu' ? milliOf(quantity) : unitsOf(quantity)
}

function outOf(resource: string, requested: number, used: number, capacity: number): Refusal {
  return {
    reason: `OutOf${resource}`,
    message:
      `Pod was rejected: Node didn't have enough resource: ${resource}, ` +
      `requested: ${requested}, used: ${used}, capacity: ${capacity}`,
  }
}

/** What a pod asks for: its containers together, or its largest init container if that is more. */
function requestOf(pod: Pod, name: 'cpu' | 'memory'): number {
  const of = (container: Container) =>
    amountOf(name, container.resources?.requests?.[name] ?? container.resources?.limits?.[name])
  const main = pod.spec.containers.reduce((sum, each) => sum + of(each), 0)
  return Math.max(main, ...(pod.spec.initContainers ?? []).map(of))
}

function matchesNode(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) {
    if (ownValue(labels, key) !== value) return false
  }
  const required = pod.spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution
  if (!required) return true
  return required.nodeSelectorTerms.some(term => matchesTerm(term, node))
}

function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const fields = { 'metadata.name': node.metadata.name ?? '' }
  const labels = node.metadata.labels ?? {}
  const sides = [
    ...(term.matchExpressions ?? []).map(each => ({ ...each, actual: ownValue(labels, each.key) })),
    ...(term.matchFields ?? []).map(each => ({
      ...each,
      actual: ownValue(fields as Record<string, string>, each.key),
    })),
  ]
  if (sides.length === 0) return false
  return sides.every(({ operator, values = [], actual }) => {
    if (operator === 'Exists') return actual !== undefined
    if (operator === 'DoesNotExist') return actual === undefined
    if (operator === 'In') return actual !== undefined && values.includes(actual)
    if (operator === 'NotIn') return actual === undefined || !values.includes(actual)
    const [a, b] = [Number(actual), Number(values[0])]
    return operator === 'Gt' ? a > b : a < b
  })
}
