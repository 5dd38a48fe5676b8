import type { LabelSelector } from '../objects.ts'
import type { Causes } from './causes.ts'
import { validateChoice, validateRequiredChoice } from './fields.ts'
import { pathSegmentErrors, qualifiedNameErrors } from './names.ts'
import { validateLabelSelector } from './selector.ts'

/** Source of all: kubernetes pkg/apis/admissionregistration/validation/validation.go. */

/** Which requests are meant. */
export interface Rule {
  readonly operations?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly apiVersions?: readonly string[]
  readonly resources?: readonly string[]
  readonly scope?: string
  readonly resourceNames?: readonly string[]
}

export interface MatchResources {
  readonly matchPolicy?: string
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
  readonly resourceRules?: readonly Rule[]
  readonly excludeResourceRules?: readonly Rule[]
}

export interface MatchCondition {
  readonly name?: string
  readonly expression?: string
}

const operations = ['*', 'CONNECT', 'CREATE', 'DELETE', 'UPDATE']
export const failurePolicies = ['Fail', 'Ignore']
export const matchPolicies = ['Equivalent', 'Exact']
const conditionsMax = 64

/** Source: validateRuleWithOperations, validateRule. */
export function validateRule(rule: Rule, path: string, causes: Causes): void {
  validateAlone(rule.operations, 'operations', `${path}.operations`, causes)
  for (const [index, operation] of (rule.operations ?? []).entries()) {
    validateChoice(operation, operations, `${path}.operations[${index}]`, causes)
  }
  validateAlone(rule.apiGroups, 'API groups', `${path}.apiGroups`, causes)
  validateAlone(rule.apiVersions, 'API versions', `${path}.apiVersions`, causes)
  for (const [index, version] of (rule.apiVersions ?? []).entries()) {
    if (version === '') causes.required(`${path}.apiVersions[${index}]`)
  }
  validateResources(rule.resources ?? [], `${path}.resources`, causes)
  validateChoice(rule.scope, ['*', 'Cluster', 'Namespaced'], `${path}.scope`, causes)
}

/** A list with a `*` has nothing else. */
function validateAlone(
  list: readonly string[] | undefined,
  what: string,
  path: string,
  causes: Causes,
): void {
  if (!list?.length) causes.required(path)
  else if (list.length > 1 && list.includes('*')) {
    causes.invalid(path, list, `if '*' is present, must not specify other ${what}`)
  }
}

function validateResources(resources: readonly string[], path: string, causes: Causes): void {
  if (resources.length === 0) causes.required(path)
  const [wholeOf, anyOf] = [new Set<string>(), new Set<string>()]
  let isPlainLast = false
  for (const [index, each] of resources.entries()) {
    const at = `${path}[${index}]`
    if (each === '') {
      causes.required(at)
      continue
    }
    const slash = each.indexOf('/')
    if (slash < 0) {
      isPlainLast = each !== '*'
      continue
    }
    const [resource, sub] = [each.slice(0, slash), each.slice(slash + 1)]
    const clash = [
      ...(wholeOf.has(resource) ? [`${resource}/*`] : []),
      ...(anyOf.has(sub) ? [`*/${sub}`] : []),
    ]
    for (const all of clash) {
      causes.invalid(at, each, `if '${all}' is present, must not specify ${each}`)
    }
    if (sub === '*') wholeOf.add(resource)
    if (resource === '*') anyOf.add(sub)
  }
  if (resources.length > 1 && resources.includes('*/*')) {
    causes.invalid(path, resources, "if '*/*' is present, must not specify other resources")
  }
  if (resources.includes('*') && isPlainLast) {
    const text = "if '*' is present, must not specify other resources without subresources"
    causes.invalid(path, resources, text)
  }
}

/** Source: validateMatchResources. */
export function validateMatchResources(match: MatchResources, path: string, causes: Causes): void {
  validateRequiredChoice(match.matchPolicy, matchPolicies, `${path}.matchPolicy`, causes)
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    if (match[field] === undefined) causes.required(`${path}.${field}`)
    validateLabelSelector(match[field], `${path}.${field}`, causes)
  }
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [index, rule] of (match[field] ?? []).entries()) {
      validateNamedRule(rule, `${path}.${field}[${index}]`, causes)
    }
  }
}

function validateNamedRule(rule: Rule, path: string, causes: Causes): void {
  const names = new Set<string>()
  for (const [index, name] of (rule.resourceNames ?? []).entries()) {
    const at = `${path}.resourceNames[${index}]`
    for (const text of pathSegmentErrors(name)) causes.invalid(at, name, text)
    if (names.has(name)) causes.duplicate(at, name)
    names.add(name)
  }
  validateRule(rule, path, causes)
}

/** Source: validateMatchConditions; the expressions themselves are not compiled. */
export function validateMatchConditions(
  conditions: readonly MatchCondition[],
  path: string,
  causes: Causes,
): void {
  if (conditions.length > conditionsMax) causes.tooMany(path, conditions.length, conditionsMax)
  const names = new Set<string>()
  for (const [index, { name = '', expression = '' }] of conditions.entries()) {
    const at = `${path}[${index}]`
    if (expression.trim() === '') causes.required(`${at}.expression`)
    if (name === '') causes.required(`${at}.name`)
    else {
      for (const text of qualifiedNameErrors(name)) causes.invalid(`${at}.name`, name, text)
      if (names.has(name)) causes.duplicate(`${at}.name`, name)
      names.add(name)
    }
  }
}
