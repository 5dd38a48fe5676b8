import { ownValue } from '../own.ts'
import type { Loose } from './loose.ts'
import { labelValueErrors } from './names.ts'

/** Labels of nodes that are no more, or will go. Source: kubernetes pkg/api/node/util.go. */
const deprecated: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/arch': 'deprecated since v1.14; use "kubernetes.io/arch" instead',
  'beta.kubernetes.io/os': 'deprecated since v1.14; use "kubernetes.io/os" instead',
  'failure-domain.beta.kubernetes.io/region':
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  'failure-domain.beta.kubernetes.io/zone':
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  'beta.kubernetes.io/instance-type':
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  'app.kubernetes.io/created-by': 'deprecated since v1.9',
  'scheduler.alpha.kubernetes.io/preferAvoidPods':
    'deprecated since v1.22; use Taints and Tolerations instead',
  'node-role.kubernetes.io/master': 'use "node-role.kubernetes.io/control-plane" instead',
}

/** What is said of a label of nodes; undefined for one that stays. */
export function nodeLabelWarning(key: string): string | undefined {
  return ownValue(deprecated, key)
}

/** Of the terms of a node selector. Source: GetWarningsForNodeSelectorTerm. */
export function nodeSelectorWarnings(
  terms: readonly Loose[] | undefined,
  path: string,
  hasLabels = false,
  inner = '',
): string[] {
  const warnings: string[] = []
  for (const [index, term] of (terms ?? []).entries()) {
    const at = `${path}[${index}]${inner}.matchExpressions`
    for (const [place, { key = '', values = [] }] of (term.matchExpressions ?? []).entries()) {
      const text = nodeLabelWarning(key)
      if (text !== undefined) warnings.push(`${at}[${place}].key: ${key} is ${text}`)
      if (!hasLabels) continue
      for (const [spot, value] of (values as string[]).entries()) {
        for (const wrong of labelValueErrors(value)) {
          warnings.push(`${at}[${place}].values[${spot}]: ${value} is invalid, ${wrong}`)
        }
      }
    }
  }
  return warnings
}
