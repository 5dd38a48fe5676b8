import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../api/objects.ts'
import { canonicalJson } from '../shared/canonical.ts'
import { templateHashLabel } from '../shared/hash.ts'

/** Annotations that a Deployment keeps on its ReplicaSets. Source: deployment_util.go. */
export const annotations = {
  revision: 'deployment.kubernetes.io/revision',
  revisionHistory: 'deployment.kubernetes.io/revision-history',
  desired: 'deployment.kubernetes.io/desired-replicas',
  max: 'deployment.kubernetes.io/max-replicas',
} as const

/** Not copied between a Deployment and its ReplicaSets. */
export const ownAnnotations: ReadonlySet<string> = new Set([
  ...Object.values(annotations),
  'kubectl.kubernetes.io/last-applied-configuration',
  'deprecated.deployment.rollback.to',
])

/** Equal but for the hash label that the ReplicaSet adds. */
export function sameTemplate(a: PodTemplateSpec, b: PodTemplateSpec): boolean {
  const bare = (template: PodTemplateSpec) => {
    const { [templateHashLabel]: _hash, ...labels } = template.metadata?.labels ?? {}
    const { creationTimestamp: _time, ...metadata } = template.metadata ?? {}
    return canonicalJson({ ...template, metadata: { ...metadata, labels } })
  }
  return bare(a) === bare(b)
}

/** An integer of 64 bits, which a number would round. Source: deployment_util.go Revision. */
export function revisionOf(set: ReplicaSet): bigint {
  const text = set.metadata.annotations?.[annotations.revision] ?? ''
  if (!/^[+-]?[0-9]{1,19}$/.test(text)) return 0n
  const value = BigInt(text.replace('+', ''))
  return BigInt.asIntN(64, value) === value ? value : 0n
}

/** The largest, and at least 0. */
export function newestOf(revisions: readonly bigint[]): bigint {
  return [0n, ...revisions].sort(compareRevisions).at(-1) ?? 0n
}

/** Negative, zero or positive, as sorting wants it. */
export function compareRevisions(a: bigint, b: bigint): number {
  return a < b ? -1 : Number(a > b)
}

/** One above all of them; it wraps, as Go's int64. Source: deployment_util.go MaxRevision. */
export function nextRevision(sets: readonly ReplicaSet[]): bigint {
  const newest = newestOf(sets.map(revisionOf))
  return BigInt.asIntN(64, newest + 1n)
}

/** The ReplicaSet with the Deployment's present template; of several the oldest. */
export function findNewSet(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): ReplicaSet | undefined {
  return [...sets]
    .sort(byAge)
    .find(set => set.spec.template && sameTemplate(set.spec.template, deployment.spec.template))
}

/** Oldest first; names decide between equals. */
export function byAge(a: ReplicaSet, b: ReplicaSet): number {
  const key = (set: ReplicaSet) => `${set.metadata.creationTimestamp} ${set.metadata.name}`
  return key(a) < key(b) ? -1 : 1
}

export function sumReplicas(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + (set.spec.replicas ?? 1), 0)
}

export function sumAvailable(sets: readonly ReplicaSet[]): number {
  return sets.reduce((sum, set) => sum + (set.status?.availableReplicas ?? 0), 0)
}

/** maxSurge and maxUnavailable in pods. A percentage surges up and is unavailable down. */
export function rollingLimits(deployment: Deployment): {
  readonly surge: number
  readonly unavailable: number
} {
  if (deployment.spec.strategy?.type === 'Recreate') return { surge: 0, unavailable: 0 }
  const replicas = deployment.spec.replicas ?? 1
  const { maxSurge = '25%', maxUnavailable = '25%' } = deployment.spec.strategy?.rollingUpdate ?? {}
  const surge = resolve(maxSurge, replicas, Math.ceil)
  const unavailable = Math.min(resolve(maxUnavailable, replicas, Math.floor), replicas)
  // Both zero would never make progress. Source: ResolveFenceposts.
  return surge === 0 && unavailable === 0 ? { surge, unavailable: 1 } : { surge, unavailable }
}

function resolve(value: number | string, of: number, round: (x: number) => number): number {
  if (typeof value === 'number') return value
  return round((Number.parseInt(value, 10) / 100) * of)
}
