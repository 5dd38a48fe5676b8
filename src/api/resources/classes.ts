import { priorityClassColumns, runtimeClassColumns } from '../printers/classes.ts'
import {
  runtimeClassWarnings,
  validatePriorityClass,
  validatePriorityClassUpdate,
  validateRuntimeClass,
  validateRuntimeClassUpdate,
} from '../validation/classes.ts'
import { row } from './row.ts'
import type { ResourceRow } from './types.ts'

/** Source: kubernetes pkg/registry/scheduling/priorityclass. */
export const schedulingRows: readonly ResourceRow[] = [
  row('scheduling.k8s.io/v1', {
    resource: 'priorityclasses',
    kind: 'PriorityClass',
    shortNames: ['pc'],
    namespaced: false,
    applyDefaults(object) {
      object.preemptionPolicy ??= 'PreemptLowerPriority'
    },
    // It is one for ever: changes are not counted.
    prepareCreate({ metadata }) {
      metadata.generation = 1
    },
    validate: validatePriorityClass,
    updateIsJudgedAlone: true,
    validateUpdate: validatePriorityClassUpdate,
    columns: priorityClassColumns,
  }),
]

/** Source: kubernetes pkg/registry/node/runtimeclass. */
export const nodeRows: readonly ResourceRow[] = [
  row('node.k8s.io/v1', {
    resource: 'runtimeclasses',
    kind: 'RuntimeClass',
    namespaced: false,
    needsVersion: true,
    createOnUpdate: true,
    validate: validateRuntimeClass,
    validateUpdate: validateRuntimeClassUpdate,
    warnings: runtimeClassWarnings,
    columns: runtimeClassColumns,
  }),
]
