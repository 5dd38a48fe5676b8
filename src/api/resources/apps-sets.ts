import { defaultDaemonSet, defaultStatefulSet } from '../defaults/workloads.ts'
import { daemonSetColumns, statefulSetColumns } from '../printers/workloads.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import { claimSpecWarnings } from '../validation/claims.ts'
import { ownerWarnings } from '../validation/pod-warnings.ts'
import {
  validateDaemonSet,
  validateNewStatefulSet,
  validateStatefulSetUpdate,
} from '../validation/sets.ts'
import { validateDaemonSetStatus, validateStatefulSetStatus } from '../validation/statuses.ts'
import { validateSelectorUpdate } from '../validation/workloads.ts'
import { row, scaleSubresource, statusOf } from './row.ts'

/** In other versions a field: how often the template has changed. */
const templateGenerationAnnotation = 'deprecated.daemonset.template.generation'

/** Source: kubernetes pkg/registry/apps/daemonset/strategy.go. */
export const daemonSets = row('apps/v1', {
  resource: 'daemonsets',
  kind: 'DaemonSet',
  metadataLooks: 3,
  shortNames: ['ds'],
  categories: ['all'],
  status: true,
  generation: true,
  subresources: [statusOf('DaemonSet')],
  applyDefaults(object) {
    defaultDaemonSet(object)
    // What is a field elsewhere is always there.
    setTemplateGeneration(object, templateGenerationOf(object))
  },
  prepareCreate(object) {
    object.status = {}
    setTemplateGeneration(object, Math.max(1, templateGenerationOf(object)))
  },
  prepareUpdate(next, old) {
    const isChanged = !semanticEqual(next.spec?.template, old.spec?.template)
    setTemplateGeneration(next, templateGenerationOf(old) + (isChanged ? 1 : 0))
  },
  validate: validateDaemonSet,
  validateUpdate: validateSelectorUpdate,
  validateStatus: validateDaemonSetStatus,
  warnings: (next, old) => ownerWarnings(next, old, false),
  columns: daemonSetColumns,
})

function templateGenerationOf({ metadata }: KubeObject): number {
  return Number(metadata.annotations?.[templateGenerationAnnotation]) || 0
}

function setTemplateGeneration({ metadata }: KubeObject, count: number): void {
  metadata.annotations = { ...metadata.annotations, [templateGenerationAnnotation]: String(count) }
}

/** Source: kubernetes pkg/registry/apps/statefulset/strategy.go. */
export const statefulSets = row('apps/v1', {
  resource: 'statefulsets',
  kind: 'StatefulSet',
  metadataLooks: 3,
  nameRule: 'label',
  shortNames: ['sts'],
  categories: ['all'],
  status: true,
  generation: true,
  subresources: [scaleSubresource, statusOf('StatefulSet')],
  applyDefaults: defaultStatefulSet,
  prepareCreate(object) {
    object.status = {}
    dropMaxUnavailable(object)
  },
  prepareUpdate(next, old) {
    if (old.spec?.updateStrategy?.rollingUpdate?.maxUnavailable === undefined) {
      dropMaxUnavailable(next)
    }
  },
  validateNew: validateNewStatefulSet,
  validateUpdate: validateStatefulSetUpdate,
  validateStatus: validateStatefulSetStatus,
  warnings: statefulSetWarnings,
  columns: statefulSetColumns,
})

/** Upstream's feature gate MaxUnavailableStatefulSet is off. */
function dropMaxUnavailable({ spec }: KubeObject): void {
  if (spec?.updateStrategy?.rollingUpdate) delete spec.updateStrategy.rollingUpdate.maxUnavailable
}

const endlessText = 'a negative value retains all historical revisions; a value >= 0 is recommended'

function statefulSetWarnings(next: KubeObject, old: KubeObject | undefined): string[] {
  const { volumeClaimTemplates: claims = [], revisionHistoryLimit } = next.spec ?? {}
  // Upstream's path of a claim lacks its spec, or has it in Go's spelling.
  const inner = old === undefined ? '' : '.Spec'
  const wrong = claims.flatMap((claim: KubeObject, index: number) =>
    claimSpecWarnings(claim.spec ?? {}, `spec.volumeClaimTemplates[${index}]${inner}`),
  )
  const isEndless = revisionHistoryLimit < 0
  const endless = isEndless ? [`spec.revisionHistoryLimit: ${endlessText}`] : []
  return [...ownerWarnings(next, old, false), ...wrong, ...endless]
}
