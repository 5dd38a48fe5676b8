import { ageColumn, type Column, column, nameColumn } from './types.ts'

/** Source: printers.go printPodDisruptionBudget. */
export const podDisruptionBudgetColumns: readonly Column[] = [
  nameColumn,
  column(
    'Min Available',
    object => String(object.spec?.minAvailable ?? 'N/A'),
    'The minimum number of pods that must be available.',
  ),
  column(
    'Max Unavailable',
    object => String(object.spec?.maxUnavailable ?? 'N/A'),
    'The maximum number of pods that may be unavailable.',
  ),
  column(
    'Allowed Disruptions',
    object => object.status?.disruptionsAllowed ?? 0,
    'Calculated number of pods that may be disrupted at this time.',
    'integer',
  ),
  ageColumn,
]
