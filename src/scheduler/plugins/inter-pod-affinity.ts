import type { Pod, PodAffinityTerm } from '../../api/objects.ts'
import { ownValue } from '../../api/own.ts'
import { everything, matchesLabels, type Selector, selectorOf } from '../../api/selectors.ts'
import { normalizeByRange } from '../framework/framework.ts'
import type { NodeInfo } from '../framework/node-info.ts'
import { type Cycle, ok, type Plugin, unresolvable, unschedulable } from '../framework/types.ts'

/** Topology key and value -> number of matching pods there. */
type Counts = Map<string, number>

interface State {
  /** Per required affinity term: where matching pods are. */
  readonly affinity: readonly { term: Term; counts: Counts }[]
  readonly antiAffinity: readonly { term: Term; counts: Counts }[]
  /** Topologies in which an existing pod's anti-affinity forbids this pod. */
  readonly forbidden: Counts
}

interface Term {
  readonly topologyKey: string
  readonly matches: (pod: Pod) => boolean
}

const name = 'InterPodAffinity'
const scoreKey = `${name}/score`

/** Pods near to and far from other pods. Source: plugins/interpodaffinity. */
export const interPodAffinity: Plugin = {
  name,
  weight: 2,
  preFilter: cycle => {
    cycle.state.set(name, computeState(cycle))
  },
  filter: (cycle, node) => {
    const state = cycle.state.get(name) as State
    if (!satisfiesAffinity(cycle.pod, state, node)) {
      return unresolvable("node(s) didn't match pod affinity rules")
    }
    for (const { term, counts } of state.antiAffinity) {
      if ((counts.get(topologyOf(node, term.topologyKey)) ?? 0) > 0) {
        return unschedulable("node(s) didn't match pod anti-affinity rules")
      }
    }
    for (const key of state.forbidden.keys()) {
      const [topologyKey = ''] = key.split('\0')
      if (topologyOf(node, topologyKey) === key) {
        return unschedulable("node(s) didn't satisfy existing pods anti-affinity rules")
      }
    }
    return ok
  },
  preScore: cycle => {
    cycle.state.set(scoreKey, computeScores(cycle))
  },
  score: (cycle, node) => {
    const scores = cycle.state.get(scoreKey) as Counts
    let sum = 0
    for (const [key, weight] of scores) {
      const [topologyKey = ''] = key.split('\0')
      if (topologyOf(node, topologyKey) === key) sum += weight
    }
    return sum
  },
  normalize: normalizeByRange,
}

/** `key\0value`, or '' when the node has no such label. */
function topologyOf(node: NodeInfo, topologyKey: string): string {
  const value = ownValue(node.labels, topologyKey)
  return value === undefined ? '' : `${topologyKey}\0${value}`
}

function compile(cycle: Cycle, owner: Pod, term: PodAffinityTerm): Term {
  const selector = selectorOf(term.labelSelector)
  const own = owner.metadata.namespace ?? ''
  const names = term.namespaces ?? []
  const namespaceSelector: Selector | undefined = term.namespaceSelector
    ? isEmpty(term.namespaceSelector)
      ? everything
      : selectorOf(term.namespaceSelector)
    : undefined
  const inNamespace = (namespace: string) =>
    names.includes(namespace) ||
    (namespaceSelector !== undefined &&
      matchesLabels(namespaceSelector, cycle.namespaceLabels(namespace))) ||
    (names.length === 0 && namespaceSelector === undefined && namespace === own)
  return {
    topologyKey: term.topologyKey,
    matches: pod =>
      inNamespace(pod.metadata.namespace ?? '') && matchesLabels(selector, pod.metadata.labels),
  }
}

function isEmpty(selector: { matchLabels?: object; matchExpressions?: unknown[] }): boolean {
  return (
    Object.keys(selector.matchLabels ?? {}).length === 0 &&
    (selector.matchExpressions ?? []).length === 0
  )
}

function computeState(cycle: Cycle): State {
  const { pod } = cycle
  const required = (terms: readonly PodAffinityTerm[] | undefined) =>
    (terms ?? []).map(term => {
      const compiled = compile(cycle, pod, term)
      return { term: compiled, counts: countMatching(cycle, compiled) }
    })
  const affinity = pod.spec.affinity?.podAffinity
  const antiAffinity = pod.spec.affinity?.podAntiAffinity
  return {
    affinity: required(affinity?.requiredDuringSchedulingIgnoredDuringExecution),
    antiAffinity: required(antiAffinity?.requiredDuringSchedulingIgnoredDuringExecution),
    forbidden: forbiddenTopologies(cycle),
  }
}

function countMatching(cycle: Cycle, term: Term): Counts {
  const counts: Counts = new Map()
  for (const node of cycle.nodes) {
    const topology = topologyOf(node, term.topologyKey)
    if (topology === '') continue
    for (const pod of node.pods.values()) {
      if (isGone(pod) || !term.matches(pod)) continue
      counts.set(topology, (counts.get(topology) ?? 0) + 1)
    }
  }
  return counts
}

function forbiddenTopologies(cycle: Cycle): Counts {
  const forbidden: Counts = new Map()
  for (const node of cycle.nodes) {
    for (const pod of node.pods.values()) {
      const anti = pod.spec.affinity?.podAntiAffinity
      for (const term of anti?.requiredDuringSchedulingIgnoredDuringExecution ?? []) {
        const topology = topologyOf(node, term.topologyKey)
        if (topology === '' || !compile(cycle, pod, term).matches(cycle.pod)) continue
        forbidden.set(topology, (forbidden.get(topology) ?? 0) + 1)
      }
    }
  }
  return forbidden
}

/** The first pod of a group that wants to be with itself may go anywhere with the topology. */
function satisfiesAffinity(pod: Pod, state: State, node: NodeInfo): boolean {
  const terms = state.affinity
  if (terms.length === 0) return true
  if (terms.some(({ term }) => topologyOf(node, term.topologyKey) === '')) return false
  const all = terms.every(
    ({ term, counts }) => (counts.get(topologyOf(node, term.topologyKey)) ?? 0) > 0,
  )
  if (all) return true
  return terms.every(({ counts, term }) => counts.size === 0 && term.matches(pod))
}

/** Sums of weights by topology: the pod's own preferences and those of existing pods for it. */
function computeScores(cycle: Cycle): Counts {
  const { pod } = cycle
  const sums: Counts = new Map()
  const add = (topology: string, weight: number) => {
    if (topology !== '') sums.set(topology, (sums.get(topology) ?? 0) + weight)
  }
  const preferred = (source: Pod, sign: 1 | -1) => {
    const affinity =
      sign === 1 ? source.spec.affinity?.podAffinity : source.spec.affinity?.podAntiAffinity
    return (affinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []).map(item => ({
      term: compile(cycle, source, item.podAffinityTerm),
      weight: sign * item.weight,
    }))
  }
  const own = [...preferred(pod, 1), ...preferred(pod, -1)]
  for (const node of cycle.nodes) {
    for (const existing of node.pods.values()) {
      for (const { term, weight } of own) {
        if (term.matches(existing)) add(topologyOf(node, term.topologyKey), weight)
      }
      for (const { term, weight } of [...preferred(existing, 1), ...preferred(existing, -1)]) {
        if (term.matches(pod)) add(topologyOf(node, term.topologyKey), weight)
      }
    }
  }
  return sums
}

function isGone(pod: Pod): boolean {
  return pod.metadata.deletionTimestamp !== undefined
}
