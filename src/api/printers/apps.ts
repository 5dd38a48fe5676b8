import type { Deployment, PodSpec, ReplicaSet } from '../objects.ts'
import { selectorOf, selectorText } from '../selectors.ts'
import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, describedColumn, nameColumn, wideColumn } from './types.ts'

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
/** The schema's texts lack those of fields that refer to a type. */
function selectorOfSpec(description: string): Column {
  const text = (object: KubeObject) => selectorText(selectorOf(object.spec?.selector))
  return wideColumn('Selector', text, description)
}

export const deploymentColumns: readonly Column[] = [
  nameColumn,
  column('Ready', readyText, 'Number of the pod with ready state'),
  describedColumn(
    'Up-to-date',
    'apps.v1.DeploymentStatus.updatedReplicas',
    object => object.status?.updatedReplicas ?? 0,
  ),
  describedColumn(
    'Available',
    'apps.v1.DeploymentStatus.availableReplicas',
    object => object.status?.availableReplicas ?? 0,
  ),
  ageColumn,
  containers,
  images,
  selectorOfSpec(
    'Label selector for pods. Existing ReplicaSets whose pods are selected by this will ' +
      'be the ones affected by this deployment.',
  ),
]

export const replicaSetColumns: readonly Column[] = [
  nameColumn,
  describedColumn(
    'Desired',
    'apps.v1.ReplicaSetSpec.replicas',
    object => (object as ReplicaSet).spec.replicas ?? 0,
    'integer',
  ),
  describedColumn(
    'Current',
    'apps.v1.ReplicaSetStatus.replicas',
    object => object.status?.replicas ?? 0,
    'integer',
  ),
  describedColumn(
    'Ready',
    'apps.v1.ReplicaSetStatus.readyReplicas',
    object => object.status?.readyReplicas ?? 0,
    'integer',
  ),
  ageColumn,
  containers,
  images,
  selectorOfSpec(
    'Selector is a label query over pods that should match the replica count. If the ' +
      'selector is empty, it is defaulted to the labels present on the pod template. Label ' +
      'keys and values that must match in order to be controlled by this replica set. More ' +
      'info: ' +
      'https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
  ),
]

export const controllerRevisionColumns: readonly Column[] = [
  nameColumn,
  column('Controller', object => controllerOf(object), 'Controller of the object'),
  column(
    'Revision',
    object => object.revision ?? 0,
    'revision indicates the revision of the state represented by Data.',
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
