import { defaultFlowSchema, defaultPriorityLevel } from '../defaults/flowcontrol.ts'
import { flowSchemaColumns, priorityLevelConfigurationColumns } from '../printers/flowcontrol.ts'
import type { KubeObject } from '../types.ts'
import type { Causes } from '../validation/causes.ts'
import { validateFlowConditions, validateFlowSchema } from '../validation/flow-schemas.ts'
import { validatePriorityLevel } from '../validation/priority-levels.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

const gv = 'flowcontrol.apiserver.k8s.io/v1'
const common = {
  ...{ namespaced: false, generation: true, status: true, updateIsJudgedAlone: true },
  validateStatus({ status }: KubeObject, _old: KubeObject, causes: Causes) {
    validateFlowConditions(status?.conditions, causes)
  },
  prepareCreate(object: KubeObject) {
    delete object.status
  },
}

/** Source of both: kubernetes pkg/registry/flowcontrol. */
export const flowcontrolRows: readonly ResourceRow[] = [
  row(gv, {
    ...common,
    resource: 'flowschemas',
    kind: 'FlowSchema',
    subresources: [statusOf('FlowSchema', { keepsMetadata: true })],
    applyDefaults: defaultFlowSchema,
    validate: validateFlowSchema,
    validateUpdate: (next, _old, causes) => validateFlowSchema(next, causes),
    columns: flowSchemaColumns,
  }),
  row(gv, {
    ...common,
    resource: 'prioritylevelconfigurations',
    kind: 'PriorityLevelConfiguration',
    subresources: [statusOf('PriorityLevelConfiguration', { keepsMetadata: true })],
    applyDefaults: defaultPriorityLevel,
    validate: validatePriorityLevel,
    validateUpdate: (next, _old, causes) => validatePriorityLevel(next, causes),
    columns: priorityLevelConfigurationColumns,
  }),
]
