import type { Deployment, ReplicaSet } from '../objects.ts'
import { defaultPodSpec } from './pod.ts'

/** Source: kubernetes pkg/apis/apps/v1/defaults.go SetDefaults_Deployment. */
export function defaultDeployment({ spec }: Deployment): void {
  if (spec === undefined) return
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  spec.progressDeadlineSeconds ??= 600
  spec.strategy ??= {}
  spec.strategy.type ||= 'RollingUpdate'
  if (spec.strategy.type === 'RollingUpdate') {
    spec.strategy.rollingUpdate ??= {}
    spec.strategy.rollingUpdate.maxUnavailable ??= '25%'
    spec.strategy.rollingUpdate.maxSurge ??= '25%'
  }
  defaultTemplate(spec.template)
}

/** Source: SetDefaults_ReplicaSet. */
export function defaultReplicaSet({ spec }: ReplicaSet): void {
  if (spec === undefined) return
  spec.replicas ??= 1
  defaultTemplate(spec.template)
}

function defaultTemplate(template: ReplicaSet['spec']['template']): void {
  if (template?.spec === undefined) return
  template.metadata ??= {}
  defaultPodSpec(template.spec)
}
