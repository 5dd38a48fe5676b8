import type { Prng } from '../../kernel/prng.ts'
import type { NodeInfo } from './node-info.ts'
import { type Cycle, type Decision, type Plugin, scoreMax } from './types.ts'

/**
 * Filters all nodes, scores those that are left, takes the best; equals are drawn by lot.
 * Pure: the snapshot and the lot come in. Source: pkg/scheduler/schedule_one.go schedulePod.
 */
export function decide(plugins: readonly Plugin[], cycle: Cycle, prng: Prng): Decision {
  for (const plugin of plugins) plugin.preFilter?.(cycle)
  const reasons = new Map<string, number>()
  const feasible = cycle.nodes.filter(node => passes(plugins, cycle, node, reasons))
  const total = cycle.nodes.length
  if (feasible.length === 0) {
    return { nodeName: undefined, feasible: 0, total, reasons, scores: new Map() }
  }
  const scores = scoreNodes(plugins, cycle, feasible)
  const best = Math.max(...scores.values())
  const winners = feasible.filter(node => scores.get(node.name) === best)
  const nodeName = winners[prng.below(winners.length)]?.name
  return { nodeName, feasible: feasible.length, total, reasons: new Map(), scores }
}

/** The event's text. Source: pkg/scheduler/framework/types.go FitError.Error. */
export function fitErrorText(decision: Decision): string {
  if (decision.total === 0) return 'no nodes available to schedule pods'
  const parts = [...decision.reasons].map(([reason, count]) => `${count} ${reason}`).sort()
  const detail = parts.length > 0 ? `: ${parts.join(', ')}.` : '.'
  return `0/${decision.total} nodes are available${detail}`
}

function passes(
  plugins: readonly Plugin[],
  cycle: Cycle,
  node: NodeInfo,
  reasons: Map<string, number>,
): boolean {
  for (const plugin of plugins) {
    const verdict = plugin.filter?.(cycle, node)
    if (!verdict || verdict.code === 'ok') continue
    for (const reason of verdict.reasons) reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    return false
  }
  return true
}

function scoreNodes(
  plugins: readonly Plugin[],
  cycle: Cycle,
  feasible: readonly NodeInfo[],
): Map<string, number> {
  const totals = new Map(feasible.map(node => [node.name, 0]))
  if (feasible.length === 1) return totals
  for (const plugin of plugins) {
    if (!plugin.score) continue
    plugin.preScore?.(cycle, feasible)
    const raw = feasible.map(node => plugin.score?.(cycle, node) ?? 0)
    const scores = plugin.normalize?.(raw) ?? raw
    for (const [index, node] of feasible.entries()) {
      const weighted = (scores[index] ?? 0) * (plugin.weight ?? 1)
      totals.set(node.name, (totals.get(node.name) ?? 0) + weighted)
    }
  }
  return totals
}

/** Brings scores to 0..100 in proportion to the largest; `reverse`: the largest becomes 0. */
export function normalizeByMax(scores: readonly number[], reverse = false): number[] {
  const max = Math.max(...scores, 0)
  if (max === 0) return scores.map(() => (reverse ? scoreMax : 0))
  return scores.map(score => {
    const scaled = Math.floor((scoreMax * score) / max)
    return reverse ? scoreMax - scaled : scaled
  })
}

/** Brings scores to 0..100 between the smallest and the largest. */
export function normalizeByRange(scores: readonly number[]): number[] {
  const min = Math.min(...scores)
  const span = Math.max(...scores) - min
  if (span === 0) return scores.map(() => 0)
  return scores.map(score => Math.floor((scoreMax * (score - min)) / span))
}
