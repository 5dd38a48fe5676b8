import type { Container, Node, Pod } from '../../../src/api/objects.ts'
import { nothing, type Selector } from '../../../src/api/selectors.ts'
import { NodeInfo } from '../../../src/scheduler/framework/node-info.ts'
import type { Cycle, Plugin, Verdict } from '../../../src/scheduler/framework/types.ts'

/** A node with 4 CPUs, 8 GiB and room for 110 pods, and its hostname label. */
export function nodeOf(
  name: string,
  labels: Record<string, string> = {},
  more: { spec?: Node['spec']; allocatable?: Record<string, string> } = {},
): Node {
  return {
    metadata: { name, labels: { 'kubernetes.io/hostname': name, ...labels } },
    spec: more.spec ?? {},
    status: { allocatable: more.allocatable ?? { cpu: '4', memory: '8Gi', pods: '110' } },
  }
}

let lastUid = 0

/** A pod of one container; `spec` and `container` add to it. */
export function podOf(
  name: string,
  spec: Partial<Pod['spec']> = {},
  more: { labels?: Record<string, string>; namespace?: string; container?: object } = {},
): Pod {
  const container: Container = { name: 'c', image: 'i', ...more.container }
  return {
    metadata: {
      name,
      namespace: more.namespace ?? 'default',
      uid: `uid-${++lastUid}`,
      labels: more.labels,
    },
    spec: { containers: [container], ...spec },
  }
}

export const requesting = (cpu: string, memory: string) => ({
  container: { resources: { requests: { cpu, memory } } },
})

/** Nodes with the pods that are on them. */
export function nodesWith(rows: readonly (readonly [Node, ...Pod[]])[]): NodeInfo[] {
  return rows.map(([node, ...pods]) => {
    const info = new NodeInfo(node)
    for (const pod of pods) {
      info.addPod({ ...pod, spec: { ...pod.spec, nodeName: node.metadata.name } })
    }
    return info
  })
}

export function cycleOf(
  pod: Pod,
  nodes: readonly NodeInfo[],
  more: {
    defaultSelector?: Selector
    namespaceLabels?: Record<string, Record<string, string>>
  } = {},
): Cycle {
  return {
    pod,
    nodes,
    defaultSelector: more.defaultSelector ?? nothing,
    namespaceLabels: namespace => more.namespaceLabels?.[namespace] ?? {},
    state: new Map(),
  }
}

/** What one plugin says of each node: 'ok', or `code: reasons`. */
export function verdicts(plugin: Plugin, cycle: Cycle): Record<string, string> {
  plugin.preFilter?.(cycle)
  const show = (verdict: Verdict | undefined) =>
    !verdict || verdict.code === 'ok' ? 'ok' : `${verdict.code}: ${verdict.reasons.join(', ')}`
  return Object.fromEntries(
    cycle.nodes.map(node => [node.name, show(plugin.filter?.(cycle, node))]),
  )
}

/** The normalized scores that one plugin gives. */
export function scores(plugin: Plugin, cycle: Cycle): Record<string, number> {
  plugin.preFilter?.(cycle)
  plugin.preScore?.(cycle, cycle.nodes)
  const raw = cycle.nodes.map(node => plugin.score?.(cycle, node) ?? 0)
  const normal = plugin.normalize?.(raw) ?? raw
  return Object.fromEntries(cycle.nodes.map((node, at) => [node.name, normal[at] ?? 0]))
}
