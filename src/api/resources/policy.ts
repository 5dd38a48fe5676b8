import { podDisruptionBudgetColumns } from '../printers/policy.ts'
import { validateDisruptionBudget, validateDisruptionBudgetStatus } from '../validation/policy.ts'
import { row, statusOf } from './row.ts'

/** Source: kubernetes pkg/registry/policy/poddisruptionbudget/strategy.go. */
export const podDisruptionBudgets = row('policy/v1', {
  resource: 'poddisruptionbudgets',
  kind: 'PodDisruptionBudget',
  shortNames: ['pdb'],
  status: true,
  generation: true,
  subresources: [statusOf('PodDisruptionBudget')],
  prepareCreate(object) {
    object.status = {}
  },
  nameRule: 'any',
  metadataLooks: 2,
  validate: validateDisruptionBudget,
  validateStatus: (next, _old, causes) => validateDisruptionBudgetStatus(next, causes),
  columns: podDisruptionBudgetColumns,
})
