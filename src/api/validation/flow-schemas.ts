import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { dnsLabelErrors, dnsSubdomainErrors } from './names.ts'

/** Source of all: kubernetes pkg/apis/flowcontrol/validation/validation.go. */

interface Subject {
  readonly kind?: string
  readonly user?: { readonly name?: string }
  readonly group?: { readonly name?: string }
  readonly serviceAccount?: { readonly name?: string; readonly namespace?: string }
}

interface Rules {
  readonly subjects?: readonly Subject[]
  readonly resourceRules?: readonly ResourceRule[]
  readonly nonResourceRules?: readonly NonResourceRule[]
}

interface ResourceRule {
  readonly verbs?: readonly string[]
  readonly apiGroups?: readonly string[]
  readonly resources?: readonly string[]
  readonly namespaces?: readonly string[]
  readonly clusterScope?: boolean
}

interface NonResourceRule {
  readonly verbs?: readonly string[]
  readonly nonResourceURLs?: readonly string[]
}

const precedenceMax = 10_000
const verbs = [
  ...['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'],
]

const everything = {
  resourceRules: [
    {
      ...{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      ...{ clusterScope: true, namespaces: ['*'] },
    },
  ],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
}
const groups = (...names: string[]) => names.map(name => ({ kind: 'Group', group: { name } }))

/** Source: apiserver pkg/apis/flowcontrol/bootstrap MandatoryFlowSchemas. */
const mandatory = new Map<string, unknown>([
  [
    'exempt',
    {
      priorityLevelConfiguration: { name: 'exempt' },
      matchingPrecedence: 1,
      rules: [{ subjects: groups('system:masters'), ...everything }],
    },
  ],
  [
    'catch-all',
    {
      priorityLevelConfiguration: { name: 'catch-all' },
      matchingPrecedence: 10_000,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        { subjects: groups('system:unauthenticated', 'system:authenticated'), ...everything },
      ],
    },
  ],
])

export function validateFlowSchema({ metadata, spec = {}, status }: KubeObject, causes: Causes) {
  const { name = '' } = metadata
  validatePrecedence(spec.matchingPrecedence ?? 0, name, causes)
  const method = spec.distinguisherMethod
  if (method && !['ByNamespace', 'ByUser'].includes(method.type ?? '')) {
    const value = { Type: method.type ?? '' }
    causes.notSupported('spec.distinguisherMethod.type', value, ['ByNamespace', 'ByUser'])
  }
  const level = spec.priorityLevelConfiguration?.name ?? ''
  const path = 'spec.priorityLevelConfiguration.name'
  if (level === '') causes.required(path, 'must reference a priority level')
  else for (const text of dnsSubdomainErrors(level)) causes.invalid(path, level, text)
  for (const [index, rule] of (spec.rules ?? []).entries()) {
    validateRules(rule, `spec.rules[${index}]`, causes)
  }
  const fixed = mandatory.get(name)
  if (fixed !== undefined && !semanticEqual(JSON.parse(JSON.stringify(spec)), fixed)) {
    causes.invalid('spec', spec, `spec of '${name}' must equal the fixed value`)
  }
  validateFlowConditions(status?.conditions, causes)
}

function validatePrecedence(precedence: number, name: string, causes: Causes): void {
  const path = 'spec.matchingPrecedence'
  if (precedence <= 0) causes.invalid(path, precedence, 'must be a positive value')
  if (precedence > precedenceMax) {
    causes.invalid(path, precedence, `must not be greater than ${precedenceMax}`)
  }
  if (precedence === 1 && name !== 'exempt') {
    const text = "only the schema named 'exempt' may have matchingPrecedence 1"
    causes.invalid(path, precedence, text)
  }
}

function validateRules(rules: Rules, path: string, causes: Causes): void {
  const { subjects = [], resourceRules = [], nonResourceRules = [] } = rules
  for (const [index, subject] of subjects.entries()) {
    validateSubject(subject, `${path}.subjects[${index}]`, causes)
  }
  if (subjects.length === 0) {
    causes.required(`${path}.subjects`, 'subjects must contain at least one value')
  }
  if (resourceRules.length + nonResourceRules.length === 0) {
    const text = 'at least one of resourceRules and nonResourceRules has to be non-empty'
    causes.required(path, text)
  }
  for (const [index, rule] of resourceRules.entries()) {
    validateResourceRule(rule, `${path}.resourceRules[${index}]`, causes)
  }
  for (const [index, rule] of nonResourceRules.entries()) {
    validateNonResourceRule(rule, `${path}.nonResourceRules[${index}]`, causes)
  }
}

/** Kind of a subject, and the field that only it has. */
const fieldOf = { Group: 'group', ServiceAccount: 'serviceAccount', User: 'user' } as const

function validateSubject(subject: Subject, path: string, causes: Causes): void {
  const { kind = '' } = subject
  if (!Object.hasOwn(fieldOf, kind)) {
    causes.notSupported(`${path}.kind`, kind, Object.keys(fieldOf))
    return
  }
  for (const [other, field] of Object.entries(fieldOf)) {
    const at = `${path}.${field}`
    if (other !== kind && subject[field] !== undefined) {
      causes.forbidden(at, `${field} is forbidden when subject kind is not '${other}'`)
    }
    if (other !== kind) continue
    const who = subject[field] as Subject['serviceAccount']
    if (who === undefined)
      causes.required(at, `${field} is required when subject kind is '${kind}'`)
    else if (!who.name) causes.required(`${at}.name`)
    if (who !== undefined && kind === 'ServiceAccount') validateAccount(who, at, causes)
  }
}

function validateAccount(
  { name = '', namespace = '' }: NonNullable<Subject['serviceAccount']>,
  path: string,
  causes: Causes,
): void {
  for (const text of name === '' || name === '*' ? [] : dnsSubdomainErrors(name)) {
    causes.invalid(`${path}.name`, name, text)
  }
  const at = `${path}.namespace`
  if (namespace === '') causes.required(at, 'must specify namespace for service account')
  else for (const text of dnsLabelErrors(namespace)) causes.invalid(at, namespace, text)
}

function validateVerbs(given: readonly string[], path: string, causes: Causes): void {
  if (given.length === 0) causes.required(path, 'verbs must contain at least one value')
  else if (given.includes('*')) validateAlone(given, 'verbs', path, causes)
  else if (!given.every(one => verbs.includes(one))) causes.notSupported(path, given, verbs)
}

function validateAlone(given: readonly string[], what: string, path: string, causes: Causes): void {
  if (given.length > 1 && given.includes('*')) {
    causes.invalid(path, given, `if '*' is present, must not specify other ${what}`)
  }
}

function validateResourceRule(rule: ResourceRule, path: string, causes: Causes): void {
  const { apiGroups = [], resources = [], namespaces = [], clusterScope } = rule
  validateVerbs(rule.verbs ?? [], `${path}.verbs`, causes)
  if (apiGroups.length === 0) {
    causes.required(`${path}.apiGroups`, 'resource rules must supply at least one api group')
  }
  validateAlone(apiGroups, 'api groups', `${path}.apiGroups`, causes)
  if (resources.length === 0) {
    causes.required(`${path}.resources`, 'resource rules must supply at least one resource')
  }
  validateAlone(resources, 'resources', `${path}.resources`, causes)
  const at = `${path}.namespaces`
  if (namespaces.length === 0 && !clusterScope) {
    const text = 'resource rules that are not cluster scoped must supply at least one namespace'
    causes.required(at, text)
  } else if (namespaces.includes('*')) validateAlone(namespaces, 'namespaces', at, causes)
  else {
    const intro = "each member of this list must be '*' or a DNS-1123 label; "
    for (const [index, namespace] of namespaces.entries()) {
      for (const text of dnsLabelErrors(namespace)) {
        causes.invalid(`${at}[${index}]`, namespace, intro + text)
      }
    }
  }
}

function validateNonResourceRule(rule: NonResourceRule, path: string, causes: Causes): void {
  validateVerbs(rule.verbs ?? [], `${path}.verbs`, causes)
  const { nonResourceURLs: urls = [] } = rule
  const at = `${path}.nonResourceURLs`
  if (urls.length === 0) causes.required(at, 'nonResourceURLs must contain at least one value')
  else if (urls.includes('*')) validateAlone(urls, 'non-resource URLs', at, causes)
  else {
    for (const [index, url] of urls.entries()) {
      const wrong = urlError(url)
      if (wrong !== undefined) causes.invalid(`${at}[${index}]`, url, wrong)
    }
  }
}

/** Source: ValidateNonResourceURLPath. */
function urlError(url: string): string | undefined {
  if (url === '') return 'must not be empty'
  if (url === '/') return undefined
  if (!url.startsWith('/')) return 'must start with slash'
  if (url.includes(' ')) return 'must not contain white-space'
  if (url.includes('//')) return 'must not contain double slash'
  const stars = url.split('*').length - 1
  const isSuffix = stars === 0 || (stars === 1 && url.endsWith('/*'))
  return isSuffix ? undefined : 'wildcard can only do suffix matching'
}

/** Of schemas and of priority levels. */
export function validateFlowConditions(
  conditions: readonly { readonly type?: string }[] | undefined | null,
  causes: Causes,
): void {
  const types = new Set<string>()
  for (const [index, { type = '' }] of (conditions ?? []).entries()) {
    const at = `status.conditions[${index}].type`
    if (types.has(type)) causes.duplicate(at, type)
    types.add(type)
    if (type === '') causes.required(at)
  }
}
