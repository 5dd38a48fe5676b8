import type { Deployment, PodSpec, ReplicaSet } from '../objects.ts'
import { selectorOf, selectorText } from '../selectors.ts'
import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, nameColumn, wideColumn } from './types.ts'

/** Source: kubernetes pkg/printers/internalversion/printers.go. */

const containers = wideColumn(
  'Containers',
  object => containerNames(object).join(','),
  'Names of each container in the template.',
)
const images = wideColumn(
  'Images',
  object => containerImages(object).join(','),
  'Images referenced by each container in the template.',
)
const selector = wideColumn(
  'Selector',
  object => selectorText(selectorOf(object.spec?.selector)),
  'Label selector for pods.',
)

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  column('Ready', readyText, 'Number of the pod with ready state'),
  column(
    'Up-to-date',
    object => String(object.status?.updatedReplicas ?? 0),
    'Total number of non-terminated pods targeted by this deployment that have the ' +
      'desired template spec.',
  ),
  column(
    'Available',
    object => String(object.status?.availableReplicas ?? 0),
    'Total number of available pods (ready for at least minReadySeconds) targeted by ' +
      'this deployment.',
  ),
  ageColumn,
  containers,
  images,
  selector,
]

export const replicaSetColumns: readonly Column[] = [
  nameColumn,
  column(
    'Desired',
    object => (object as ReplicaSet).spec.replicas ?? 0,
    'Replicas is the number of desired replicas.',
    'integer',
  ),
  column(
    'Current',
    object => object.status?.replicas ?? 0,
    'Replicas is the most recently observed number of replicas.',
    'integer',
  ),
  column(
    'Ready',
    object => object.status?.readyReplicas ?? 0,
    'readyReplicas is the number of pods targeted by this ReplicaSet with a Ready Condition.',
    'integer',
  ),
  ageColumn,
  containers,
  images,
  selector,
]

export const controllerRevisionColumns: readonly Column[] = [
  nameColumn,
  column('Controller', object => controllerOf(object), 'Controller of the object'),
  column(
    'Revision',
    object => object.revision ?? 0,
    'Revision indicates the revision of the state represented by Data.',
  ),
  ageColumn,
]

function readyText(object: KubeObject): string {
  const { spec, status } = object as Deployment
  return `${status?.readyReplicas ?? 0}/${spec.replicas ?? 0}`
}

function controllerOf(object: KubeObject): string {
  const owner = object.metadata.ownerReferences?.find(one => one.controller)
  if (owner === undefined) return '<none>'
  const group = owner.apiVersion.includes('/') ? `.${owner.apiVersion.split('/')[0]}` : ''
  return `${owner.kind.toLowerCase()}${group}/${owner.name}`
}

function template(object: KubeObject): PodSpec | undefined {
  return object.spec?.template?.spec
}

function containerNames(object: KubeObject): string[] {
  return (template(object)?.containers ?? []).map(one => one.name)
}

function containerImages(object: KubeObject): string[] {
  return (template(object)?.containers ?? []).map(one => one.image ?? '')
}
