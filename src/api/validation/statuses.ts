import type { KubeObject } from '../types.ts'
import type { Causes } from './causes.ts'
import { nonNegative } from './rules.ts'

/** The counts of a workload's status. Source: kubernetes pkg/apis/{core,apps}/validation. */
interface Counts {
  /** None may be below zero. */
  readonly fields: readonly string[]
  /** None may be above `replicas`. */
  readonly parts?: readonly string[]
  /** How upstream calls the ready ones, of which the available ones are a part. */
  readonly ready?: string
}

type Rule = (next: KubeObject, old: KubeObject, causes: Causes) => void

const rule =
  ({ fields, parts = [], ready }: Counts): Rule =>
  (next, old, causes) => {
    const status: Record<string, number | undefined> = next.status ?? {}
    for (const field of fields) nonNegative(status[field], `status.${field}`, causes)
    const above = (field: string, whole: string, name: string) => {
      const count = status[field] ?? 0
      if (count <= (status[whole] ?? 0)) return
      causes.invalid(`status.${field}`, count, `cannot be greater than ${name}`)
    }
    for (const field of parts) above(field, 'replicas', 'status.replicas')
    if (ready !== undefined) above('availableReplicas', 'readyReplicas', ready)
    const [now, was] = [status.collisionCount, old.status?.collisionCount]
    if (!fields.includes('collisionCount') || was === undefined || (now ?? -1) >= was) return
    causes.invalid('status.collisionCount', now ?? 0, 'cannot be decremented')
  }

const replicas = ['replicas', 'readyReplicas', 'availableReplicas', 'observedGeneration']

export const validateReplicaSetStatus = rule({
  fields: [...replicas, 'fullyLabeledReplicas', 'terminatingReplicas'],
  parts: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
  ready: 'readyReplicas',
})

export const validateReplicationControllerStatus = rule({
  fields: [...replicas, 'fullyLabeledReplicas'],
  parts: ['fullyLabeledReplicas', 'readyReplicas', 'availableReplicas'],
  ready: 'readyReplicas',
})

export const validateDeploymentStatus = rule({
  fields: [
    ...[...replicas, 'updatedReplicas', 'unavailableReplicas', 'terminatingReplicas'],
    'collisionCount',
  ],
  parts: ['updatedReplicas', 'readyReplicas', 'availableReplicas'],
  ready: 'readyReplicas',
})

export const validateStatefulSetStatus = rule({
  fields: [...replicas, 'currentReplicas', 'updatedReplicas', 'collisionCount'],
  parts: ['readyReplicas', 'currentReplicas', 'updatedReplicas', 'availableReplicas'],
  ready: 'status.readyReplicas',
})

export const validateDaemonSetStatus = rule({
  fields: [
    ...['currentNumberScheduled', 'numberMisscheduled', 'desiredNumberScheduled', 'numberReady'],
    ...['observedGeneration', 'updatedNumberScheduled', 'numberAvailable', 'numberUnavailable'],
    'collisionCount',
  ],
})
