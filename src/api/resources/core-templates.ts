import { defaultReplicationController, defaultTemplate } from '../defaults/workloads.ts'
import { podTemplateColumns, replicationControllerColumns } from '../printers/workloads.ts'
import { ownerWarnings, templateWarnings } from '../validation/pod-warnings.ts'
import { validateReplicationController } from '../validation/sets.ts'
import { validateReplicationControllerStatus } from '../validation/statuses.ts'
import { validateTemplate } from '../validation/templates.ts'
import { row, scaleSubresource, statusOf } from './row.ts'

/** Source: kubernetes pkg/registry/core/podtemplate/strategy.go. */
export const podTemplates = row('v1', {
  resource: 'podtemplates',
  kind: 'PodTemplate',
  metadataLooks: 3,
  returnsDeleted: true,
  generation: true,
  applyDefaults: object => defaultTemplate(object.template),
  validate: (object, causes) => validateTemplate(object.template, 'template', causes),
  warnings: (next, old) =>
    next.metadata.generation === old?.metadata.generation
      ? []
      : templateWarnings(next.template, 'template'),
  columns: podTemplateColumns,
})

/** Source: kubernetes pkg/registry/core/replicationcontroller/strategy.go. */
export const replicationControllers = row('v1', {
  resource: 'replicationcontrollers',
  kind: 'ReplicationController',
  metadataLooks: 3,
  shortNames: ['rc'],
  categories: ['all'],
  prefix: 'controllers',
  status: true,
  generation: true,
  orphansDependents: true,
  subresources: [scaleSubresource, statusOf('ReplicationController')],
  applyDefaults: defaultReplicationController,
  prepareCreate(object) {
    object.status = {}
  },
  validate: validateReplicationController,
  validateStatus: validateReplicationControllerStatus,
  warnings: ownerWarnings,
  columns: replicationControllerColumns,
  fields: { 'status.replicas': object => String(object.status?.replicas ?? 0) },
})
