import type { Deployment, ReplicaSet } from '../../api/objects.ts'
import { byAge, rollingLimits, sumAvailable, sumReplicas } from './replica-sets.ts'

/** A ReplicaSet and the size it shall have. */
export interface Resize {
  readonly set: ReplicaSet
  readonly replicas: number
}

/**
 * The next step of a rolling update, pure: first as many new pods as the surge allows, then as
 * many old ones away as availability allows. Nothing to do: empty.
 * Source: pkg/controller/deployment/rolling.go.
 */
export function rollingStep(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): readonly Resize[] {
  const grown = scaleUpNew(deployment, newSet, oldSets)
  return grown ? [grown] : scaleDownOld(deployment, newSet, oldSets)
}

function scaleUpNew(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): Resize | undefined {
  const wanted = deployment.spec.replicas ?? 1
  const now = newSet.spec.replicas ?? 1
  if (now === wanted) return undefined
  if (now > wanted) return { set: newSet, replicas: wanted }
  const room = wanted + rollingLimits(deployment).surge - sumReplicas([newSet, ...oldSets])
  if (room <= 0) return undefined
  return { set: newSet, replicas: now + Math.min(room, wanted - now) }
}

function scaleDownOld(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): readonly Resize[] {
  const all = [newSet, ...oldSets]
  const minAvailable = (deployment.spec.replicas ?? 1) - rollingLimits(deployment).unavailable
  const newUnavailable = (newSet.spec.replicas ?? 1) - (newSet.status?.availableReplicas ?? 0)
  let budget = sumReplicas(all) - minAvailable - newUnavailable
  if (budget <= 0 || sumReplicas(oldSets) === 0) return []
  const sizes = new Map(oldSets.map(set => [set, set.spec.replicas ?? 1]))
  const shrink = (set: ReplicaSet, by: number) => {
    sizes.set(set, (sizes.get(set) ?? 0) - by)
  }
  const ordered = [...oldSets].sort(byAge)
  // Old pods that do not work cost no availability.
  for (const set of ordered) {
    const broken = (sizes.get(set) ?? 0) - (set.status?.availableReplicas ?? 0)
    const by = Math.max(Math.min(broken, budget), 0)
    shrink(set, by)
    budget -= by
  }
  let spare = sumAvailable(all) - minAvailable
  for (const set of ordered) {
    const by = Math.max(Math.min(sizes.get(set) ?? 0, spare, budget), 0)
    shrink(set, by)
    spare -= by
    budget -= by
  }
  return [...sizes]
    .filter(([set, replicas]) => replicas !== (set.spec.replicas ?? 1))
    .map(([set, replicas]) => ({ set, replicas }))
}

/**
 * Scaling during a rollout, or while paused: each set grows or shrinks in proportion, the largest
 * takes the rest. Source: pkg/controller/deployment/sync.go scale.
 */
export function proportionalSizes(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
): readonly Resize[] {
  const active = sets.filter(set => (set.spec.replicas ?? 1) > 0)
  const wanted = deployment.spec.replicas ?? 1
  const allowed = wanted > 0 ? wanted + rollingLimits(deployment).surge : 0
  const present = sumReplicas(active)
  let toAdd = allowed - present
  if (toAdd === 0 || active.length === 0) return []
  const bySize = [...active].sort(
    (a, b) => (b.spec.replicas ?? 1) - (a.spec.replicas ?? 1) || byAge(b, a),
  )
  const sizes = bySize.map(set => {
    const now = set.spec.replicas ?? 1
    const share = Math.round((now * allowed) / present) - now
    const by = toAdd > 0 ? Math.min(share, toAdd) : Math.max(share, toAdd)
    toAdd -= by
    return { set, replicas: now + by }
  })
  return sizes.map((size, index) => ({
    ...size,
    replicas: Math.max(size.replicas + (index === 0 ? toAdd : 0), 0),
  }))
}
