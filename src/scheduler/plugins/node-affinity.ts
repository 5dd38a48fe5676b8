import type { Node, NodeSelectorTerm, Pod } from '../../api/objects.ts'
import { ownValue } from '../../api/own.ts'
import { matchesRequirement } from '../../api/selectors.ts'
import { normalizeByMax } from '../framework/framework.ts'
import { ok, type Plugin, unresolvable } from '../framework/types.ts'

/** nodeSelector and required and preferred node affinity. Source: plugins/nodeaffinity. */
export const nodeAffinity: Plugin = {
  name: 'NodeAffinity',
  weight: 2,
  filter: ({ pod }, { node }) =>
    matchesNodeAffinity(pod, node)
      ? ok
      : unresolvable("node(s) didn't match Pod's node affinity/selector"),
  score: ({ pod }, { node }) => {
    const affinity = pod.spec.affinity?.nodeAffinity
    let sum = 0
    for (const term of affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []) {
      if (matchesTerm(term.preference, node)) sum += term.weight
    }
    return sum
  },
  normalize: scores => normalizeByMax(scores),
}

/** nodeSelector and all required terms. Terms are alternatives; an empty term matches nothing. */
export function matchesNodeAffinity(pod: Pod, node: Node): boolean {
  const labels = node.metadata.labels ?? {}
  for (const [key, value] of Object.entries(pod.spec.nodeSelector ?? {})) {
    if (ownValue(labels, key) !== value) return false
  }
  const affinity = pod.spec.affinity?.nodeAffinity
  const required = affinity?.requiredDuringSchedulingIgnoredDuringExecution
  return !required || required.nodeSelectorTerms.some(term => matchesTerm(term, node))
}

/** Source: component-helpers scheduling/corev1/nodeaffinity. */
export function matchesTerm(term: NodeSelectorTerm, node: Node): boolean {
  const expressions = term.matchExpressions ?? []
  const fields = term.matchFields ?? []
  if (expressions.length === 0 && fields.length === 0) return false
  const labels = node.metadata.labels ?? {}
  const fieldValues = { 'metadata.name': node.metadata.name ?? '' }
  return (
    expressions.every(e => matchesRequirement({ ...e, values: e.values ?? [] }, labels)) &&
    fields.every(f => matchesRequirement({ ...f, values: f.values ?? [] }, fieldValues))
  )
}
