import { stringifyJson } from '../json.ts'
import { isTree } from './autoscaling-metrics.ts'

/**
 * The behavior of a HorizontalPodAutoscaler in its annotation: upstream writes a Go type that has
 * no JSON names there, so that fields are named as in Go, and nothing is left out.
 */

type Tree = Record<string, unknown>

const directions = ['ScaleUp', 'ScaleDown'] as const
const ruleFields = ['StabilizationWindowSeconds', 'SelectPolicy', 'Policies', 'Tolerance'] as const
const policyFields = ['Type', 'Value', 'PeriodSeconds'] as const

/** `ScaleUp` of Go is `scaleUp` of JSON. */
const jsonName = (name: string) => name.charAt(0).toLowerCase() + name.slice(1)

export function behaviorText(behavior: Tree): string {
  const rulesOf = (rules: unknown) =>
    isTree(rules)
      ? picked(ruleFields, name => {
          const value = rules[jsonName(name)]
          if (name !== 'Policies' || !Array.isArray(value)) return value ?? null
          return value.filter(isTree).map(policyOf)
        })
      : null
  return stringifyJson(picked(directions, name => rulesOf(behavior[jsonName(name)])))
}

function policyOf(policy: Tree): Tree {
  return picked(policyFields, name => policy[jsonName(name)] ?? (name === 'Type' ? '' : 0))
}

/** Undefined when it says nothing. */
export function behaviorOf(annotated: unknown): Tree | undefined {
  if (!isTree(annotated)) return undefined
  const result: Tree = {}
  for (const direction of directions) {
    const rules = fieldOf(annotated, direction)
    if (!isTree(rules)) continue
    const kept: Tree = {}
    for (const name of ruleFields) {
      const value = fieldOf(rules, name)
      if (value === undefined || value === null) continue
      kept[jsonName(name)] =
        name === 'Policies' && Array.isArray(value) ? value.filter(isTree).map(policyFrom) : value
    }
    result[jsonName(direction)] = kept
  }
  return Object.keys(result).length > 0 ? result : undefined
}

function policyFrom(policy: Tree): Tree {
  const result: Tree = {}
  for (const name of policyFields) result[jsonName(name)] = fieldOf(policy, name)
  return result
}

/** Go reads names in any case. */
function fieldOf(tree: Tree, name: string): unknown {
  const key = Object.keys(tree).find(one => one.toLowerCase() === name.toLowerCase())
  return key === undefined ? undefined : tree[key]
}

function picked(names: readonly string[], of: (name: string) => unknown): Tree {
  return Object.fromEntries(names.map(name => [name, of(name)]))
}
