import { ownValue } from '../own.ts'
import { parseQuantity } from '../quantity.ts'
import type { KubeObject, ObjectMeta } from '../types.ts'
import { claimSpecWarnings } from './claims.ts'
import { each, type Loose } from './loose.ts'
import { dnsLabelErrors } from './names.ts'
import { portWarnings } from './port-warnings.ts'

/**
 * What is accepted in pods, and hardly meant.
 * Source of all: kubernetes pkg/api/pod/warnings.go, pkg/api/node/util.go.
 */

const oldLabels = new Map([
  ['beta.kubernetes.io/arch', 'deprecated since v1.14; use "kubernetes.io/arch" instead'],
  ['beta.kubernetes.io/os', 'deprecated since v1.14; use "kubernetes.io/os" instead'],
  [
    'failure-domain.beta.kubernetes.io/region',
    'deprecated since v1.17; use "topology.kubernetes.io/region" instead',
  ],
  [
    'failure-domain.beta.kubernetes.io/zone',
    'deprecated since v1.17; use "topology.kubernetes.io/zone" instead',
  ],
  [
    'beta.kubernetes.io/instance-type',
    'deprecated since v1.17; use "node.kubernetes.io/instance-type" instead',
  ],
  ['app.kubernetes.io/created-by', 'deprecated since v1.9'],
  [
    'scheduler.alpha.kubernetes.io/preferAvoidPods',
    'deprecated since v1.22; use Taints and Tolerations instead',
  ],
  ['node-role.kubernetes.io/master', 'use "node-role.kubernetes.io/control-plane" instead'],
])

const oldAnnotations = {
  'scheduler.alpha.kubernetes.io/critical-pod':
    'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls':
    'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls':
    'non-functional in v1.11+; use the "sysctls" field instead',
}

const oldVolumes = {
  photonPersistentDisk: 'deprecated in v1.11, non-functional in v1.16+',
  gitRepo: 'deprecated in v1.11, and disabled by default in v1.33+',
  scaleIO: 'deprecated in v1.16, non-functional in v1.22+',
  flocker: 'deprecated in v1.22, non-functional in v1.25+',
  storageos: 'deprecated in v1.22, non-functional in v1.25+',
  quobyte: 'deprecated in v1.22, non-functional in v1.25+',
  glusterfs: 'deprecated in v1.25, non-functional in v1.26+',
  cephfs: 'deprecated in v1.28, non-functional in v1.31+',
  rbd: 'deprecated in v1.28, non-functional in v1.31+',
}

/** How Go calls the field in its path, where that is not its name. */
const goNames: Readonly<Record<string, string>> = { storageos: 'storageOS' }

/** Of a name that pods derive theirs from, and of the template where it is new or changed. */
export function ownerWarnings(
  { metadata, spec }: KubeObject,
  old: KubeObject | undefined,
  isNamed = true,
): string[] {
  if (old === undefined) {
    const named = isNamed ? nameWarnings(metadata, 'in Pod names and hostnames') : []
    return [...named, ...templateWarnings(spec?.template, 'spec.template')]
  }
  if (metadata.generation === old.metadata.generation) return []
  return templateWarnings(spec?.template, 'spec.template')
}

export function nameWarnings({ name = '' }: ObjectMeta, where: string): string[] {
  const wrong = dnsLabelErrors(name)
  if (wrong.length === 0) return []
  const text = `this is used ${where}, which can result in surprising behavior; a DNS label is`
  return [`metadata.name: ${text} recommended: [${wrong.join(' ')}]`]
}

/** Of a new pod; changes of it are nobody's concern. */
export function podWarnings(pod: KubeObject, old: KubeObject | undefined): string[] {
  if (old !== undefined) return []
  const named = nameWarnings(pod.metadata, "in the Pod's hostname")
  return [...named, ...specWarnings(pod.spec ?? {}, pod.metadata, '')]
}

export function templateWarnings(template: Loose | undefined, path: string): string[] {
  return specWarnings(template?.spec ?? {}, template?.metadata ?? {}, `${path}.`)
}

function specWarnings(spec: Loose, metadata: ObjectMeta, prefix: string): string[] {
  const said: string[] = []
  const [at, notes] = [`${prefix}spec`, `${prefix}metadata.annotations`]
  for (const key of Object.keys(spec.nodeSelector ?? {})) {
    const text = oldLabels.get(key)
    if (text !== undefined) said.push(`${at}.nodeSelector[${key}]: ${text}`)
  }
  said.push(...spreadWarnings(spec, at))
  for (const [key, text] of Object.entries(oldAnnotations)) {
    if (ownValue(metadata.annotations, key) !== undefined) said.push(`${notes}[${key}]: ${text}`)
  }
  each(spec.volumes as Loose[], `${at}.volumes`, (volume, path) => {
    for (const [field, text] of Object.entries(oldVolumes)) {
      if (ownValue(volume, field) === undefined) continue
      said.push(`${path}.${ownValue(goNames, field) ?? field}: ${text}`)
    }
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec
    const inner = `${path}.ephemeral.volumeClaimTemplate.spec`
    if (claim) said.push(...claimSpecWarnings(claim, inner))
  })
  said.push(...twiceWarnings(spec, at))
  said.push(...wholeWarnings(spec.overhead, `${at}.overhead`))
  for (const list of ['initContainers', 'containers', 'ephemeralContainers']) {
    each(spec[list] as Loose[], `${at}.${list}`, ({ resources, env }, path) => {
      for (const name of ['memory', 'ephemeral-storage']) {
        for (const kind of ['limits', 'requests']) {
          said.push(...wholeWarning(resources?.[kind], name, `${path}.resources.${kind}`))
        }
      }
      said.push(...envWarnings(env, `${path}.env`))
    })
  }
  said.push(...portWarnings(spec, at))
  if (spec.terminationGracePeriodSeconds < 0) {
    const text = 'must be >= 0; negative values are invalid and will be treated as 1'
    said.push(`${at}.terminationGracePeriodSeconds: ${text}`)
  }
  for (const kind of ['podAffinity', 'podAntiAffinity']) {
    said.push(...affinityWarnings(spec.affinity?.[kind], `${at}.affinity.${kind}`))
  }
  return said
}

const noPods = 'a null labelSelector results in matching no pod'

function spreadWarnings(spec: Loose, path: string): string[] {
  const said: string[] = []
  const rules: readonly Loose[] = spec.topologySpreadConstraints ?? []
  for (const [index, { topologyKey = '', labelSelector }] of rules.entries()) {
    const at = `${path}.topologySpreadConstraints[${index}]`
    const text = oldLabels.get(topologyKey)
    if (text !== undefined) said.push(`${at}.topologyKey: ${topologyKey} is ${text}`)
    if (labelSelector === undefined) said.push(`${at}.labelSelector: ${noPods}`)
  }
  return said
}

function affinityWarnings(affinity: Loose | undefined, path: string): string[] {
  const said: string[] = []
  const [required, preferred] = ['required', 'preferred'].map(
    how => `${how}DuringSchedulingIgnoredDuringExecution`,
  ) as [string, string]
  each(affinity?.[required] as Loose[], `${path}.${required}`, ({ labelSelector }, at) => {
    if (labelSelector === undefined) said.push(`${at}.labelSelector: ${noPods}`)
  })
  each(affinity?.[preferred] as Loose[], `${path}.${preferred}`, ({ podAffinityTerm }, at) => {
    if (podAffinityTerm?.labelSelector !== undefined) return
    said.push(`${at}.podAffinityTerm.labelSelector: ${noPods}`)
  })
  return said
}

/** Hosts and secrets that are there twice, and secrets without a name. */
function twiceWarnings(spec: Loose, path: string): string[] {
  const said: string[] = []
  for (const [list, field] of [
    ['hostAliases', 'ip'],
    ['imagePullSecrets', 'name'],
  ] as const) {
    const seen = new Set<string>()
    each(spec[list] as Loose[], `${path}.${list}`, (one, at) => {
      const value: string = one[field] ?? ''
      const text = JSON.stringify(value)
      if (seen.has(value)) said.push(`${at}.${field}: duplicate ${field} ${text}`)
      seen.add(value)
    })
  }
  each(spec.imagePullSecrets as Loose[], `${path}.imagePullSecrets`, ({ name = '' }, at) => {
    if (name === '') said.push(`${at}.name: invalid empty name ""`)
  })
  return said
}

function wholeWarnings(amounts: Loose | undefined, path: string): string[] {
  return ['memory', 'ephemeral-storage'].flatMap(name => wholeWarning(amounts, name, path))
}

/** There are no parts of bytes. */
function wholeWarning(amounts: Loose | undefined, name: string, path: string): string[] {
  const value = ownValue(amounts as Record<string, string> | undefined, name)
  if (value === undefined || parseQuantity(value).nano % 1_000_000_000n === 0n) return []
  const text = `fractional byte value ${JSON.stringify(value)} is invalid, must be an integer`
  return [`${path}[${name}]: ${text}`]
}

function envWarnings(env: readonly Loose[] | undefined, path: string): string[] {
  const said: string[] = []
  const seen = new Set<string>()
  each(env as Loose[], path, ({ name = '', value = '', valueFrom }, at) => {
    const reference = `$(${name})`
    const isBuiltOn = !valueFrom && value !== reference && value.includes(reference)
    if (seen.has(name) && !isBuiltOn) {
      const text = `hides previous definition of ${JSON.stringify(name)}, which may be dropped when`
      said.push(`${at}: ${text} using apply`)
    }
    seen.add(name)
  })
  return said
}
