import type { KubeObject } from '../types.ts'
import { mapColumn, selectorColumn, templateColumns, wideTemplateColumns } from './templates.ts'
import { ageColumn, type Column, column, nameColumn } from './types.ts'

/** Source: printers.go printPodTemplate, printReplicationController, print{Stateful,Daemon}Set. */

export const podTemplateColumns: readonly Column[] = [
  nameColumn,
  ...templateColumns(object => object.template?.spec),
  mapColumn(
    'Pod Labels',
    object => object.template?.metadata?.labels,
    'The labels for the pod template.',
  ),
]

/** A number of the status. */
function counted(name: string, field: string, description: string): Column {
  return column(name, object => object.status?.[field] ?? 0, description, 'integer')
}

export const replicationControllerColumns: readonly Column[] = [
  nameColumn,
  column(
    'Desired',
    object => object.spec?.replicas ?? 0,
    'Replicas is the number of desired replicas. This is a pointer to distinguish ' +
      'between explicit zero and unspecified. Defaults to 1. More info: ' +
      'https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller',
    'integer',
  ),
  counted(
    'Current',
    'replicas',
    'Replicas is the most recently observed number of replicas. More info: ' +
      'https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller#what-is-a-replicationcontroller',
  ),
  counted(
    'Ready',
    'readyReplicas',
    'The number of ready replicas for this replication controller.',
  ),
  ageColumn,
  ...wideTemplateColumns(),
  mapColumn(
    'Selector',
    object => object.spec?.selector,
    'Selector is a label query over pods that should match the Replicas count. If ' +
      'Selector is empty, it is defaulted to the labels present on the Pod template. Label ' +
      'keys and values that must match in order to be controlled by this replication ' +
      'controller, if empty defaulted to labels on Pod template. More info: ' +
      'https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
    true,
  ),
]

export const statefulSetColumns: readonly Column[] = [
  nameColumn,
  column('Ready', readyText, 'Number of the pod with ready state'),
  ageColumn,
  ...wideTemplateColumns(),
]

function readyText({ spec, status }: KubeObject): string {
  return `${status?.readyReplicas ?? 0}/${spec?.replicas ?? 0}`
}

export const daemonSetColumns: readonly Column[] = [
  nameColumn,
  counted(
    'Desired',
    'desiredNumberScheduled',
    'The total number of nodes that should be running the daemon pod (including nodes ' +
      'correctly running the daemon pod). More info: ' +
      'https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/',
  ),
  counted(
    'Current',
    'currentNumberScheduled',
    'The number of nodes that are running at least 1 daemon pod and are supposed to run ' +
      'the daemon pod. More info: ' +
      'https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/',
  ),
  counted(
    'Ready',
    'numberReady',
    'The number of nodes that should be running the daemon pod and have one or more of ' +
      'the daemon pod running and ready.',
  ),
  counted(
    'Up-to-date',
    'updatedNumberScheduled',
    'The total number of nodes that are running updated daemon pod',
  ),
  counted(
    'Available',
    'numberAvailable',
    'The number of nodes that should be running the daemon pod and have one or more of ' +
      'the daemon pod running and available (ready for at least spec.minReadySeconds)',
  ),
  mapColumn(
    'Node Selector',
    object => object.spec?.template?.spec?.nodeSelector,
    'NodeSelector is a selector which must be true for the pod to fit on a node. ' +
      "Selector which must match a node's labels for the pod to be scheduled on that node. " +
      'More info: https://kubernetes.io/docs/concepts/configuration/assign-pod-node/',
  ),
  ageColumn,
  ...wideTemplateColumns(),
  selectorColumn(
    'A label query over pods that are managed by the daemon set. Must match in order to ' +
      'be controlled. If empty, defaulted to labels on Pod template. More info: ' +
      'https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors',
  ),
]
