import { ownValue } from '../own.ts'
import type { Causes } from './causes.ts'
import type { Loose } from './loose.ts'
import { validateDescendingPath } from './paths.ts'
import { eachContainer } from './pod-host.ts'

/** Annotations that mean something. Source: ValidatePodSpecificAnnotations of core's validation. */

type Annotations = Readonly<Record<string, string>> | undefined

const mirror = 'kubernetes.io/config.mirror'
const deletionCost = 'controller.kubernetes.io/pod-deletion-cost'
const seccompPod = 'seccomp.security.alpha.kubernetes.io/pod'
const seccompContainer = 'container.seccomp.security.alpha.kubernetes.io/'
const appArmor = 'container.apparmor.security.beta.kubernetes.io/'

export function validatePodAnnotations(
  annotations: Annotations,
  spec: Loose,
  path: string,
  causes: Causes,
): void {
  const mirrored = ownValue(annotations, mirror)
  if (mirrored !== undefined && !spec.nodeName) {
    const text = 'must set spec.nodeName if mirror pod annotation is set'
    causes.invalid(`${path}[${mirror}]`, mirrored, text)
  }
  const cost = ownValue(annotations, deletionCost)
  if (cost !== undefined && !isInt32(cost)) {
    causes.invalid(`${path}[${deletionCost}]`, cost, 'must be a 32bit integer')
  }
  for (const [key, profile] of Object.entries(annotations ?? {})) {
    if (key === seccompPod || key.startsWith(seccompContainer)) {
      validateSeccomp(profile, `${path}.${key}`, causes)
    }
    if (key.startsWith(appArmor)) validateAppArmor(key, profile, spec, path, causes)
  }
}

/** No plus, no zeros in front. Source: core/helper GetDeletionCostFromPodAnnotations. */
function isInt32(text: string): boolean {
  if (!/^-?(0|[1-9][0-9]*)$/.test(text)) return false
  return Number(text) >= -(2 ** 31) && Number(text) < 2 ** 31
}

const seccompProfiles = ['runtime/default', 'docker/default', 'unconfined']
const localProfile = 'localhost/'

function validateSeccomp(profile: string, path: string, causes: Causes): void {
  if (seccompProfiles.includes(profile)) return
  if (profile.startsWith(localProfile)) {
    validateDescendingPath(profile.slice(localProfile.length), path, causes)
  } else causes.invalid(path, profile, 'must be a valid seccomp profile')
}

function validateAppArmor(
  key: string,
  profile: string,
  spec: Loose,
  path: string,
  causes: Causes,
): void {
  const name = key.slice(appArmor.length)
  let isThere = false
  eachContainer(spec, '', one => {
    if (one.name === name) isThere = true
  })
  if (!isThere) causes.invalid(`${path}[${key}]`, name, 'container not found')
  const isKnown = ['', 'runtime/default', 'unconfined'].includes(profile)
  if (isKnown || profile.startsWith(localProfile)) return
  causes.invalid(
    `${path}[${key}]`,
    profile,
    `invalid AppArmor profile name: ${JSON.stringify(profile)}`,
  )
}

const frozen: readonly (readonly [(key: string) => boolean, string])[] = [
  [key => key.startsWith(appArmor), 'AppArmor annotations'],
  [key => key === mirror, 'mirror pod annotation'],
]

/** Source: ValidatePodSpecificAnnotationUpdates. */
export function validatePodAnnotationsUpdate(
  next: Annotations,
  old: Annotations,
  causes: Causes,
): void {
  for (const key of new Set([...Object.keys(old ?? {}), ...Object.keys(next ?? {})])) {
    const [now, was] = [ownValue(next, key), ownValue(old, key)]
    if (now === was) continue
    for (const [is, what] of frozen) {
      const verb = was === undefined ? 'add' : 'remove or update'
      if (is(key)) causes.forbidden(`metadata.annotations[${key}]`, `may not ${verb} ${what}`)
    }
  }
}
