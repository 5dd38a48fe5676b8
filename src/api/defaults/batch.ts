import type { KubeObject } from '../types.ts'
import { defaultTemplate } from './workloads.ts'

/** Source of all: kubernetes pkg/apis/batch/v1/defaults.go. */

const backoffLimitDefault = 6
const int32Max = 2 ** 31 - 1

export function defaultJob(job: KubeObject): void {
  job.spec ??= {}
  const { spec, metadata } = job
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? backoffLimitDefault : int32Max
  const labels = spec.template?.metadata?.labels
  if (labels !== undefined && Object.keys(metadata.labels ?? {}).length === 0) {
    metadata.labels = { ...labels }
  }
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.podReplacementPolicy ??=
    spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
  spec.manualSelector ??= false
  defaultJobSpec(spec)
}

/** What a CronJob's template has, too. */
function defaultJobSpec(spec: KubeObject['spec']): void {
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ||= 'True'
  }
  defaultTemplate(spec.template)
}

export function defaultCronJob(cronJob: KubeObject): void {
  cronJob.spec ??= {}
  const { spec } = cronJob
  spec.concurrencyPolicy ||= 'Allow'
  spec.suspend ??= false
  spec.successfulJobsHistoryLimit ??= 3
  spec.failedJobsHistoryLimit ??= 1
  if (spec.jobTemplate?.spec) defaultJobSpec(spec.jobTemplate.spec)
}
