import type { Pod } from '../objects.ts'
import { ownValue } from '../own.ts'
import { semanticEqual } from '../semantic.ts'
import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { validatePodAnnotationsUpdate } from './pod-annotations.ts'

/** What an update of a pod may change. Source: pkg/apis/core/validation ValidatePodUpdate. */

const immutableText =
  'pod updates may not change fields other than ' +
  '`spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` ' +
  '(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow ' +
  'it to be set to 1 if it was previously negative)'

const lists = ['containers', 'initContainers'] as const

/** Images, a deadline, more tolerations, fewer gates. */
export function validatePodUpdate(next: Pod, old: Pod, causes: Causes): void {
  validatePodAnnotationsUpdate(next.metadata.annotations, old.metadata.annotations, causes)
  const [now, was]: [Loose, Loose] = [next.spec ?? {}, old.spec ?? {}]
  for (const list of lists) {
    if ((now[list]?.length ?? 0) !== (was[list]?.length ?? 0)) {
      causes.forbidden(`spec.${list}`, 'pod updates may not add or remove containers')
      return
    }
    each(now[list] as Loose[], `spec.${list}`, ({ image = '' }, at) => {
      if (image === '') causes.required(`${at}.image`)
      if (image === image.trim()) return
      const text = 'must not have leading or trailing whitespace'
      causes.invalid(`${at}.image`, image, text)
    })
  }
  if (!validateDeadline(now, was, causes)) return
  validateTolerations(now, was, causes)
  validateGates(now, was, causes)
  const munged = masked(now, was)
  if ((was.schedulingGates ?? []).length > 0) allowOfGated(munged, was, causes)
  if (!semanticEqual(munged, was)) causes.forbidden('spec', immutableText)
}

const deadlineMax = 2 ** 31 - 1

/** A deadline may be set once, and lowered; false: nothing else is said. */
function validateDeadline(next: Loose, old: Loose, causes: Causes): boolean {
  const field = 'spec.activeDeadlineSeconds'
  const [now, was] = [next.activeDeadlineSeconds, old.activeDeadlineSeconds]
  if (now === undefined) {
    if (was === undefined) return true
    causes.invalid(field, null, 'must not update from a positive integer to nil value')
    return true
  }
  if (now < 0 || now > deadlineMax) {
    causes.invalid(field, now, `must be between 0 and ${deadlineMax}, inclusive`)
    return false
  }
  if (was === undefined || now <= was) return true
  causes.invalid(field, now, 'must be less than or equal to previous value')
  return false
}

function validateTolerations(next: Loose, old: Loose, causes: Causes): void {
  const unhurried = ({ tolerationSeconds: _seconds, ...rest }: Loose) => rest
  const now: unknown[] = (next.tolerations ?? []).map(unhurried)
  const isKept = (one: Loose) => now.some(other => semanticEqual(unhurried(one), other))
  if ((old.tolerations ?? []).every(isKept)) return
  const text = 'existing toleration can not be modified except its tolerationSeconds'
  causes.forbidden('spec.tolerations', text)
}

function validateGates(next: Loose, old: Loose, causes: Causes): void {
  const was = new Set((old.schedulingGates ?? []).map((one: Loose) => one.name))
  each(next.schedulingGates as Loose[], 'spec.schedulingGates', ({ name }, at) => {
    if (was.has(name)) return
    const text = `only deletion is allowed, but found new scheduling gate '${name}'`
    causes.forbidden(`${at}.name`, text)
  })
}

/** `spec` with what may change put back to what it was. */
function masked(spec: Loose, old: Loose): Loose {
  const result: Loose = {
    ...spec,
    tolerations: old.tolerations,
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
  }
  for (const list of lists) {
    result[list] = spec[list]?.map((one: Loose, index: number) => ({
      ...one,
      image: old[list]?.[index]?.image,
    }))
  }
  const wasNegative = (old.terminationGracePeriodSeconds ?? 0) < 0
  if (wasNegative && spec.terminationGracePeriodSeconds === 1) {
    result.terminationGracePeriodSeconds = old.terminationGracePeriodSeconds
  }
  return result
}

const required = 'requiredDuringSchedulingIgnoredDuringExecution'

/** A pod that nobody schedules yet may be narrowed down. */
function allowOfGated(spec: Loose, old: Loose, causes: Causes): void {
  const [labels, before] = [spec.nodeSelector ?? {}, old.nodeSelector ?? {}]
  if (Object.entries(before).some(([key, value]) => ownValue(labels, key) !== value)) {
    const text = 'only additions to spec.nodeSelector are allowed (no mutations or deletions)'
    causes.invalid('spec.nodeSelector', spec.nodeSelector ?? null, text)
  }
  spec.nodeSelector = old.nodeSelector
  const [now, was] = [spec.affinity?.nodeAffinity, old.affinity?.nodeAffinity]
  if (semanticEqual(now, was)) return
  validateAffinityMutation(now, was, causes)
  const { podAffinity, podAntiAffinity } = spec.affinity ?? {}
  const isBare = podAffinity === undefined && podAntiAffinity === undefined
  if (old.affinity === undefined && isBare) spec.affinity = undefined
  else spec.affinity = { ...spec.affinity, nodeAffinity: was }
}

function validateAffinityMutation(now: Loose, was: Loose, causes: Causes): void {
  const before: Loose[] = was?.[required]?.nodeSelectorTerms ?? []
  if (before.length === 0) return
  const terms: Loose[] = now?.[required]?.nodeSelectorTerms ?? []
  const path = `spec.affinity.nodeAffinity.${required}.nodeSelectorTerms`
  if (terms.length !== before.length) {
    const text = 'no additions/deletions to non-empty NodeSelectorTerms list are allowed'
    causes.invalid(path, terms, text)
    return
  }
  each(before, path, (old, at, index) => {
    const term = terms[index]
    const isKept = ['matchExpressions', 'matchFields'].every(list =>
      isPrefix(old[list] ?? [], term[list] ?? []),
    )
    const isEmpty = !old.matchExpressions?.length && !old.matchFields?.length
    const isFilled = Boolean(term.matchExpressions?.length || term.matchFields?.length)
    if (isKept && !(isEmpty && isFilled)) return
    causes.invalid(at, term, 'only additions are allowed (no mutations or deletions)')
  })
}

function isPrefix(old: readonly unknown[], now: readonly unknown[]): boolean {
  return semanticEqual(now.slice(0, old.length), old)
}
