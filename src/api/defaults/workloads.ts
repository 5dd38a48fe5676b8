import type { Deployment, PodTemplateSpec, ReplicaSet } from '../objects.ts'
import type { KubeObject } from '../types.ts'
import { defaultPodSpec } from './pod.ts'
import { defaultClaimSpec } from './volumes.ts'

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

/** Source: SetDefaults_DaemonSet. */
export function defaultDaemonSet(set: KubeObject): void {
  set.spec ??= {}
  const { spec } = set
  spec.updateStrategy ??= {}
  const { updateStrategy: strategy } = spec
  strategy.type ||= 'RollingUpdate'
  if (strategy.type === 'RollingUpdate') {
    strategy.rollingUpdate ??= {}
    strategy.rollingUpdate.maxUnavailable ??= 1
    strategy.rollingUpdate.maxSurge ??= 0
  }
  spec.revisionHistoryLimit ??= 10
  defaultTemplate(spec.template)
}

/** Source: SetDefaults_StatefulSet. */
export function defaultStatefulSet(set: KubeObject): void {
  set.spec ??= {}
  const { spec } = set
  spec.podManagementPolicy ||= 'OrderedReady'
  spec.updateStrategy ??= {}
  const { updateStrategy: strategy } = spec
  if (!strategy.type) {
    strategy.type = 'RollingUpdate'
    strategy.rollingUpdate ??= {}
  }
  if (strategy.type === 'RollingUpdate' && strategy.rollingUpdate !== undefined) {
    strategy.rollingUpdate.partition ??= 0
  }
  spec.persistentVolumeClaimRetentionPolicy ??= {}
  const { persistentVolumeClaimRetentionPolicy: retention } = spec
  retention.whenDeleted ||= 'Retain'
  retention.whenScaled ||= 'Retain'
  spec.replicas ??= 1
  spec.revisionHistoryLimit ??= 10
  defaultTemplate(spec.template)
  for (const claim of spec.volumeClaimTemplates ?? []) {
    // Conversion fills them in. Source: apps/v1/conversion.go.
    claim.apiVersion = 'v1'
    claim.kind = 'PersistentVolumeClaim'
    claim.status ??= {}
    claim.status.phase ||= 'Pending'
    claim.spec ??= {}
    defaultClaimSpec(claim.spec)
  }
}

/** Source: core/v1/defaults.go SetDefaults_ReplicationController. */
export function defaultReplicationController(controller: KubeObject): void {
  controller.spec ??= {}
  const { spec, metadata } = controller
  const labels: Record<string, string> | undefined = spec.template?.metadata?.labels
  if (labels !== undefined) {
    if (isEmpty(spec.selector)) spec.selector = { ...labels }
    if (isEmpty(metadata.labels)) metadata.labels = { ...labels }
  }
  spec.replicas ??= 1
  defaultTemplate(spec.template)
}

function isEmpty(map: Record<string, string> | undefined): boolean {
  return Object.keys(map ?? {}).length === 0
}

/** Of a template wherever it is. */
export function defaultTemplate(template: Partial<PodTemplateSpec> | undefined): void {
  if (template?.spec === undefined) return
  template.metadata ??= {}
  defaultPodSpec(template.spec)
}
