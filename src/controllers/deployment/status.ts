import type {
  ConditionStatus,
  Deployment,
  DeploymentCondition,
  DeploymentStatus,
  ReplicaSet,
} from '../../api/objects.ts'
import { formatTime } from '../shared/time.ts'
import { rollingLimits } from './replica-sets.ts'

/** The counts of a Deployment. Source: pkg/controller/deployment/sync.go calculateStatus. */
export function computeStatus(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  sets: readonly ReplicaSet[],
  nowMs: number,
): DeploymentStatus {
  const sum = (field: 'replicas' | 'readyReplicas' | 'availableReplicas') =>
    sets.reduce((total, set) => total + (set.status?.[field] ?? 0), 0)
  const available = sum('availableReplicas')
  const total = sum('replicas')
  const base: DeploymentStatus = {
    observedGeneration: deployment.metadata.generation,
    replicas: total,
    updatedReplicas: newSet?.status?.replicas ?? 0,
    readyReplicas: sum('readyReplicas'),
    availableReplicas: available,
    unavailableReplicas: Math.max(
      sets.reduce((wanted, set) => wanted + (set.spec.replicas ?? 1), 0) - available,
      0,
    ),
    collisionCount: deployment.status?.collisionCount,
  }
  const conditions = [
    availability(deployment, available, nowMs),
    progress(deployment, newSet, base, nowMs),
    ...replicaFailures(deployment, sets, nowMs),
  ]
  return { ...base, conditions: conditions.filter(condition => condition !== undefined) }
}

/** Whether the update is through: all pods are new, and available. */
export function isComplete(deployment: Deployment, status: DeploymentStatus): boolean {
  const wanted = deployment.spec.replicas ?? 1
  return (
    status.updatedReplicas === wanted &&
    status.replicas === wanted &&
    status.availableReplicas === wanted
  )
}

function availability(
  deployment: Deployment,
  available: number,
  nowMs: number,
): DeploymentCondition {
  const needed = (deployment.spec.replicas ?? 1) - rollingLimits(deployment).unavailable
  return available >= needed
    ? condition(deployment, nowMs, 'Available', 'True', [
        'MinimumReplicasAvailable',
        'Deployment has minimum availability.',
      ])
    : condition(deployment, nowMs, 'Available', 'False', [
        'MinimumReplicasUnavailable',
        'Deployment does not have minimum availability.',
      ])
}

/** Source: pkg/controller/deployment/progress.go syncRolloutStatus. */
function progress(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  status: DeploymentStatus,
  nowMs: number,
): DeploymentCondition | undefined {
  const before = deployment.status?.conditions?.find(each => each.type === 'Progressing')
  const subject = newSet
    ? `ReplicaSet "${newSet.metadata.name}"`
    : `Deployment "${deployment.metadata.name}"`
  const say = (state: ConditionStatus, reason: string, message: string, touch = false) =>
    condition(deployment, nowMs, 'Progressing', state, [reason, message], touch)
  if (deployment.spec.paused) {
    if (before?.reason === 'DeploymentPaused') return before
    return say('Unknown', 'DeploymentPaused', 'Deployment is paused')
  }
  if (isComplete(deployment, status)) {
    return say('True', 'NewReplicaSetAvailable', `${subject} has successfully progressed.`)
  }
  if (!before || before.reason === 'DeploymentPaused' || madeProgress(deployment, status)) {
    const touch = before?.reason !== 'NewReplicaSetAvailable'
    return say('True', 'ReplicaSetUpdated', `${subject} is progressing.`, touch)
  }
  if (before.reason === 'NewReplicaSetAvailable') return before
  const deadlineMs = (deployment.spec.progressDeadlineSeconds ?? 600) * 1000
  if (nowMs - Date.parse(before.lastUpdateTime ?? '') > deadlineMs) {
    return say('False', 'ProgressDeadlineExceeded', `${subject} has timed out progressing.`)
  }
  return before
}

function madeProgress(deployment: Deployment, status: DeploymentStatus): boolean {
  const before = deployment.status ?? {}
  const old = (each: DeploymentStatus) => (each.replicas ?? 0) - (each.updatedReplicas ?? 0)
  return (
    (status.updatedReplicas ?? 0) > (before.updatedReplicas ?? 0) ||
    old(status) < old(before) ||
    (status.readyReplicas ?? 0) > (before.readyReplicas ?? 0) ||
    (status.availableReplicas ?? 0) > (before.availableReplicas ?? 0)
  )
}

function replicaFailures(
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  nowMs: number,
): DeploymentCondition[] {
  const failed = sets
    .flatMap(set => set.status?.conditions ?? [])
    .find(each => each.type === 'ReplicaFailure')
  if (!failed) return []
  const text = [failed.reason ?? '', failed.message ?? ''] as const
  return [condition(deployment, nowMs, 'ReplicaFailure', failed.status, text)]
}

/** Keeps the times of an equal condition; `touch` renews lastUpdateTime, for progress. */
function condition(
  deployment: Deployment,
  nowMs: number,
  type: string,
  status: ConditionStatus,
  [reason, message]: readonly [string, string],
  touch = false,
): DeploymentCondition {
  const before = deployment.status?.conditions?.find(each => each.type === type)
  const now = formatTime(nowMs)
  if (before && before.status === status && before.reason === reason) {
    if (before.message === message && !touch) return before
    return { ...before, message, lastUpdateTime: now }
  }
  return {
    type,
    status,
    lastUpdateTime: now,
    lastTransitionTime: before?.status === status ? before.lastTransitionTime : now,
    reason,
    message,
  }
}
