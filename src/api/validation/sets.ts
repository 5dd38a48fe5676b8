import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateClaimSpec } from './claims.ts'
import { each, type Loose } from './loose.ts'
import { dnsLabelErrors } from './names.ts'
import {
  countOrShare,
  judged,
  nonNegative,
  notAboveWhole,
  numberOf,
  oneOf,
  present,
} from './rules.ts'
import { validateLabelSelector } from './selector.ts'
import {
  isEmptySelector,
  isUsable,
  selectorValue,
  validateEndless,
  validateMatch,
  validateOwnSelector,
  validateTemplate,
  validateTemplateMetadata,
} from './templates.ts'

/** Daemon and stateful sets. Source of all: kubernetes pkg/apis/apps/validation/validation.go. */

const [selectorPath, templatePath] = ['spec.selector', 'spec.template']

export function validateDaemonSet({ spec = {} }: KubeObject, causes: Causes): void {
  const { selector, template } = spec
  if (selector !== undefined) validateLabelSelector(selector, selectorPath, causes)
  if (selector === undefined || isUsable(selector)) {
    validateMatch(selector, template, templatePath, causes)
  }
  if (selector !== undefined && isEmptySelector(selector)) {
    const text = 'empty selector is invalid for daemonset'
    causes.invalid(selectorPath, selectorValue(selector), text)
  }
  validateTemplate(template, templatePath, causes)
  validateEndless(template, templatePath, 'DaemonSet', causes)
  nonNegative(spec.minReadySeconds, 'spec.minReadySeconds', causes)
  validateDaemonUpdates(spec.updateStrategy ?? {}, causes)
  nonNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit', causes)
}

function validateDaemonUpdates({ type = '', rollingUpdate }: Loose, causes: Causes): void {
  const path = 'spec.updateStrategy'
  if (type === 'OnDelete') return
  if (type !== 'RollingUpdate') {
    // Upstream names the strategy, and writes it as Go names its fields.
    const value = { Type: type, RollingUpdate: inGo(rollingUpdate) }
    causes.notSupported(path, value, ['RollingUpdate', 'OnDelete'])
    return
  }
  const at = `${path}.rollingUpdate`
  if (rollingUpdate === undefined) {
    causes.required(at)
    return
  }
  const { maxUnavailable, maxSurge } = rollingUpdate
  countOrShare(maxUnavailable, `${at}.maxUnavailable`, causes)
  countOrShare(maxSurge, `${at}.maxSurge`, causes)
  notAboveWhole(maxUnavailable, `${at}.maxUnavailable`, causes)
  notAboveWhole(maxSurge, `${at}.maxSurge`, causes)
  const [isLess, isMore] = [numberOf(maxUnavailable) !== 0, numberOf(maxSurge) !== 0]
  if (isLess && isMore) {
    causes.invalid(`${at}.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero')
  }
  if (!isLess && !isMore) {
    causes.required(`${at}.maxUnavailable`, 'cannot be 0 when maxSurge is 0')
  }
}

function inGo(rollingUpdate: Loose | undefined): unknown {
  if (rollingUpdate === undefined) return null
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate
  return { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge }
}

const policies = ['OrderedReady', 'Parallel']
const retentions = ['Retain', 'Delete']

/** With claims and the service's name, which never change. */
export function validateNewStatefulSet({ spec = {} }: KubeObject, causes: Causes): void {
  const name: string = spec.serviceName ?? ''
  each(spec.volumeClaimTemplates as Loose[], 'spec.volumeClaimTemplates', (claim, at) => {
    validateClaimSpec(claim.spec ?? {}, `${at}.spec`, causes)
  })
  if (name !== '') judged(name, 'spec.serviceName', dnsLabelErrors, causes)
  validateStatefulSpec(spec, causes)
}

/** What holds for every state. */
function validateStatefulSpec(spec: Loose, causes: Causes): void {
  const { podManagementPolicy: policy = '', persistentVolumeClaimRetentionPolicy: kept } = spec
  const at = 'spec.podManagementPolicy'
  if (present(policy, at, causes) && !policies.includes(policy)) {
    causes.invalid(at, policy, `must be '${policies.join("' or '")}'`)
  }
  validateStatefulUpdates(spec.updateStrategy ?? {}, causes)
  for (const field of ['whenDeleted', 'whenScaled']) {
    const path = `spec.persistentVolumeClaimRetentionPolicy.${field}`
    if (kept) oneOf(kept[field] ?? '', path, retentions, causes)
  }
  nonNegative(spec.replicas, 'spec.replicas', causes)
  nonNegative(spec.minReadySeconds, 'spec.minReadySeconds', causes)
  nonNegative(spec.ordinals?.start, 'spec.ordinals.start', causes)
  const { selector, template } = spec
  validateOwnSelector(selector, selectorPath, 'statefulset', causes)
  if (selector !== undefined && !isUsable(selector)) {
    causes.invalid(selectorPath, selectorValue(selector), '')
  } else {
    validateMatch(selector, template, templatePath, causes)
    validateTemplate(withClaims(spec), templatePath, causes)
    const { metadata = {}, spec: podSpec = {} } = template ?? {}
    // Upstream looks at them twice.
    validateTemplateMetadata(metadata, podSpec, templatePath, causes)
  }
  validateEndless(template, templatePath, 'StatefulSet', causes)
}

function validateStatefulUpdates(strategy: Loose, causes: Causes): void {
  const { type = '', rollingUpdate } = strategy
  const path = 'spec.updateStrategy'
  const at = `${path}.rollingUpdate`
  const value = rollingUpdate && {
    Partition: rollingUpdate.partition ?? 0,
    MaxUnavailable: rollingUpdate.maxUnavailable ?? null,
  }
  if (!present(type, path, causes)) return
  if (type === 'OnDelete') {
    if (rollingUpdate === undefined) return
    causes.invalid(at, value, "only allowed for updateStrategy 'RollingUpdate'")
  } else if (type !== 'RollingUpdate') {
    const whole = { Type: type, RollingUpdate: value ?? null }
    causes.invalid(path, whole, "must be 'RollingUpdate' or 'OnDelete'")
  } else if (rollingUpdate !== undefined) {
    const { partition, maxUnavailable } = rollingUpdate
    nonNegative(partition, `${at}.partition`, causes)
    if (maxUnavailable === undefined) return
    countOrShare(maxUnavailable, `${at}.maxUnavailable`, causes)
    if (numberOf(maxUnavailable) === 0) {
      causes.invalid(`${at}.maxUnavailable`, maxUnavailable, 'cannot be 0')
    }
    notAboveWhole(maxUnavailable, `${at}.maxUnavailable`, causes)
  }
}

/** The template as its pods will be: with a volume for each claim, before the others. */
function withClaims({ template, volumeClaimTemplates: claims = [] }: Loose): Loose {
  const { spec = {} } = template ?? {}
  const names: string[] = (claims as Loose[]).map(claim => claim.metadata?.name ?? '')
  const added = [...new Set(names)].map(name => ({
    name,
    persistentVolumeClaim: { claimName: name },
  }))
  const others = (spec.volumes ?? []).filter((one: Loose) => !names.includes(one.name))
  const volumes = claims.length > 0 ? [...added, ...others] : spec.volumes
  return { ...template, spec: { ...spec, subdomain: '', hostname: '', volumes } }
}

const mutable = [
  ...['replicas', 'template', 'updateStrategy', 'minReadySeconds', 'ordinals'],
  ...['revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy'],
]

export function validateStatefulSetUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  validateStatefulSpec(next.spec ?? {}, causes)
  const fixed = (spec: Loose) =>
    Object.fromEntries(Object.entries(spec ?? {}).filter(([field]) => !mutable.includes(field)))
  if (semanticEqual(fixed(next.spec), fixed(old.spec))) return
  causes.forbidden(
    'spec',
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', " +
      "'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and " +
      "'minReadySeconds' are forbidden",
  )
}

/** A controller that is older than selectors that are objects. ValidateReplicationController. */
export function validateReplicationController({ spec = {} }: KubeObject, causes: Causes): void {
  nonNegative(spec.minReadySeconds, 'spec.minReadySeconds', causes)
  const hasSelector = present(Object.keys(spec.selector ?? {}), selectorPath, causes)
  if (spec.replicas === undefined) causes.required('spec.replicas')
  else nonNegative(spec.replicas, 'spec.replicas', causes)
  const { template } = spec
  if (template === undefined) {
    causes.required(templatePath)
    return
  }
  if (hasSelector) validateMatch({ matchLabels: spec.selector }, template, templatePath, causes)
  validateTemplate(template, templatePath, causes)
  validateEndless(template, templatePath, 'ReplicationController', causes)
}
