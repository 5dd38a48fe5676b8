import type { KubeObject } from '../types.ts'
import { selectorColumn, wideTemplateColumns } from './templates.ts'
import { ageColumn, ageOf, type Column, column, humanDuration, nameColumn } from './types.ts'

/** Source: printers.go printJob, printCronJob. */

export const jobColumns: readonly Column[] = [
  nameColumn,
  column('Status', statusText, 'Status of the job.'),
  column(
    'Completions',
    completionsText,
    'The number of pods which reached phase Succeeded. The value increases monotonically ' +
      'for a given spec. However, it may decrease in reaction to scale down of elastic ' +
      'indexed jobs.',
  ),
  column('Duration', durationText, 'Time required to complete the job.'),
  ageColumn,
  ...wideTemplateColumns(),
  selectorColumn(
    'A label query over pods that should match the pod count. Normally, the system sets ' +
      'this field for you. More info: ' +
      'https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
  ),
]

export const cronJobColumns: readonly Column[] = [
  nameColumn,
  column(
    'Schedule',
    object => object.spec?.schedule ?? '',
    'The schedule in Cron format, see https://en.wikipedia.org/wiki/Cron.',
  ),
  column(
    'Timezone',
    object => object.spec?.timeZone ?? '<none>',
    'The time zone name for the given schedule, see ' +
      'https://en.wikipedia.org/wiki/List_of_tz_database_time_zones. If not specified, ' +
      'this will default to the time zone of the kube-controller-manager process. The set ' +
      'of valid time zone names and the time zone offset is loaded from the system-wide ' +
      'time zone database by the API server during CronJob validation and the controller ' +
      'manager during execution. If no system-wide time zone database can be found a ' +
      'bundled version of the database is used instead. If the time zone name becomes ' +
      'invalid during the lifetime of a CronJob or due to a change in host configuration, ' +
      'the controller will stop creating new new Jobs and will create a system event with ' +
      'the reason UnknownTimeZone. More information can be found in ' +
      'https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/#time-zones',
  ),
  column(
    'Suspend',
    object => boolText(object.spec?.suspend),
    'This flag tells the controller to suspend subsequent executions, it does not apply ' +
      'to already started executions.  Defaults to false.',
    'boolean',
  ),
  column(
    'Active',
    object => object.status?.active?.length ?? 0,
    'A list of pointers to currently running jobs.',
    'integer',
  ),
  column(
    'Last Schedule',
    ({ status }, now) =>
      status?.lastScheduleTime ? ageOf(status.lastScheduleTime, now) : '<none>',
    'Information when was the last time the job was successfully scheduled.',
  ),
  ageColumn,
  ...wideTemplateColumns(object => object.spec?.jobTemplate?.spec?.template?.spec),
  selectorColumn(
    'A label query over pods that should match the pod count. Normally, the system sets ' +
      'this field for you. More info: ' +
      'https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
    object => object.spec?.jobTemplate?.spec?.selector,
  ),
]

/** The first condition of these that is true says it. */
const conditions: readonly (readonly [string, string])[] = [
  ['Complete', 'Complete'],
  ['Failed', 'Failed'],
  ['', 'Terminating'],
  ['Suspended', 'Suspended'],
  ['FailureTarget', 'FailureTarget'],
  ['SuccessCriteriaMet', 'SuccessCriteriaMet'],
]

function statusText({ metadata, status }: KubeObject): string {
  const given: readonly { type?: string; status?: string }[] = status?.conditions ?? []
  const isTrue = (type: string) =>
    type === ''
      ? Boolean(metadata.deletionTimestamp)
      : given.some(one => one.type === type && one.status === 'True')
  return conditions.find(([type]) => isTrue(type))?.[1] ?? 'Running'
}

function completionsText({ spec, status }: KubeObject): string {
  const done = status?.succeeded ?? 0
  if (spec?.completions !== undefined) return `${done}/${spec.completions}`
  const parallelism = spec?.parallelism ?? 0
  return parallelism > 1 ? `${done}/1 of ${parallelism}` : `${done}/1`
}

function durationText({ status }: KubeObject, now: number): string {
  if (!status?.startTime) return ''
  const end = status.completionTime ? Date.parse(status.completionTime) : now
  return humanDuration(end - Date.parse(status.startTime))
}

function boolText(value: boolean | undefined): string {
  return value === undefined ? '<unset>' : value ? 'True' : 'False'
}
