import { ownValue } from '../own.ts'
import { canonicalQuantity } from '../quantity.ts'
import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, nameColumn } from './types.ts'

/** Source: printers.go printResourceQuota. */
export const resourceQuotaColumns: readonly Column[] = [
  nameColumn,
  column(
    'Request',
    object => usageText(object, false),
    'Request represents a minimum amount of cpu/memory that a container may consume.',
  ),
  column(
    'Limit',
    object => usageText(object, true),
    'Limits control the maximum amount of cpu/memory that a container may use independent of ' +
      'contention on the node.',
  ),
  ageColumn,
]

/** `cpu: 1/2`, used and hard; what begins with `limits.` has a column of its own. */
function usageText({ status }: KubeObject, isLimit: boolean): string {
  const hard: Record<string, string> = status?.hard ?? {}
  const names = Object.keys(hard).filter(name => name.startsWith('limits.') === isLimit)
  const amount = (list: Record<string, string> | undefined, name: string) =>
    canonicalQuantity(ownValue(list, name) ?? '0')
  return names
    .sort()
    .map(name => `${name}: ${amount(status?.used, name)}/${amount(hard, name)}`)
    .join(', ')
}

/**
 * The table of what has no columns of its own in upstream's printers.
 * Source: apiserver pkg/registry/rest/table.go, defaultTableConvertor.
 */
export const createdAtColumns: readonly Column[] = [
  nameColumn,
  {
    ...ageColumn,
    name: 'Created At',
    type: 'date',
    cell: object => object.metadata.creationTimestamp ?? null,
  },
]
