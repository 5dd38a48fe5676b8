import { isRecord } from '../patch/merge.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import type { Loose } from './loose.ts'
import { countOrShare, immutableText, nonNegative, notAboveWhole, numberOf } from './rules.ts'
import {
  isUsable,
  selectorValue,
  validateEndless,
  validateMatch,
  validateOwnSelector,
  validateTemplate,
} from './templates.ts'

/** Source of all: kubernetes pkg/apis/apps/validation/validation.go. */

export function validateDeployment({ spec = {} }: KubeObject, causes: Causes): void {
  nonNegative(spec.replicas, 'spec.replicas', causes)
  validateSelectorAndTemplate(spec, causes)
  validateStrategy(spec.strategy ?? {}, causes)
  nonNegative(spec.minReadySeconds, 'spec.minReadySeconds', causes)
  nonNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit', causes)
  const deadline: number | undefined = spec.progressDeadlineSeconds
  nonNegative(deadline, 'spec.progressDeadlineSeconds', causes)
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    causes.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')
  }
}

function validateStrategy(strategy: Loose, causes: Causes): void {
  const { type = '', rollingUpdate } = strategy
  const path = 'spec.strategy.rollingUpdate'
  if (type === 'Recreate') {
    if (rollingUpdate === undefined) return
    causes.forbidden(path, "may not be specified when strategy `type` is 'Recreate'")
  } else if (type === 'RollingUpdate') {
    if (rollingUpdate === undefined) {
      causes.required(path, 'this should be defaulted and never be nil')
    } else validateRollingUpdate(rollingUpdate, path, causes)
  } else {
    // Upstream names the strategy, and writes it as Go names its fields.
    const value = { Type: type, RollingUpdate: inGo(rollingUpdate) }
    causes.notSupported('spec.strategy', value, ['Recreate', 'RollingUpdate'])
  }
}

function inGo(rollingUpdate: Loose | undefined): unknown {
  if (rollingUpdate === undefined) return null
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate
  return { MaxUnavailable: maxUnavailable, MaxSurge: maxSurge }
}

function validateRollingUpdate(
  { maxUnavailable, maxSurge }: Loose,
  path: string,
  causes: Causes,
): void {
  countOrShare(maxUnavailable, `${path}.maxUnavailable`, causes)
  countOrShare(maxSurge, `${path}.maxSurge`, causes)
  if (numberOf(maxUnavailable) === 0 && numberOf(maxSurge) === 0) {
    const text = 'may not be 0 when `maxSurge` is 0'
    causes.invalid(`${path}.maxUnavailable`, maxUnavailable ?? 0, text)
  }
  notAboveWhole(maxUnavailable, `${path}.maxUnavailable`, causes)
}

export function validateReplicaSet({ spec = {} }: KubeObject, causes: Causes): void {
  nonNegative(spec.replicas, 'spec.replicas', causes)
  nonNegative(spec.minReadySeconds, 'spec.minReadySeconds', causes)
  validateSelectorAndTemplate(spec, causes)
}

/** Upstream says "deployment" of both. */
function validateSelectorAndTemplate(spec: Loose, causes: Causes): void {
  const { selector, template } = spec
  const [path, at] = ['spec.selector', 'spec.template']
  validateOwnSelector(selector, path, 'deployment', causes)
  if (selector !== undefined && !isUsable(selector)) {
    causes.invalid(path, selectorValue(selector), 'invalid label selector')
    return
  }
  validateMatch(selector, template, at, causes)
  validateTemplate(template, at, causes)
  validateEndless(template, at, 'ReplicaSet', causes)
}

/** The selector of a workload stays. */
export function validateSelectorUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  if (semanticEqual(next.spec?.selector, old.spec?.selector)) return
  causes.invalid('spec.selector', next.spec?.selector ?? null, immutableText)
}

export function validateControllerRevision(object: KubeObject, causes: Causes): void {
  nonNegative(object.revision, 'revision', causes)
  if (object.data === undefined || object.data === null) {
    causes.required('data', 'data is mandatory')
  } else if (!isRecord(object.data)) causes.required('data', 'data must be a valid JSON object')
}

export function validateControllerRevisionUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  if (!semanticEqual(next.data, old.data)) causes.invalid('data', next.data, immutableText)
}
