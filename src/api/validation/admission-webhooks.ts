import type { LabelSelector } from '../objects.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import {
  failurePolicies,
  type MatchCondition,
  matchPolicies,
  type Rule,
  validateMatchConditions,
  validateRule,
} from './admission-rules.ts'
import type { Causes } from './causes.ts'
import { validateChoice } from './fields.ts'
import { dns1035Errors, dnsSubdomainErrors } from './names.ts'
import { isLabelSelector, validateLabelSelector } from './selector.ts'
import {
  type ServiceReference,
  validateWebhookService,
  validateWebhookUrl,
} from './webhook-client.ts'

/** Source of all: kubernetes pkg/apis/admissionregistration/validation/validation.go. */

interface Webhook {
  readonly name?: string
  readonly rules?: readonly Rule[]
  readonly failurePolicy?: string
  readonly matchPolicy?: string
  readonly sideEffects?: string
  readonly timeoutSeconds?: number
  readonly namespaceSelector?: LabelSelector
  readonly objectSelector?: LabelSelector
  /** Of mutating ones. */
  readonly reinvocationPolicy?: string
  readonly clientConfig?: { readonly url?: string; readonly service?: ServiceReference }
  readonly matchConditions?: readonly MatchCondition[]
  readonly admissionReviewVersions?: readonly string[]
}

/** What is asked for, unless the old object did not have it either. */
interface Strictness {
  readonly noSideEffects: boolean
  readonly knownVersion: boolean
  readonly uniqueNames: boolean
  readonly labelValues: boolean
  readonly matchConditions: boolean
}

const reviewVersions = ['v1', 'v1beta1']
const harmless = ['None', 'NoneOnDryRun']
const sideEffects = [...harmless, 'Some', 'Unknown']

/** Of both kinds of configurations; `old` of an update. */
export function validateWebhooks(object: KubeObject, causes: Causes, old?: KubeObject): void {
  const webhooks = webhooksOf(object)
  const strictness = strictnessOf(webhooks, old && webhooksOf(old))
  const names = new Set<string>()
  for (const [index, webhook] of webhooks.entries()) {
    const path = `webhooks[${index}]`
    validateWebhook(webhook, path, strictness, causes)
    const versions = webhook.admissionReviewVersions ?? []
    validateVersions(versions, `${path}.admissionReviewVersions`, strictness, causes)
    const { name = '' } = webhook
    if (!strictness.uniqueNames || name === '') continue
    if (names.has(name)) causes.duplicate(`${path}.name`, name)
    names.add(name)
  }
}

function webhooksOf(object: KubeObject): readonly Webhook[] {
  return object.webhooks ?? []
}

function strictnessOf(next: readonly Webhook[], old: readonly Webhook[] | undefined): Strictness {
  const before = old ?? []
  const conditions = (all: readonly Webhook[]) => all.map(one => one.matchConditions ?? [])
  return {
    noSideEffects: before.every(one => harmless.includes(one.sideEffects ?? '')),
    knownVersion: before.every(
      ({ admissionReviewVersions: versions = [] }) =>
        versions.length === 0 || versions.some(one => reviewVersions.includes(one)),
    ),
    uniqueNames: new Set(before.map(one => one.name ?? '')).size === before.length,
    labelValues: before.every(
      one => isLabelSelector(one.namespaceSelector) && isLabelSelector(one.objectSelector),
    ),
    matchConditions: old === undefined || !semanticEqual(conditions(next), conditions(before)),
  }
}

function validateWebhook(
  webhook: Webhook,
  path: string,
  strictness: Strictness,
  causes: Causes,
): void {
  validateFullName(webhook.name ?? '', `${path}.name`, causes)
  for (const [index, rule] of (webhook.rules ?? []).entries()) {
    validateRule(rule, `${path}.rules[${index}]`, causes)
  }
  validateChoice(webhook.failurePolicy, failurePolicies, `${path}.failurePolicy`, causes)
  validateChoice(webhook.matchPolicy, matchPolicies, `${path}.matchPolicy`, causes)
  const allowed = strictness.noSideEffects ? harmless : sideEffects
  if (webhook.sideEffects === undefined) {
    causes.required(`${path}.sideEffects`, `must specify one of ${allowed.join(', ')}`)
  }
  validateChoice(webhook.sideEffects, allowed, `${path}.sideEffects`, causes)
  const { timeoutSeconds: seconds } = webhook
  if (seconds !== undefined && (seconds < 1 || seconds > 30)) {
    const text = 'the timeout value must be between 1 and 30 seconds'
    causes.invalid(`${path}.timeoutSeconds`, seconds, text)
  }
  const values = { anyValues: !strictness.labelValues }
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    validateLabelSelector(webhook[field], `${path}.${field}`, causes, values)
  }
  const policies = ['IfNeeded', 'Never']
  validateChoice(webhook.reinvocationPolicy, policies, `${path}.reinvocationPolicy`, causes)
  validateClient(webhook.clientConfig ?? {}, `${path}.clientConfig`, causes)
  if (strictness.matchConditions) {
    validateMatchConditions(webhook.matchConditions ?? [], `${path}.matchConditions`, causes)
  }
}

function validateClient(
  { url, service }: NonNullable<Webhook['clientConfig']>,
  path: string,
  causes: Causes,
): void {
  if ((url === undefined) === (service === undefined)) {
    causes.required(path, 'exactly one of url or service is required')
  } else if (url !== undefined) validateWebhookUrl(url, `${path}.url`, causes)
  else if (service) validateWebhookService(service, `${path}.service`, causes, true)
}

/** Source: apimachinery pkg/util/validation IsFullyQualifiedName. */
function validateFullName(name: string, path: string, causes: Causes): void {
  const wrong = dnsSubdomainErrors(name)
  if (name === '') causes.required(path)
  else if (wrong.length > 0) causes.invalid(path, name, wrong.join(','))
  else if (name.split('.').length < 3) {
    const text = 'should be a domain with at least three segments separated by dots'
    causes.invalid(path, name, text)
  }
}

/** Source: validateAdmissionReviewVersions. */
function validateVersions(
  versions: readonly string[],
  path: string,
  { knownVersion }: Strictness,
  causes: Causes,
): void {
  const known = reviewVersions.join(', ')
  if (versions.length === 0) {
    causes.required(path, `must specify one of ${known}`)
    return
  }
  const seen = new Set<string>()
  for (const [index, version] of versions.entries()) {
    const at = `${path}[${index}]`
    if (seen.has(version)) causes.invalid(at, version, 'duplicate version')
    else for (const text of dns1035Errors(version)) causes.invalid(at, version, text)
    seen.add(version)
  }
  if (knownVersion && !versions.some(one => reviewVersions.includes(one))) {
    causes.invalid(path, versions, `must include at least one of ${known}`)
  }
}
