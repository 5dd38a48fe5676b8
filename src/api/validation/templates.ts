import type { LabelSelector } from '../objects.ts'
import { matchesLabels, selectorOf } from '../selectors.ts'
import type { Causes } from './causes.ts'
import { inOrder, type Loose } from './loose.ts'
import { validateAnnotations, validateLabels } from './metadata.ts'
import { labelValueErrors, qualifiedNameErrors } from './names.ts'
import { validatePodSpec } from './pod.ts'
import { validatePodAnnotations } from './pod-annotations.ts'
import { oneOf } from './rules.ts'
import { validateLabelSelector } from './selector.ts'

/** Templates of pods. Source: kubernetes pkg/apis/core/validation ValidatePodTemplateSpec. */
export function validateTemplate(template: Loose, path: string, causes: Causes): void {
  const { metadata = {}, spec = {} } = template ?? {}
  validateTemplateMetadata(metadata, spec, path, causes)
  validatePodSpec(spec, `${path}.spec`, causes)
  if (spec.ephemeralContainers?.length) {
    const text = 'ephemeral containers not allowed in pod template'
    causes.forbidden(`${path}.spec.ephemeralContainers`, text)
  }
}

/** Upstream names labels and annotations without the metadata. */
export function validateTemplateMetadata(
  metadata: Loose,
  spec: Loose,
  path: string,
  causes: Causes,
): void {
  validateLabels(metadata.labels, `${path}.labels`, causes)
  validateAnnotations(metadata.annotations, `${path}.annotations`, causes)
  validatePodAnnotations(metadata.annotations, spec, `${path}.annotations`, causes)
}

/** What a workload that never ends wants of its pods; `kind` is how upstream calls it. */
export function validateEndless(template: Loose, path: string, kind: string, causes: Causes): void {
  const { restartPolicy = '', activeDeadlineSeconds } = template?.spec ?? {}
  oneOf(restartPolicy, `${path}.spec.restartPolicy`, ['Always'], causes)
  if (activeDeadlineSeconds === undefined) return
  const text = `activeDeadlineSeconds in ${kind} is not Supported`
  causes.forbidden(`${path}.spec.activeDeadlineSeconds`, text)
}

/** The selector must select what the template makes. */
export function validateMatch(
  selector: LabelSelector | undefined,
  template: Loose,
  path: string,
  causes: Causes,
): void {
  const labels = template?.metadata?.labels
  // No selector matches nothing, an empty one everything.
  if (matchesLabels(selectorOf(selector), labels)) return
  const text = '`selector` does not match template `labels`'
  causes.invalid(`${path}.metadata.labels`, inOrder(labels) ?? null, text)
}

/** A selector that must say something; `kind` is how upstream calls the workload. */
export function validateOwnSelector(
  selector: LabelSelector | undefined,
  path: string,
  kind: string,
  causes: Causes,
): void {
  if (selector === undefined) causes.required(path)
  else {
    validateLabelSelector(selector, path, causes)
    if (isEmptySelector(selector)) {
      causes.invalid(path, selectorValue(selector), `empty selector is invalid for ${kind}`)
    }
  }
}

/** As Go writes it: what is empty is not there, and keys are in order. */
export function selectorValue({ matchLabels, matchExpressions }: LabelSelector): LabelSelector {
  return {
    ...(Object.keys(matchLabels ?? {}).length > 0 ? { matchLabels: inOrder(matchLabels) } : {}),
    ...(matchExpressions?.length ? { matchExpressions } : {}),
  }
}

export function isEmptySelector(selector: LabelSelector): boolean {
  const labels = Object.keys(selector.matchLabels ?? {}).length
  return labels + (selector.matchExpressions ?? []).length === 0
}

/** Whether it says what to select. Source: meta/v1 LabelSelectorAsSelector. */
export function isUsable({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean {
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
