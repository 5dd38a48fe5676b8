import { ageColumn, type Column, column, describedColumn, nameColumn } from './types.ts'

/**
 * Classes of pods: how urgent they are, and who runs them.
 * Source: kubernetes pkg/printers/internalversion/printers.go.
 */

export const priorityClassColumns: readonly Column[] = [
  nameColumn,
  describedColumn(
    'Value',
    'scheduling.v1.PriorityClass.value',
    object => object.value ?? 0,
    'integer',
  ),
  describedColumn(
    'Global-Default',
    'scheduling.v1.PriorityClass.globalDefault',
    object => object.globalDefault ?? false,
    'boolean',
  ),
  ageColumn,
  describedColumn(
    'PreemptionPolicy',
    'scheduling.v1.PriorityClass.preemptionPolicy',
    object => object.preemptionPolicy ?? '',
  ),
]

export const runtimeClassColumns: readonly Column[] = [
  nameColumn,
  column('Handler', object => object.handler ?? '', ''),
  ageColumn,
]
