import { isDeepStrictEqual } from 'node:util'
import type { Deployment, LabelSelector, PodTemplateSpec, ReplicaSet } from '../objects.ts'
import { isRecord } from '../patch/merge.ts'
import { matchesLabels, selectorOf } from '../selectors.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { validateLabels } from './metadata.ts'
import { labelValueErrors, qualifiedNameErrors } from './names.ts'
import { validatePodSpec } from './pod.ts'
import { validateLabelSelector } from './selector.ts'

/** Source of all: kubernetes pkg/apis/apps/validation/validation.go. */

export function validateDeployment({ spec }: Deployment, causes: Causes): void {
  nonNegative(spec?.replicas, 'spec.replicas', causes)
  validateSelectorAndTemplate(spec?.selector, spec?.template, causes)
  if (spec === undefined) return
  validateStrategy(spec, causes)
  nonNegative(spec.minReadySeconds, 'spec.minReadySeconds', causes)
  nonNegative(spec.revisionHistoryLimit, 'spec.revisionHistoryLimit', causes)
  nonNegative(spec.progressDeadlineSeconds, 'spec.progressDeadlineSeconds', causes)
  const deadline = spec.progressDeadlineSeconds
  if (deadline !== undefined && deadline <= (spec.minReadySeconds ?? 0)) {
    causes.invalid('spec.progressDeadlineSeconds', deadline, 'must be greater than minReadySeconds')
  }
}

function validateStrategy(spec: Deployment['spec'], causes: Causes): void {
  const { type, rollingUpdate } = spec.strategy ?? {}
  if (type !== 'Recreate' && type !== 'RollingUpdate') {
    causes.notSupported('spec.strategy.type', type ?? '', ['Recreate', 'RollingUpdate'])
  }
  if (type === 'Recreate' && rollingUpdate) {
    causes.forbidden(
      'spec.strategy.rollingUpdate',
      "may not be specified when strategy `type` is 'Recreate'",
    )
  }
  for (const name of ['maxUnavailable', 'maxSurge'] as const) {
    validateShare(rollingUpdate?.[name], `spec.strategy.rollingUpdate.${name}`, causes)
  }
  const most = rollingUpdate?.maxUnavailable
  if (typeof most === 'string' && /^[0-9]+%$/.test(most) && Number(most.slice(0, -1)) > 100) {
    const field = 'spec.strategy.rollingUpdate.maxUnavailable'
    causes.invalid(field, most, 'must not be greater than 100%')
  }
  const zero = (value: unknown) => value === 0 || /^0+%$/.test(String(value))
  if (rollingUpdate && zero(rollingUpdate.maxUnavailable) && zero(rollingUpdate.maxSurge)) {
    causes.invalid(
      'spec.strategy.rollingUpdate.maxUnavailable',
      rollingUpdate.maxUnavailable,
      'may not be 0 when `maxSurge` is 0',
    )
  }
}

export function validateReplicaSet({ spec }: ReplicaSet, causes: Causes): void {
  nonNegative(spec?.replicas, 'spec.replicas', causes)
  nonNegative(spec?.minReadySeconds, 'spec.minReadySeconds', causes)
  validateSelectorAndTemplate(spec?.selector, spec?.template, causes)
}

function validateShare(value: unknown, field: string, causes: Causes): void {
  if (value === undefined) return
  if (typeof value === 'number') nonNegative(value, field, causes)
  else if (!/^[0-9]+%$/.test(String(value))) {
    causes.invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. " +
        "'1%',  or '93%', regex used for validation is '[0-9]+%')",
    )
  }
}

function nonNegative(value: number | undefined, field: string, causes: Causes): void {
  if ((value ?? 0) < 0) causes.invalid(field, value, 'must be greater than or equal to 0')
}

function validateSelectorAndTemplate(
  selector: LabelSelector | undefined,
  template: PodTemplateSpec | undefined,
  causes: Causes,
): void {
  const path = 'spec.selector'
  if (selector === undefined) causes.required(path)
  else {
    validateLabelSelector(selector, path, causes)
    if (isEmpty(selector)) causes.invalid(path, {}, 'empty selector is invalid for deployment')
    if (!isUsable(selector)) {
      causes.invalid(path, selector, 'invalid label selector')
      return
    }
  }
  const labels = template?.metadata?.labels
  // No selector matches nothing, an empty one everything.
  const fits = selector !== undefined && matchesLabels(selectorOf(selector), labels)
  if (!fits) {
    causes.invalid(
      'spec.template.metadata.labels',
      labels ?? null,
      '`selector` does not match template `labels`',
    )
  }
  validateLabels(labels, 'spec.template.labels', causes)
  if (template?.spec === undefined) {
    causes.required('spec.template.spec.containers')
    return
  }
  validatePodSpec(template.spec, 'spec.template.spec', causes)
  if (template.spec.restartPolicy !== 'Always') {
    causes.notSupported('spec.template.spec.restartPolicy', template.spec.restartPolicy, ['Always'])
  }
  if (template.spec.activeDeadlineSeconds !== undefined) {
    causes.forbidden(
      'spec.template.spec.activeDeadlineSeconds',
      'activeDeadlineSeconds in ReplicaSet is not Supported',
    )
  }
}

function isEmpty(selector: LabelSelector): boolean {
  const labels = Object.keys(selector.matchLabels ?? {}).length
  return labels + (selector.matchExpressions ?? []).length === 0
}

/** Whether it says what to select. Source: meta/v1 LabelSelectorAsSelector. */
function isUsable({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
  const isLabel = (key: string, values: readonly string[]) =>
    qualifiedNameErrors(key).length + values.flatMap(labelValueErrors).length === 0
  return (
    Object.entries(matchLabels).every(([key, value]) => isLabel(key, [value])) &&
    matchExpressions.every(
      ({ operator, key = '', values = [] }) =>
        isLabel(key, values) &&
        (operator === 'In' || operator === 'NotIn'
          ? values.length > 0
          : (operator === 'Exists' || operator === 'DoesNotExist') && values.length === 0),
    )
  )
}

/** The selector of a Deployment or ReplicaSet stays. */
export function validateSelectorUpdate(next: KubeObject, old: KubeObject, causes: Causes): void {
  if (!isDeepStrictEqual(next.spec?.selector, old.spec?.selector)) {
    causes.invalid('spec.selector', next.spec?.selector, 'field is immutable')
  }
}

export function validateControllerRevision(object: KubeObject, causes: Causes): void {
  if (object.data === undefined) causes.required('data', 'data is mandatory')
  else if (!isRecord(object.data)) causes.required('data', 'data must be a valid JSON object')
  if ((object.revision ?? 0) < 0) {
    causes.invalid('revision', object.revision, 'must be greater than or equal to 0')
  }
}

export function validateControllerRevisionUpdate(
  next: KubeObject,
  old: KubeObject,
  causes: Causes,
): void {
  if (!isDeepStrictEqual(next.data, old.data)) {
    causes.invalid('data', next.data, 'field is immutable')
  }
}
