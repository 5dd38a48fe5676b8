import { isDeepStrictEqual } from 'node:util'
import { defaultDeployment, defaultReplicaSet } from '../defaults/workloads.ts'
import type { Deployment, ReplicaSet } from '../objects.ts'
import {
  controllerRevisionColumns,
  deploymentColumns,
  replicaSetColumns,
} from '../printers/apps.ts'
import { ownerWarnings } from '../validation/pod-warnings.ts'
import { validateDeploymentStatus, validateReplicaSetStatus } from '../validation/statuses.ts'
import {
  validateControllerRevision,
  validateControllerRevisionUpdate,
  validateDeployment,
  validateReplicaSet,
  validateSelectorUpdate,
} from '../validation/workloads.ts'
import { row, scaleSubresource, statusOf } from './row.ts'

export const deployments = row('apps/v1', {
  resource: 'deployments',
  kind: 'Deployment',
  metadataLooks: 3,
  shortNames: ['deploy'],
  categories: ['all'],
  status: true,
  generation: true,
  subresources: [scaleSubresource, statusOf('Deployment')],
  applyDefaults: object => defaultDeployment(object as Deployment),
  prepareCreate(object) {
    object.status = {}
  },
  prepareUpdate(next, old) {
    // Its controller copies annotations to replica sets: they are counted, too.
    if (isDeepStrictEqual(next.metadata.annotations ?? {}, old.metadata.annotations ?? {})) return
    next.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  validate: validateDeployment,
  validateUpdate: validateSelectorUpdate,
  validateStatus: validateDeploymentStatus,
  prepareStatus(next, old) {
    // Whoever writes the status changes no labels.
    if (old.metadata.labels === undefined) delete next.metadata.labels
    else next.metadata.labels = old.metadata.labels
  },
  warnings: ownerWarnings,
  columns: deploymentColumns,
})

export const replicaSets = row('apps/v1', {
  resource: 'replicasets',
  kind: 'ReplicaSet',
  metadataLooks: 3,
  shortNames: ['rs'],
  categories: ['all'],
  status: true,
  generation: true,
  subresources: [scaleSubresource, statusOf('ReplicaSet')],
  applyDefaults: object => defaultReplicaSet(object as ReplicaSet),
  prepareCreate(object) {
    object.status = { replicas: 0 }
  },
  validate: validateReplicaSet,
  validateUpdate: validateSelectorUpdate,
  validateStatus: validateReplicaSetStatus,
  warnings: ownerWarnings,
  columns: replicaSetColumns,
})

export const controllerRevisions = row('apps/v1', {
  resource: 'controllerrevisions',
  kind: 'ControllerRevision',
  validateNew: validateControllerRevision,
  validateUpdate: validateControllerRevisionUpdate,
  columns: controllerRevisionColumns,
})
