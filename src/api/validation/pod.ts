import { isDeepStrictEqual } from 'node:util'
import type { Pod, PodSpec, Toleration } from '../objects.ts'
import type { Causes } from './causes.ts'
import { validateContainers, validateRestartPolicies } from './containers.ts'
import {
  dnsLabelErrors,
  dnsSubdomainErrors,
  labelValueErrors,
  qualifiedNameErrors,
} from './names.ts'
import { validatePlacement } from './placement.ts'
import { validateDnsConfig, validateHostAliases, validateSecurityContext } from './pod-settings.ts'
import { validateVolumes } from './volumes.ts'

/** Source of all: kubernetes pkg/apis/core/validation/validation.go. */

/** A new pod, and every later state of it. */
export function validatePod(pod: Pod, causes: Causes): void {
  if (pod.spec === undefined) {
    causes.required('spec.containers')
    return
  }
  validatePodSpec(pod.spec, 'spec', causes)
}

/** The spec of a pod or of a template at `path`. */
export function validatePodSpec(spec: PodSpec, path: string, causes: Causes): void {
  const volumes = validateVolumes(spec, path, causes)
  const names = new Set<string>()
  if (!spec.containers?.length) causes.required(`${path}.containers`)
  validateContainers(spec.containers ?? [], `${path}.containers`, volumes, names, causes)
  validateContainers(spec.initContainers ?? [], `${path}.initContainers`, volumes, names, causes)
  validateRestartPolicies(spec.initContainers ?? [], `${path}.initContainers`, causes)
  const policies = ['Always', 'OnFailure', 'Never']
  if (!policies.includes(spec.restartPolicy ?? '')) {
    causes.notSupported(`${path}.restartPolicy`, spec.restartPolicy ?? '', policies)
  }
  const dns = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
  if (!dns.includes(spec.dnsPolicy ?? '')) {
    causes.notSupported(`${path}.dnsPolicy`, spec.dnsPolicy ?? '', dns)
  }
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    causes.invalid(
      `${path}.terminationGracePeriodSeconds`,
      spec.terminationGracePeriodSeconds,
      'must be greater than or equal to 0',
    )
  }
  const deadline = spec.activeDeadlineSeconds
  if (deadline !== undefined && (deadline < 1 || deadline > deadlineSecondsMax)) {
    causes.invalid(
      `${path}.activeDeadlineSeconds`,
      spec.activeDeadlineSeconds,
      'must be between 1 and 2147483647, inclusive',
    )
  }
  for (const [key, value] of Object.entries(spec.nodeSelector ?? {})) {
    for (const text of qualifiedNameErrors(key)) causes.invalid(`${path}.nodeSelector`, key, text)
    for (const text of labelValueErrors(value)) causes.invalid(`${path}.nodeSelector`, value, text)
  }
  const texts = [
    ['serviceAccountName', dnsSubdomainErrors],
    ['nodeName', dnsSubdomainErrors],
    ['hostname', dnsLabelErrors],
    ['subdomain', dnsLabelErrors],
  ] as const
  for (const [field, rule] of texts) {
    const value = spec[field]
    if (value) for (const text of rule(value)) causes.invalid(`${path}.${field}`, value, text)
  }
  validateSecurityContext(spec, `${path}.securityContext`, causes)
  validatePlacement(spec, path, causes)
  validateTolerations(spec.tolerations ?? [], `${path}.tolerations`, causes)
  validateHostAliases(spec, `${path}.hostAliases`, causes)
  validateDnsConfig(spec, `${path}.dnsConfig`, causes)
}

const deadlineSecondsMax = 2 ** 31 - 1

function validateTolerations(list: readonly Toleration[], path: string, causes: Causes): void {
  for (const [index, one] of list.entries()) {
    const at = `${path}[${index}]`
    if (one.key)
      for (const text of qualifiedNameErrors(one.key)) causes.invalid(`${at}.key`, one.key, text)
    if (!one.key && one.operator !== 'Exists') {
      causes.invalid(
        `${at}.operator`,
        one.operator ?? '',
        'operator must be Exists when `key` is empty, which means "match all values and all keys"',
      )
    }
    if (one.operator && !['Equal', 'Exists'].includes(one.operator)) {
      causes.notSupported(`${at}.operator`, one.operator, ['Equal', 'Exists'])
    }
    if (one.operator === 'Exists' && one.value) {
      causes.invalid(`${at}.operator`, one.value, "value must be empty when `operator` is 'Exists'")
    }
    const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute']
    if (one.effect && !effects.includes(one.effect)) {
      causes.notSupported(`${at}.effect`, one.effect, effects)
    }
    if (one.tolerationSeconds !== undefined && one.effect !== 'NoExecute') {
      causes.invalid(
        `${at}.effect`,
        one.effect ?? '',
        "effect must be 'NoExecute' when `tolerationSeconds` is set",
      )
    }
  }
}

const immutableText =
  'pod updates may not change fields other than ' +
  '`spec.containers[*].image`,`spec.initContainers[*].image`,' +
  '`spec.activeDeadlineSeconds`,`spec.tolerations` ' +
  '(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow ' +
  'it to be set to 1 if it was previously negative)'

/** What an update of a pod may change: images, a deadline, more tolerations. */
export function validatePodUpdate(next: Pod, old: Pod, causes: Causes): void {
  const before = masked(next.spec, old.spec)
  if (!isDeepStrictEqual(before, { ...old.spec })) causes.forbidden('spec', immutableText)
  validateDeadlineUpdate(next.spec, old.spec, causes)
  const unhurried = ({ tolerationSeconds: _seconds, ...rest }: Toleration) => rest
  const now = (next.spec.tolerations ?? []).map(unhurried)
  const kept = (old.spec.tolerations ?? []).every(one =>
    now.some(other => isDeepStrictEqual(unhurried(one), other)),
  )
  if (!kept)
    causes.forbidden(
      'spec.tolerations',
      'existing toleration can not be modified except its tolerationSeconds',
    )
  const oldGates = new Set((old.spec.schedulingGates ?? []).map(one => one.name))
  for (const [index, { name }] of (next.spec.schedulingGates ?? []).entries()) {
    if (!oldGates.has(name)) {
      causes.forbidden(
        `spec.schedulingGates[${index}].name`,
        'only deletion is allowed, but found new scheduling gate',
      )
    }
  }
}

/** A deadline may be set once, and lowered. Source: ValidatePodUpdate. */
function validateDeadlineUpdate(next: PodSpec, old: PodSpec, causes: Causes): void {
  const field = 'spec.activeDeadlineSeconds'
  const [now, was] = [next.activeDeadlineSeconds, old.activeDeadlineSeconds]
  if (was === undefined) return
  if (now === undefined) {
    causes.invalid(field, null, 'must not update from a positive integer to nil value')
  } else if (now > was) {
    causes.invalid(field, now, 'must be less than or equal to previous value')
  }
}

/** `spec` with what may change put back to what it was. */
function masked(spec: PodSpec, old: PodSpec): PodSpec {
  const images = (now: PodSpec['containers'] | undefined, was: PodSpec['containers'] | undefined) =>
    now?.map((one, index) => ({ ...one, image: was?.[index]?.image }))
  const result: PodSpec = {
    ...spec,
    containers: images(spec.containers, old.containers) ?? [],
    initContainers: images(spec.initContainers, old.initContainers),
    tolerations: old.tolerations,
    activeDeadlineSeconds: old.activeDeadlineSeconds,
    schedulingGates: old.schedulingGates,
    ...((old.terminationGracePeriodSeconds ?? 0) < 0 && spec.terminationGracePeriodSeconds === 1
      ? { terminationGracePeriodSeconds: old.terminationGracePeriodSeconds }
      : {}),
  }
  for (const key of Object.keys(result)) {
    if (!Object.hasOwn(old, key) && result[key as keyof PodSpec] === undefined) {
      delete result[key as keyof PodSpec]
    }
  }
  return result
}
