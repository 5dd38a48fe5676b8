import type { Pod } from '../objects.ts'
import type { ObjectMeta } from '../types.ts'
import type { Causes } from './causes.ts'
import {
  claimNamesOf,
  type PodParts,
  validateContainers,
  validateEphemeralContainers,
  validateImageSpace,
  validateInitContainers,
  validateResourceClaims,
} from './containers.ts'
import { each, type Loose } from './loose.ts'
import { validateLabels } from './metadata.ts'
import { dnsLabelErrors, dnsSubdomainErrors, qualifiedNameErrors } from './names.ts'
import { validatePlacement } from './placement.ts'
import { validatePodAnnotations } from './pod-annotations.ts'
import { validateHost, validateOs } from './pod-host.ts'
import { validatePodResources } from './pod-resources.ts'
import { validateDnsConfig, validateHostAliases, validatePodSecurity } from './pod-settings.ts'
import { chosen, judged, oneOf } from './rules.ts'
import { validateTolerations } from './tolerations.ts'
import { validateVolumes } from './volumes.ts'

/** Source of all: kubernetes pkg/apis/core/validation/validation.go. */

/** A pod in every state. Source: validatePodMetadataAndSpec. */
export function validatePod(pod: Pod, causes: Causes): void {
  const spec: Loose = pod.spec ?? {}
  validatePodAnnotations(pod.metadata.annotations, spec, 'metadata.annotations', causes)
  validatePodSpec(spec, 'spec', causes, pod.metadata)
  if (!spec.serviceAccountName) {
    each(spec.volumes as Loose[], 'spec.volumes', ({ projected }, at) =>
      each(projected?.sources as Loose[], `${at}.projected.sources`, (source, here) => {
        if (source.serviceAccountToken === undefined) return
        const text = 'must not be specified when serviceAccountName is not set'
        causes.forbidden(`${here}.serviceAccountToken`, text)
      }),
    )
  }
  for (const list of ['containers', 'initContainers']) {
    each(spec[list] as Loose[], `spec.${list}`, (one, at) => validateImageSpace(one, at, causes))
  }
}

/** A pod that is new. Source: ValidatePodCreate. */
export function validateNewPod({ spec }: Pod, causes: Causes): void {
  if (spec?.ephemeralContainers?.length) {
    causes.forbidden('spec.ephemeralContainers', 'cannot be set on create')
  }
  if (spec?.nodeName && spec.schedulingGates?.length) {
    const text = 'cannot be set until all schedulingGates have been cleared'
    causes.forbidden('spec.nodeName', text)
  }
}

const restartPolicies = ['Always', 'OnFailure', 'Never']
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None']
const preemptionPolicies = ['PreemptLowerPriority', 'Never']
const deadlineSecondsMax = 2 ** 31 - 1

const names: readonly (readonly [string, (value: string) => string[]])[] = [
  ['serviceAccountName', dnsSubdomainErrors],
  ['nodeName', dnsSubdomainErrors],
  ['hostname', dnsLabelErrors],
  ['subdomain', dnsLabelErrors],
  ['priorityClassName', dnsSubdomainErrors],
]

/** The spec of a pod, or, without `metadata`, of a template at `path`. */
export function validatePodSpec(
  spec: Loose,
  path: string,
  causes: Causes,
  metadata?: ObjectMeta,
): void {
  const graceSeconds: number | undefined = spec.terminationGracePeriodSeconds
  if (graceSeconds === undefined) causes.required(`${path}.terminationGracePeriodSeconds`)
  const parts: PodParts = {
    volumes: validateVolumes(spec.volumes, metadata, `${path}.volumes`, causes),
    podClaims: claimNamesOf(spec),
    graceSeconds,
    restartPolicy: spec.restartPolicy ?? '',
    hasHostUsers: spec.hostUsers !== false,
  }
  validateResourceClaims(spec, `${path}.resourceClaims`, causes)
  validateContainers(spec.containers, `${path}.containers`, parts, causes)
  validateInitContainers(spec, `${path}.initContainers`, parts, causes)
  validateEphemeralContainers(spec, `${path}.ephemeralContainers`, parts, causes)
  validatePodResources(spec, `${path}.resources`, causes)
  chosen(spec.restartPolicy, `${path}.restartPolicy`, restartPolicies, causes)
  chosen(spec.dnsPolicy, `${path}.dnsPolicy`, dnsPolicies, causes)
  validateLabels(spec.nodeSelector, `${path}.nodeSelector`, causes)
  validatePodSecurity(spec, `${path}.securityContext`, causes)
  validatePlacement(spec, path, causes)
  validateDnsConfig(spec, `${path}.dnsConfig`, causes)
  validateGates(spec, path, causes)
  validateHost(spec, path, metadata !== undefined, causes)
  for (const [field, rule] of names) {
    if (spec[field]) judged(spec[field], `${path}.${field}`, rule, causes)
  }
  const { activeDeadlineSeconds: deadline, runtimeClassName } = spec
  if (deadline !== undefined && (deadline < 1 || deadline > deadlineSecondsMax)) {
    const text = `must be between 1 and ${deadlineSecondsMax}, inclusive`
    causes.invalid(`${path}.activeDeadlineSeconds`, deadline, text)
  }
  validateTolerations(spec.tolerations, `${path}.tolerations`, causes)
  validateHostAliases(spec.hostAliases, `${path}.hostAliases`, causes)
  if (runtimeClassName !== undefined) {
    judged(runtimeClassName, `${path}.runtimeClassName`, dnsSubdomainErrors, causes)
  }
  if (spec.preemptionPolicy !== undefined) {
    chosen(spec.preemptionPolicy, `${path}.preemptionPolicy`, preemptionPolicies, causes)
  }
  validateOs(spec, path, causes)
  validateFileVariables(spec, path, causes)
}

function validateGates(spec: Loose, path: string, causes: Causes): void {
  each(spec.readinessGates as Loose[], `${path}.readinessGates`, ({ conditionType = '' }, at) =>
    judged(conditionType, `${at}.conditionType`, qualifiedNameErrors, causes),
  )
  const seen = new Set<string>()
  each(spec.schedulingGates as Loose[], `${path}.schedulingGates`, ({ name = '' }, at) => {
    judged(name, at, qualifiedNameErrors, causes)
    if (seen.has(name)) causes.duplicate(at, name)
    seen.add(name)
  })
}

/** Variables of files are read from volumes that are written to. validateFileKeyRefVolumes. */
function validateFileVariables(spec: Loose, path: string, causes: Causes): void {
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    each(spec[list] as Loose[], `${path}.${list}`, ({ env }, at) =>
      each(env as Loose[], `${at}.env`, ({ valueFrom }, here) => {
        if (valueFrom?.fileKeyRef === undefined) return
        const name: string = valueFrom.fileKeyRef.volumeName ?? ''
        const field = `${here}.valueFrom.fileKeyRef.volumeName`
        const volume = (spec.volumes ?? []).find((one: Loose) => one.name === name)
        if (volume === undefined) causes.notFound(field, name)
        else if (volume.emptyDir === undefined) {
          causes.invalid(field, name, 'referenced volume must be of type emptyDir')
        }
      }),
    )
  }
}

/** Not used for templates: policies that a workload's pods must have. */
export function validateRestartsAlways(template: Loose, path: string, causes: Causes): void {
  const policy: string = template?.spec?.restartPolicy ?? ''
  oneOf(policy, `${path}.spec.restartPolicy`, ['Always'], causes)
}
