import { defaultCronJob, defaultJob } from '../defaults/batch.ts'
import { cronJobColumns, jobColumns } from '../printers/batch.ts'
import type { KubeObject } from '../types.ts'
import {
  validateCronJob,
  validateCronJobUpdate,
  validateJob,
  validateJobUpdate,
  validateNewCronJob,
} from '../validation/jobs.ts'
import type { Loose } from '../validation/loose.ts'
import { nameWarnings, templateWarnings } from '../validation/pod-warnings.ts'
import { row, statusOf } from './row.ts'

/** Source: kubernetes pkg/registry/batch/job/strategy.go. */
export const jobs = row('batch/v1', {
  resource: 'jobs',
  kind: 'Job',
  categories: ['all'],
  status: true,
  generation: true,
  orphansDependents: true,
  deletionWarning:
    'child pods are preserved by default when jobs are deleted; set propagationPolicy=Background ' +
    'to remove them or set propagationPolicy=Orphan to suppress this warning',
  subresources: [statusOf('Job')],
  applyDefaults: defaultJob,
  prepareCreate(object) {
    if (!object.spec?.manualSelector) selectOwnPods(object)
    object.status = {}
  },
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  warnings: jobWarnings,
  columns: jobColumns,
  unknownField: field => `field label ${JSON.stringify(field)} not supported for Job`,
  fields: { 'status.successful': object => String(object.status?.succeeded ?? 0) },
})

/** Source: generateSelector. */
function selectOwnPods({ metadata, spec }: KubeObject): void {
  spec.template ??= {}
  spec.template.metadata ??= {}
  const { name = '', uid = '' } = metadata
  spec.template.metadata.labels = {
    ...{ 'job-name': name, 'batch.kubernetes.io/job-name': name },
    ...{ 'controller-uid': uid, 'batch.kubernetes.io/controller-uid': uid },
    ...spec.template.metadata.labels,
  }
  spec.selector ??= {}
  spec.selector.matchLabels = {
    'batch.kubernetes.io/controller-uid': uid,
    ...spec.selector.matchLabels,
  }
}

/** Source: kubernetes pkg/registry/batch/cronjob/strategy.go. */
export const cronJobs = row('batch/v1', {
  resource: 'cronjobs',
  kind: 'CronJob',
  metadataLooks: 3,
  shortNames: ['cj'],
  categories: ['all'],
  status: true,
  generation: true,
  subresources: [statusOf('CronJob')],
  applyDefaults: defaultCronJob,
  prepareCreate(object) {
    object.status = {}
  },
  validateNew: validateNewCronJob,
  validate: validateCronJob,
  validateUpdate: validateCronJobUpdate,
  warnings: cronJobWarnings,
  columns: cronJobColumns,
})

const where = 'in Pod names and hostnames'

function jobWarnings(next: KubeObject, old: KubeObject | undefined): string[] {
  const changed = () => jobSpecWarnings(next.spec ?? {}, 'spec')
  if (old === undefined) return [...nameWarnings(next.metadata, where), ...changed()]
  return next.metadata.generation === old.metadata.generation ? [] : changed()
}

function cronJobWarnings(next: KubeObject, old: KubeObject | undefined): string[] {
  const path = 'spec.jobTemplate.spec'
  const changed = () => jobSpecWarnings(next.spec?.jobTemplate?.spec ?? {}, path)
  if (old === undefined) return [...nameWarnings(next.metadata, where), ...changed()]
  const zone =
    'cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see ' +
    'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details'
  return [
    ...(next.metadata.generation === old.metadata.generation ? [] : changed()),
    ...(String(next.spec?.schedule).includes('TZ') ? [zone] : []),
  ]
}

/** Source: kubernetes pkg/api/job/warnings.go. */
function jobSpecWarnings(spec: Loose, path: string): string[] {
  const { completionMode, completions = 0, parallelism = 0, template } = spec
  const isHuge = completionMode === 'Indexed' && completions > 1e5 && parallelism > 1e4
  const text =
    'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than ' +
    '10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail'
  return [
    ...(isHuge ? [`${path}: ${text}`] : []),
    ...templateWarnings(template, `${path}.template`),
  ]
}
