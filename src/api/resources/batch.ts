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
  columns: cronJobColumns,
})
