import type { LabelSelector } from '../objects.ts'
import { selectorOf } from '../selectors.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import {
  dnsSubdomainErrors,
  labelValueErrors,
  pathSegmentErrors,
  qualifiedNameErrors,
} from './names.ts'
import { isLabelSelector, validateLabelSelector } from './selector.ts'

/** Source of all: kubernetes pkg/apis/rbac/validation/validation.go. */

interface PolicyRule {
  readonly verbs?: readonly string[] | null
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly resourceNames?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

interface Subject {
  readonly kind?: string
  readonly apiGroup?: string
  readonly name?: string
  readonly namespace?: string
}

const group = 'rbac.authorization.k8s.io'

export function validateRole({ rules }: KubeObject, causes: Causes): void {
  validateRules(rules ?? [], true, causes)
}

/** `old` of an update: what it has wrong in selectors may stay. */
export function validateClusterRole(object: KubeObject, causes: Causes, old?: KubeObject): void {
  validateRules(object.rules ?? [], false, causes)
  const { aggregationRule: rule } = object
  if (!rule) return
  const selectors: readonly LabelSelector[] = rule.clusterRoleSelectors ?? []
  const at = 'aggregationRule.clusterRoleSelectors'
  if (selectors.length === 0) {
    const text = 'at least one clusterRoleSelector required if aggregationRule is non-nil'
    causes.required(at, text)
  }
  const before: readonly LabelSelector[] = old?.aggregationRule?.clusterRoleSelectors ?? []
  const options = { anyValues: !before.every(isLabelSelector) }
  for (const [index, selector] of selectors.entries()) {
    validateLabelSelector(selector, `${at}[${index}]`, causes, options)
    if (!isUsable(selector)) causes.invalid(`${at}[${index}]`, null, 'invalid label selector.')
  }
}

/** Source: meta/v1 LabelSelectorAsSelector. */
function isUsable(selector: LabelSelector): boolean {
  try {
    return selectorOf(selector).requirements.every(({ key, operator, values }) => {
      const needsValues = operator === 'In' || operator === 'NotIn'
      const wrong = [...qualifiedNameErrors(key), ...values.flatMap(labelValueErrors)]
      return wrong.length === 0 && needsValues === values.length > 0
    })
  } catch {
    return false
  }
}

function validateRules(rules: readonly PolicyRule[], isNamespaced: boolean, causes: Causes): void {
  for (const [index, rule] of rules.entries()) {
    const at = `rules[${index}]`
    if (!rule.verbs?.length) {
      causes.required(`${at}.verbs`, 'verbs must contain at least one value')
    }
    const { nonResourceURLs: urls = [], apiGroups = [], resources = [], resourceNames = [] } = rule
    if (urls.length > 0) {
      const path = `${at}.nonResourceURLs`
      if (isNamespaced) {
        causes.invalid(path, urls, 'namespaced rules cannot apply to non-resource URLs')
      }
      if (apiGroups.length + resources.length + resourceNames.length > 0) {
        const text = 'rules cannot apply to both regular resources and non-resource URLs'
        causes.invalid(path, urls, text)
      }
      continue
    }
    if (apiGroups.length === 0) {
      causes.required(`${at}.apiGroups`, 'resource rules must supply at least one api group')
    }
    if (resources.length === 0) {
      causes.required(`${at}.resources`, 'resource rules must supply at least one resource')
    }
  }
}

export function validateRoleBinding(object: KubeObject, causes: Causes): void {
  validateBinding(object, ['Role', 'ClusterRole'], true, causes)
}

export function validateClusterRoleBinding(object: KubeObject, causes: Causes): void {
  validateBinding(object, ['ClusterRole'], false, causes)
}

function validateBinding(
  { roleRef = {}, subjects }: KubeObject,
  kinds: readonly string[],
  isNamespaced: boolean,
  causes: Causes,
): void {
  const { apiGroup = '', kind = '', name = '' } = roleRef
  if (apiGroup !== group) causes.notSupported('roleRef.apiGroup', apiGroup, [group])
  if (!kinds.includes(kind)) causes.notSupported('roleRef.kind', kind, kinds)
  if (name === '') causes.required('roleRef.name')
  for (const text of pathSegmentErrors(name)) causes.invalid('roleRef.name', name, text)
  for (const [index, subject] of (subjects ?? []).entries()) {
    validateSubject(subject, isNamespaced, `subjects[${index}]`, causes)
  }
}

function validateSubject(
  { kind = '', apiGroup = '', name = '', namespace = '' }: Subject,
  isNamespaced: boolean,
  at: string,
  causes: Causes,
): void {
  if (name === '') causes.required(`${at}.name`)
  if (kind === 'ServiceAccount') {
    for (const text of name === '' ? [] : dnsSubdomainErrors(name)) {
      causes.invalid(`${at}.name`, name, text)
    }
    if (apiGroup !== '') causes.notSupported(`${at}.apiGroup`, apiGroup, [''])
    if (!isNamespaced && namespace === '') causes.required(`${at}.namespace`)
  } else if (kind === 'User' || kind === 'Group') {
    if (apiGroup !== group) causes.notSupported(`${at}.apiGroup`, apiGroup, [group])
  } else causes.notSupported(`${at}.kind`, kind, ['ServiceAccount', 'User', 'Group'])
}

/** The role of a binding stays. */
export function validateBindingUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  if (semanticEqual(next.roleRef, old.roleRef)) return
  const { apiGroup = '', kind = '', name = '' } = next.roleRef ?? {}
  const shown = { APIGroup: apiGroup, Kind: kind, Name: name }
  causes.invalid('roleRef', shown, 'cannot change roleRef')
}
