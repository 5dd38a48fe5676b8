import { namespaced, type Sample } from './sample.ts'

const batch = '/apis/batch/v1'

/** What makes pods of a template, and ends. */
export function batchSamples(template: { spec: object }): readonly Sample[] {
  const spec = {
    parallelism: 2,
    completions: 3,
    completionMode: 'Indexed',
    backoffLimitPerIndex: 1,
    maxFailedIndexes: 2,
    activeDeadlineSeconds: 10,
    ttlSecondsAfterFinished: 10,
    podFailurePolicy: {
      rules: [
        { action: 'FailJob', onExitCodes: { containerName: 'c', operator: 'In', values: [1, 2] } },
        { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
      ],
    },
    successPolicy: { rules: [{ succeededIndexes: '0-1', succeededCount: 1 }] },
    template: { ...template, spec: { ...template.spec, restartPolicy: 'Never' } },
  }
  return [
    {
      kind: 'Job',
      path: namespaced(batch, 'jobs'),
      object: {
        spec,
        status: { active: 1, startTime: '2026-01-01T00:00:00Z', completedIndexes: '0-1' },
      },
    },
    {
      kind: 'CronJob',
      path: namespaced(batch, 'cronjobs'),
      object: {
        spec: {
          schedule: '*/5 0-4 1,15 * mon',
          timeZone: 'Etc/UTC',
          startingDeadlineSeconds: 10,
          concurrencyPolicy: 'Forbid',
          suspend: true,
          jobTemplate: { metadata: { labels: { a: 'b' } }, spec },
        },
        status: { active: [{ kind: 'Job', name: 'j' }] },
      },
    },
  ]
}
