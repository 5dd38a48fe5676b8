import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, describedColumn, nameColumn } from './types.ts'

/** Source of all: kubernetes pkg/printers/internalversion/printers.go. */

export const flowSchemaColumns: readonly Column[] = [
  nameColumn,
  describedColumn(
    'PriorityLevel',
    'flowcontrol.v1.PriorityLevelConfigurationReference.name',
    ({ spec }) => spec?.priorityLevelConfiguration?.name ?? '',
  ),
  describedColumn(
    'MatchingPrecedence',
    'flowcontrol.v1.FlowSchemaSpec.matchingPrecedence',
    ({ spec }) => spec?.matchingPrecedence ?? 0,
  ),
  column(
    'DistinguisherMethod',
    ({ spec }) => (spec?.distinguisherMethod ? (spec.distinguisherMethod.type ?? '') : '<none>'),
    '`distinguisherMethod` defines how to compute the flow distinguisher for requests that match ' +
      'this schema. `nil` specifies that the distinguisher is disabled and thus will always be ' +
      'the empty string.',
  ),
  ageColumn,
  column(
    'MissingPL',
    ({ status }) =>
      (status?.conditions ?? []).find((one: { type?: string }) => one.type === 'Dangling')
        ?.status ?? '?',
    'references a broken or non-existent PriorityLevelConfiguration',
  ),
]

export const priorityLevelConfigurationColumns: readonly Column[] = [
  nameColumn,
  describedColumn(
    'Type',
    'flowcontrol.v1.PriorityLevelConfigurationSpec.type',
    ({ spec }) => spec?.type ?? '',
  ),
  describedColumn(
    'NominalConcurrencyShares',
    'flowcontrol.v1.LimitedPriorityLevelConfiguration.nominalConcurrencyShares',
    ({ spec }) => (spec?.limited ? (spec.limited.nominalConcurrencyShares ?? 0) : '<none>'),
  ),
  queuingColumn('Queues', 'queues'),
  queuingColumn('HandSize', 'handSize'),
  queuingColumn('QueueLengthLimit', 'queueLengthLimit'),
  ageColumn,
]

function queuingColumn(name: string, field: string): Column {
  const cell = ({ spec }: KubeObject) => {
    const queuing = spec?.limited?.limitResponse?.queuing
    return queuing ? (queuing[field] ?? 0) : '<none>'
  }
  return describedColumn(name, `flowcontrol.v1.QueuingConfiguration.${field}`, cell)
}
