import type { Pod } from '../objects.ts'
import { ownValue } from '../own.ts'
import { qosClassOf } from '../qos.ts'
import { semanticEqual } from '../semantic.ts'
import type { Causes } from './causes.ts'
import { each, type Loose } from './loose.ts'
import { validatePod } from './pod.ts'
import { validatePodAnnotationsUpdate } from './pod-annotations.ts'

/** The parts of a pod that have rules of their own. */

const mirror = 'kubernetes.io/config.mirror'
const lists = ['containers', 'initContainers'] as const

/** Source: kubernetes pkg/apis/core/validation ValidatePodEphemeralContainersUpdate. */
export function validateEphemeralUpdate(next: Pod, old: Pod, causes: Causes): void {
  if (ownValue(old.metadata.annotations, mirror) !== undefined) {
    causes.forbidden('', 'static pods do not support ephemeral containers')
    return
  }
  validatePod(next, causes)
  validatePodAnnotationsUpdate(next.metadata.annotations, old.metadata.annotations, causes)
  const now: readonly Loose[] = next.spec.ephemeralContainers ?? []
  for (const before of (old.spec.ephemeralContainers ?? []) as Loose[]) {
    const after = now.find(one => one.name === before.name)
    const what = after === undefined ? 'removed' : 'changed'
    if (after !== undefined && semanticEqual(after, before)) continue
    const text = `existing ephemeral containers "${before.name}" may not be ${what}\n`
    causes.forbidden('spec.ephemeralContainers', text)
  }
}

/** Source: kubernetes pkg/apis/core/validation ValidatePodResize. */
export function validatePodResize(next: Pod, old: Pod, causes: Causes): void {
  const never =
    ownValue(old.metadata.annotations, mirror) !== undefined
      ? 'static pods cannot be resized'
      : (old.spec as Loose).os?.name === 'windows'
        ? 'windows pods cannot be resized'
        : undefined
  if (never !== undefined) {
    causes.forbidden('', never)
    return
  }
  validatePod(next, causes)
  if ((old.status?.qosClass ?? qosClassOf(old)) !== qosClassOf(next)) {
    const text = 'Pod QOS Class may not change as a result of resizing'
    causes.invalid('spec', next.status?.qosClass ?? '', text)
  }
  if (!isResizable(old)) {
    causes.forbidden('spec', 'Pod running on node without support for resize')
  }
  if ([next, old].some(hasPodResources)) {
    const gate = 'InPlacePodLevelResourcesVerticalScalingEnabled'
    const text = `resize of pods with pod-level resources is forbidden when ${gate} feature gate is`
    causes.forbidden('', `${text} disabled`)
    return
  }
  if (hasSameContainers(next, old, causes)) validateSizes(next.spec, old.spec, causes)
}

function isResizable({ status }: Pod): boolean {
  const running = (status?.containerStatuses as Loose[] | undefined)?.find(
    one => one.state?.running !== undefined,
  )
  return running === undefined || running.resources !== undefined
}

function hasPodResources({ spec }: Pod): boolean {
  const { requests = {}, limits = {} } = (spec as Loose).resources ?? {}
  return Object.keys(requests).length + Object.keys(limits).length > 0
}

function hasSameContainers(next: Pod, old: Pod, causes: Causes): boolean {
  const before = causes.list.length
  for (const list of lists) {
    const [now, was]: Loose[][] = [next.spec[list] ?? [], old.spec[list] ?? []]
    if (now?.length !== was?.length) {
      causes.forbidden(`spec.${list}`, `${list} may not be added or removed on resize`)
      continue
    }
    each(was, `spec.${list}`, ({ name }, at, index) => {
      if (now?.[index]?.name === name) return
      causes.forbidden(`${at}.name`, `${list} may not be renamed or reordered on resize`)
    })
  }
  return causes.list.length === before
}

function validateSizes(next: Loose, old: Loose, causes: Causes): void {
  for (const list of [...lists].reverse()) {
    each(old[list] as Loose[], `spec.${list}`, (was, at, index) => {
      if (list === 'initContainers' && was.restartPolicy !== 'Always') return
      const now = next[list][index].resources ?? {}
      for (const kind of ['requests', 'limits'] as const) {
        const kept = Object.keys(was.resources?.[kind] ?? {})
        if (kept.every(name => Object.hasOwn(now[kind] ?? {}, name))) continue
        causes.forbidden(`${at}.resources.${kind}`, `resource ${kind} cannot be removed`)
      }
    })
  }
  for (const list of lists) {
    each(old[list] as Loose[], `spec.${list}`, (was, _at, index) => {
      const now: Loose = next[list][index]
      const isPlain = list === 'initContainers' && was.restartPolicy !== 'Always'
      if (semanticEqual(isPlain ? now : withSizesOf(now, was), was)) return
      const whose = list === 'initContainers' ? ' for sidecar containers' : ''
      causes.forbidden(
        'spec',
        isPlain
          ? 'resources for non-sidecar init containers are immutable'
          : `only cpu and memory resources${whose} are mutable`,
      )
    })
  }
}

/** A container with the processors and memory of another: whatever else differs may not. */
function withSizesOf(container: Loose, other: Loose): Loose {
  const resources: Loose = {}
  for (const kind of ['requests', 'limits'] as const) {
    const { cpu: _cpu, memory: _memory, ...rest } = container.resources?.[kind] ?? {}
    const { cpu, memory } = other.resources?.[kind] ?? {}
    const sizes = { ...rest, ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) }
    // None is not written, as no container that is stored says so.
    if (Object.keys(sizes).length > 0) resources[kind] = sizes
  }
  return { ...container, resources }
}
