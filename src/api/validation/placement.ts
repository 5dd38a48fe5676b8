import type {
  Affinity,
  LabelSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  TopologySpreadConstraint,
} from '../objects.ts'
import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from './names.ts'
import { judged } from './rules.ts'
import { validateLabelSelector } from './selector.ts'

/** Where a pod may run. Source of all: kubernetes pkg/apis/core/validation/validation.go. */

const required = 'requiredDuringSchedulingIgnoredDuringExecution'
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution'
const badOperator = 'not a valid selector operator'

export function validatePlacement(spec: Loose, path: string, causes: Causes): void {
  validateAffinity(spec.affinity ?? {}, `${path}.affinity`, causes)
  validateSpread(spec.topologySpreadConstraints ?? [], `${path}.topologySpreadConstraints`, causes)
}

function validateAffinity(affinity: Affinity, path: string, causes: Causes): void {
  const { nodeAffinity } = affinity
  const at = `${path}.nodeAffinity`
  const needed = nodeAffinity?.[required]
  if (needed) validateNodeSelector(needed, `${at}.${required}`, causes)
  for (const [index, { weight, preference }] of (nodeAffinity?.[preferred] ?? []).entries()) {
    validateWeight(weight, `${at}.${preferred}[${index}].weight`, causes)
    validateTerm(preference ?? {}, `${at}.${preferred}[${index}].preference`, false, causes)
  }
  for (const name of ['podAffinity', 'podAntiAffinity'] as const) {
    validatePodAffinity(affinity[name] ?? {}, `${path}.${name}`, causes)
  }
}

function validateWeight(weight: number | undefined, path: string, causes: Causes): void {
  if ((weight ?? 0) < 1 || (weight ?? 0) > 100) {
    causes.invalid(path, weight ?? 0, 'must be in the range 1-100')
  }
}

/** Of pods and of volumes. Source: ValidateNodeSelector. */
export function validateNodeSelector(
  selector: { nodeSelectorTerms?: NodeSelectorTerm[] },
  path: string,
  causes: Causes,
): void {
  const at = `${path}.nodeSelectorTerms`
  if (!selector.nodeSelectorTerms?.length) {
    causes.required(at, 'must have at least one node selector term')
  }
  each(selector.nodeSelectorTerms, at, (term, here) => validateTerm(term, here, true, causes))
}

/** `hasLabels`: values must be those of labels, for no node has others. */
function validateTerm(
  term: NodeSelectorTerm,
  path: string,
  hasLabels: boolean,
  causes: Causes,
): void {
  for (const [index, one] of (term.matchExpressions ?? []).entries()) {
    validateExpression(one, `${path}.matchExpressions[${index}]`, hasLabels, causes)
  }
  for (const [index, one] of (term.matchFields ?? []).entries()) {
    validateField(one, `${path}.matchFields[${index}]`, causes)
  }
}

/** How many values an operator takes; undefined: there is no such operator. */
const valueRules: Readonly<Record<string, (count: number) => string | undefined>> = {
  In: atLeastOne,
  NotIn: atLeastOne,
  Exists: none,
  DoesNotExist: none,
  Gt: exactlyOne,
  Lt: exactlyOne,
}

function atLeastOne(count: number): string | undefined {
  return count > 0 ? undefined : "must be specified when `operator` is 'In' or 'NotIn'"
}

function none(count: number): string | undefined {
  if (count === 0) return undefined
  return "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
}

function exactlyOne(count: number): string | undefined {
  return count === 1 ? undefined : "must be specified single value when `operator` is 'Lt' or 'Gt'"
}

function validateExpression(
  { key = '', operator, values = [] }: NodeSelectorRequirement,
  path: string,
  hasLabels: boolean,
  causes: Causes,
): void {
  const rule = Object.hasOwn(valueRules, operator) ? valueRules[operator] : undefined
  const wrong = rule?.(values.length)
  if (rule === undefined) causes.invalid(`${path}.operator`, operator ?? '', badOperator)
  else if (wrong !== undefined && rule === none) causes.forbidden(`${path}.values`, wrong)
  else if (wrong !== undefined) causes.required(`${path}.values`, wrong)
  for (const text of qualifiedNameErrors(key)) causes.invalid(`${path}.key`, key, text)
  if (!hasLabels) return
  for (const [index, value] of values.entries()) {
    for (const text of labelValueErrors(value)) {
      causes.invalid(`${path}.values[${index}]`, value, text)
    }
  }
}

function validateField(
  { key = '', operator, values = [] }: NodeSelectorRequirement,
  path: string,
  causes: Causes,
): void {
  if (operator !== 'In' && operator !== 'NotIn') {
    causes.invalid(`${path}.operator`, operator ?? '', badOperator)
  } else if (values.length !== 1) {
    const text = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"
    causes.required(`${path}.values`, text)
  }
  if (key !== 'metadata.name') {
    causes.invalid(`${path}.key`, key, 'not a valid field selector key')
    return
  }
  for (const [index, value] of values.entries()) {
    for (const text of dnsSubdomainErrors(value)) {
      causes.invalid(`${path}.values[${index}]`, value, text)
    }
  }
}

function validatePodAffinity(affinity: PodAffinity, path: string, causes: Causes): void {
  for (const [index, term] of (affinity[required] ?? []).entries()) {
    validatePodTerm(term, `${path}.${required}[${index}]`, causes)
  }
  for (const [index, { weight, podAffinityTerm }] of (affinity[preferred] ?? []).entries()) {
    const at = `${path}.${preferred}[${index}]`
    validateWeight(weight, `${at}.weight`, causes)
    validatePodTerm(podAffinityTerm, `${at}.podAffinityTerm`, causes)
  }
}

function validatePodTerm(term: Partial<PodAffinityTerm> = {}, path: string, causes: Causes): void {
  if (term.labelSelector) validateLabelSelector(term.labelSelector, `${path}.labelSelector`, causes)
  if (term.namespaceSelector) {
    validateLabelSelector(term.namespaceSelector, `${path}.namespaceSelector`, causes)
  }
  for (const name of term.namespaces ?? []) {
    judged(name, `${path}.namespace`, dnsLabelErrors, causes)
  }
  validateLabelKeys(term, path, causes)
  const { topologyKey = '' } = term
  if (topologyKey === '') causes.required(`${path}.topologyKey`, 'can not be empty')
  for (const text of qualifiedNameErrors(topologyKey)) {
    causes.invalid(`${path}.topologyKey`, topologyKey, text)
  }
}

interface LabelKeys {
  readonly labelSelector?: LabelSelector
  readonly matchLabelKeys?: readonly string[]
  readonly mismatchLabelKeys?: readonly string[]
}

/** Source: ValidateMatchLabelKeysAndMismatchLabelKeys. */
function validateLabelKeys(term: LabelKeys, path: string, causes: Causes): void {
  const { labelSelector, matchLabelKeys = [], mismatchLabelKeys = [] } = term
  for (const list of ['matchLabelKeys', 'mismatchLabelKeys'] as const) {
    const keys = term[list] ?? []
    if (keys.length > 0 && labelSelector === undefined) {
      causes.forbidden(`${path}.${list}`, 'must not be specified when labelSelector is not set')
    } else {
      each(keys, `${path}.${list}`, (key, at) => judged(key, at, qualifiedNameErrors, causes))
    }
  }
  const selected = new Set(Object.keys(labelSelector?.matchLabels ?? {}))
  for (const { key = '' } of labelSelector?.matchExpressions ?? []) {
    const index = matchLabelKeys.lastIndexOf(key)
    // Upstream names the term, not its keys.
    if (index >= 0 && selected.has(key)) {
      causes.invalid(`${path}[${index}]`, key, 'exists in both matchLabelKeys and labelSelector')
    }
    selected.add(key)
  }
  each(matchLabelKeys, `${path}.matchLabelKeys`, (key, at) => {
    if (!mismatchLabelKeys.includes(key)) return
    causes.invalid(at, key, 'exists in both matchLabelKeys and mismatchLabelKeys')
  })
}

const actions = ['DoNotSchedule', 'ScheduleAnyway']
const inclusions = ['Honor', 'Ignore']

function validateSpread(
  constraints: readonly TopologySpreadConstraint[],
  path: string,
  causes: Causes,
): void {
  for (const [index, one] of constraints.entries()) {
    const at = `${path}[${index}]`
    const { maxSkew = 0, topologyKey = '', whenUnsatisfiable: action = '', minDomains } = one
    if (maxSkew <= 0) causes.invalid(`${at}.maxSkew`, maxSkew, 'must be greater than zero')
    if (topologyKey === '') causes.required(`${at}.topologyKey`, 'can not be empty')
    if (!actions.includes(action)) {
      causes.notSupported(`${at}.whenUnsatisfiable`, action, actions)
    }
    const isSame = (other: TopologySpreadConstraint) =>
      other.topologyKey === one.topologyKey && other.whenUnsatisfiable === one.whenUnsatisfiable
    if (constraints.slice(index + 1).some(isSame)) {
      causes.duplicate(`${at}.{topologyKey, whenUnsatisfiable}`, `{${topologyKey}, ${action}}`)
    }
    validateMinDomains(minDomains, action, `${at}.minDomains`, causes)
    for (const name of ['nodeAffinityPolicy', 'nodeTaintsPolicy'] as const) {
      const policy = one[name]
      if (policy && !inclusions.includes(policy)) {
        causes.notSupported(`${at}.${name}`, policy, inclusions)
      }
    }
    validateLabelKeys(one, at, causes)
    if (one.labelSelector) validateLabelSelector(one.labelSelector, `${at}.labelSelector`, causes)
  }
}

function validateMinDomains(
  domains: number | undefined,
  action: string,
  path: string,
  causes: Causes,
): void {
  if (domains === undefined) return
  if (domains <= 0) causes.invalid(path, domains, 'must be greater than zero')
  if (action !== 'DoNotSchedule') {
    const text = `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${action}`
    causes.invalid(path, domains, text)
  }
}
