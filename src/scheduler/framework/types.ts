import type { Pod } from '../../api/objects.ts'
import type { Selector } from '../../api/selectors.ts'
import type { NodeInfo } from './node-info.ts'

/**
 * What a plugin says of a node. `unschedulable`: another pod's end could change it;
 * `unresolvable`: nothing that other pods do can. `reason` is upstream's text, for it is searched.
 */
export type Verdict =
  | { readonly code: 'ok' }
  | { readonly code: 'unschedulable' | 'unresolvable'; readonly reasons: readonly string[] }

export const ok: Verdict = { code: 'ok' }

export function unschedulable(...reasons: string[]): Verdict {
  return { code: 'unschedulable', reasons }
}

export function unresolvable(...reasons: string[]): Verdict {
  return { code: 'unresolvable', reasons }
}

/** One pod's way through the plugins, over a snapshot that does not change meanwhile. */
export interface Cycle {
  readonly pod: Pod
  readonly nodes: readonly NodeInfo[]
  /** Selector of the Services and the owner of the pod: what spreads it by default. */
  readonly defaultSelector: Selector
  namespaceLabels(namespace: string): Readonly<Record<string, string>>
  /** What a plugin computed once for the cycle, under its name. */
  readonly state: Map<string, unknown>
}

/** Largest score of a node after normalizing. */
export const scoreMax = 100

/**
 * A plugin is a value; the framework is a loop. Plugins never do IO. Each point is optional.
 * Source: pkg/scheduler/framework/interface.go.
 */
export interface Plugin {
  readonly name: string
  /** Computes what `filter` needs once for all nodes, into `cycle.state`. */
  preFilter?(cycle: Cycle): void
  filter?(cycle: Cycle, node: NodeInfo): Verdict
  /** Computes what `score` needs over the feasible nodes. */
  preScore?(cycle: Cycle, feasible: readonly NodeInfo[]): void
  /** Any number; `normalize` or the framework's default brings it to 0..100. */
  score?(cycle: Cycle, node: NodeInfo): number
  normalize?(scores: readonly number[]): readonly number[]
  readonly weight?: number
}

/** Undone by `unreserve` when binding fails; both may be called twice. */
export interface ReservePlugin {
  readonly name: string
  reserve(pod: Pod, nodeName: string): void
  unreserve(pod: Pod): void
}

/** The only plugin that does IO. */
export interface BindPlugin {
  readonly name: string
  bind(pod: Pod, nodeName: string): Promise<void>
}

/** Verdict and score of every node, kept for those who ask why. */
export interface Decision {
  readonly nodeName: string | undefined
  readonly feasible: number
  readonly total: number
  /** Reason -> number of nodes; empty when a node was found. */
  readonly reasons: ReadonlyMap<string, number>
  readonly scores: ReadonlyMap<string, number>
}
