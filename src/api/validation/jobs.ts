import { ownValue } from '../own.ts'
import { matchesLabels, selectorOf } from '../selectors.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { cronError, isTimeZone } from './cron.ts'
import { validateFailurePolicy, validateSuccessPolicy } from './job-policies.ts'
import { inOrder, type Loose } from './loose.ts'
import { dnsLabelErrors, dnsSubdomainErrors } from './names.ts'
import { chosen, immutableText, nonNegative, oneOf } from './rules.ts'
import { validateLabelSelector } from './selector.ts'
import { isUsable, selectorValue, validateMatch, validateTemplate } from './templates.ts'

/** Source of all: kubernetes pkg/apis/batch/validation/validation.go. */

const counts = [
  'parallelism',
  'completions',
  'activeDeadlineSeconds',
  'backoffLimit',
  'ttlSecondsAfterFinished',
  'backoffLimitPerIndex',
  'maxFailedIndexes',
] as const
const managedByLengthMax = 63
const limits = { soft: 100_000, parallelism: 10_000, failedIndexes: 10_000 } as const
const indexedMax = 100_000

/** The spec of a job, or of a template of jobs. Source: validateJobSpec. */
export function validateJobSpec(spec: Loose, path: string, causes: Causes): void {
  for (const field of counts) nonNegative(spec[field], `${path}.${field}`, causes)
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined) {
    causes.required(`${path}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified')
  }
  validateManagedBy(spec.managedBy, `${path}.managedBy`, causes)
  oneOf(spec.completionMode, `${path}.completionMode`, ['NonIndexed', 'Indexed'], causes)
  const isIndexed = spec.completionMode === 'Indexed'
  if (isIndexed) validateIndexed(spec, path, causes)
  if ((spec.completionMode ?? 'NonIndexed') === 'NonIndexed') {
    for (const field of ['backoffLimitPerIndex', 'maxFailedIndexes']) {
      if (spec[field] === undefined) continue
      causes.invalid(`${path}.${field}`, spec[field], 'requires indexed completion mode')
    }
  }
  const { podFailurePolicy: failure, successPolicy: success } = spec
  if (failure) validateFailurePolicy(spec, `${path}.podFailurePolicy`, causes)
  if (success) {
    const at = `${path}.successPolicy`
    if (isIndexed) validateSuccessPolicy(spec, at, causes)
    else causes.invalid(at, inGo(success), 'requires indexed completion mode')
  }
  const replacements = failure ? ['Failed'] : ['Failed', 'TerminatingOrFailed']
  oneOf(spec.podReplacementPolicy, `${path}.podReplacementPolicy`, replacements, causes)
  validateTemplate(spec.template, `${path}.template`, causes)
  validateRestart(spec, `${path}.template.spec.restartPolicy`, causes)
}

function inGo({ rules = [] }: Loose): unknown {
  return {
    Rules: rules.map((one: Loose) => ({
      SucceededIndexes: one.succeededIndexes ?? null,
      SucceededCount: one.succeededCount ?? null,
    })),
  }
}

function validateRestart(spec: Loose, path: string, causes: Causes): void {
  const policy: string = spec.template?.spec?.restartPolicy ?? ''
  if (policy === '' || policy === 'Always') {
    causes.required(path, 'valid values: "OnFailure", "Never"')
  } else if (policy !== 'OnFailure' && policy !== 'Never') {
    causes.notSupported(path, policy, ['OnFailure', 'Never'])
  } else if (spec.podFailurePolicy && policy !== 'Never') {
    causes.invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified')
  }
}

function validateIndexed(spec: Loose, path: string, causes: Causes): void {
  const { completions, parallelism, maxFailedIndexes, backoffLimitPerIndex } = spec
  const most = (field: string, value: number | undefined, max: number, when = '') => {
    if (value === undefined || value <= max) return
    causes.invalid(`${path}.${field}`, value, `must be less than or equal to ${max}${when}`)
  }
  if (completions === undefined) {
    causes.required(`${path}.completions`, 'when completion mode is Indexed')
  }
  most('parallelism', parallelism, indexedMax, ' when completion mode is Indexed')
  if (completions !== undefined && (maxFailedIndexes ?? 0) > completions) {
    const text = 'must be less than or equal to completions'
    causes.invalid(`${path}.maxFailedIndexes`, maxFailedIndexes, text)
  }
  most('maxFailedIndexes', maxFailedIndexes, indexedMax)
  if ((completions ?? 0) <= limits.soft || backoffLimitPerIndex === undefined) return
  if (maxFailedIndexes === undefined) {
    const text = `must be specified when completions is above ${limits.soft}`
    causes.required(`${path}.maxFailedIndexes`, text)
  }
  const when = ` when completions are above ${limits.soft} and used with backoff limit per index`
  most('parallelism', parallelism, limits.parallelism, when)
  most('maxFailedIndexes', maxFailedIndexes, limits.failedIndexes, when)
}

/** Source: apimachinery pkg/util/validation IsDomainPrefixedPath. */
function validateManagedBy(value: string | undefined, path: string, causes: Causes): void {
  if (value === undefined) return
  const slash = value.indexOf('/')
  const [domain, rest] = [value.slice(0, slash), value.slice(slash + 1)]
  if (value === '') causes.required(path)
  else if (slash <= 0 || rest === '') {
    causes.invalid(path, value, 'must be a domain-prefixed path (such as "acme.io/foo")')
  } else {
    for (const text of dnsSubdomainErrors(domain)) causes.invalid(path, domain, text)
    const isPath = /^[A-Za-z0-9/\-._~%!$&'()*+,;=:]+$/.test(rest)
    if (!isPath) {
      const text = "Invalid path (regex used for validation is '[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+')"
      causes.invalid(path, rest, text)
    }
  }
  if (value.length > managedByLengthMax) causes.tooLong(path, managedByLengthMax)
}

export function validateJob(job: KubeObject, causes: Causes): void {
  const { spec = {}, metadata } = job
  validateGeneratedSelector(job, causes)
  validateJobSpec(spec, 'spec', causes)
  validateSelector(spec, causes)
  if (spec.completionMode !== 'Indexed' || !(spec.completions > 0)) return
  const last = `${metadata.name}-${spec.completions - 1}`
  if (dnsLabelErrors(last).length === 0) return
  const text = `will not able to create pod with invalid DNS label: ${last}`
  causes.invalid('metadata.name', metadata.name, text)
}

/** The labels by which a job knows its pods. Source: validateGeneratedSelector. */
function validateGeneratedSelector({ metadata, spec = {} }: KubeObject, causes: Causes): void {
  if (spec.manualSelector || spec.selector === undefined) return
  const { uid = '', name = '' } = metadata
  const labels: Record<string, string> = spec.template?.metadata?.labels ?? {}
  const expected: Record<string, string> = {
    'controller-uid': uid,
    'job-name': name,
    'batch.kubernetes.io/controller-uid': uid,
    'batch.kubernetes.io/job-name': name,
  }
  for (const [key, value] of Object.entries(expected)) {
    const given = ownValue(labels, key)
    const path = `spec.template.metadata.labels[${key}]`
    if (given === undefined) causes.required(path, `must be '${value}'`)
    else if (given !== value) causes.invalid(path, inOrder(labels), `must be '${value}'`)
  }
  if (!isUsable(spec.selector) || matchesLabels(selectorOf(spec.selector), expected)) return
  const text = '`selector` not auto-generated'
  causes.invalid('spec.selector', selectorValue(spec.selector), text)
}

/** Source: ValidateJobSpec, which a template of jobs does not go through. */
function validateSelector({ selector, template }: Loose, causes: Causes): void {
  const path = 'spec.selector'
  if (selector === undefined) causes.required(path)
  else validateLabelSelector(selector, path, causes)
  if (selector === undefined || isUsable(selector)) {
    validateMatch(selector, template, 'spec.template', causes)
  }
}

const fixed = ['completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy']

export function validateJobUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  const [now, was] = [next.spec ?? {}, old.spec ?? {}]
  const frozen = (field: string) => {
    if (!semanticEqual(now[field], was[field])) {
      causes.invalid(`spec.${field}`, now[field] ?? null, immutableText)
    }
  }
  if (now.completionMode !== 'Indexed') frozen('completions')
  else if (now.completions !== undefined && now.completions !== was.completions) {
    if (now.completions !== now.parallelism) {
      const text = 'can only be modified in tandem with spec.parallelism'
      causes.invalid('spec.completions', now.completions, text)
    }
  }
  frozen('selector')
  if (!semanticEqual(now.template, templateOf(now, old))) {
    causes.invalid('spec.template', now.template ?? null, immutableText)
  }
  for (const field of [...fixed, 'successPolicy']) frozen(field)
}

/** What a template must be like: where pods run may change before the first of them. */
function templateOf({ template: now }: Loose, old: KubeObject): Loose {
  const was: Loose = structuredClone(old.spec?.template ?? {})
  if (!old.spec?.suspend || old.status?.startTime) return was
  const { metadata = {}, spec = {} } = now ?? {}
  was.metadata = { ...was.metadata, annotations: metadata.annotations, labels: metadata.labels }
  for (const field of ['nodeSelector', 'tolerations', 'schedulingGates']) {
    was.spec[field] = spec[field]
  }
  const nodeAffinity = spec.affinity?.nodeAffinity
  was.spec.affinity = { ...was.spec.affinity, nodeAffinity }
  return was
}

const cronNameMax = 52
const concurrencies = ['Allow', 'Forbid', 'Replace']

/** A cron job that is new has no name that leaves no room for those of its jobs. */
export function validateNewCronJob({ metadata, spec = {} }: KubeObject, causes: Causes): void {
  const { name = '' } = metadata
  if (name.length > cronNameMax) {
    causes.invalid('metadata.name', name, `must be no more than ${cronNameMax} characters`)
  }
  validateTimeZone(spec.timeZone, causes)
  if (spec.schedule?.includes('TZ')) {
    const text = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
    causes.invalid('spec.schedule', spec.schedule, text)
  }
}

export function validateCronJob({ spec = {} }: KubeObject, causes: Causes): void {
  const { schedule = '', jobTemplate = {} } = spec
  if (schedule === '') causes.required('spec.schedule')
  else {
    const wrong = cronError(schedule)
    if (wrong !== undefined) causes.invalid('spec.schedule', schedule, wrong)
  }
  nonNegative(spec.startingDeadlineSeconds, 'spec.startingDeadlineSeconds', causes)
  chosen(spec.concurrencyPolicy, 'spec.concurrencyPolicy', concurrencies, causes)
  const { spec: job = {} } = jobTemplate
  validateJobSpec(job, 'spec.jobTemplate.spec', causes)
  if (job.selector !== undefined) {
    const text = '`selector` will be auto-generated'
    causes.invalid('spec.jobTemplate.spec.selector', job.selector, text)
  }
  if (job.manualSelector) {
    causes.notSupported('spec.jobTemplate.spec.manualSelector', true, ['nil', 'false'])
  }
  nonNegative(spec.successfulJobsHistoryLimit, 'spec.successfulJobsHistoryLimit', causes)
  nonNegative(spec.failedJobsHistoryLimit, 'spec.failedJobsHistoryLimit', causes)
}

export function validateCronJobUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  const { schedule = '', timeZone } = next.spec ?? {}
  const hadZone = String(old.spec?.schedule ?? '').includes('TZ')
  if (schedule.includes('TZ')) {
    const both = 'cannot use both timeZone field and TZ or CRON_TZ in schedule'
    const none = 'cannot use TZ or CRON_TZ in schedule, use timeZone field instead'
    if (!hadZone) causes.invalid('spec.schedule', schedule, none)
    else if (timeZone !== undefined) causes.invalid('spec.schedule', schedule, both)
  }
  if (timeZone !== old.spec?.timeZone) validateTimeZone(timeZone, causes)
}

function validateTimeZone(zone: string | undefined, causes: Causes): void {
  if (zone === undefined) return
  const wrong = (text: string) => causes.invalid('spec.timeZone', zone, text)
  if (zone === '') {
    wrong('timeZone must be nil or non-empty string')
    return
  }
  const isPart = (part: string) =>
    part !== '.' && part !== '..' && /^[A-Za-z._0-9+][A-Za-z.\-_0-9+]{0,13}$/.test(part)
  if (!zone.split('/').every(isPart)) {
    wrong(`unknown time zone ${zone}`)
    return
  }
  if (zone.toLowerCase() === 'local') {
    wrong('timeZone must be an explicit time zone as defined in https://www.iana.org/time-zones')
  }
  if (!isTimeZone(zone)) wrong(`unknown time zone ${zone}`)
}
