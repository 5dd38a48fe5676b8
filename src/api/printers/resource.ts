import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, describedColumn, nameColumn } from './types.ts'

/** Source of all: kubernetes pkg/printers/internalversion/printers.go. */

export const resourceClaimColumns: readonly Column[] = [
  nameColumn,
  column(
    'State',
    stateText,
    'A summary of the current state (allocated, pending, reserved, etc.).',
  ),
  ageColumn,
]

/** Source: resourceClaimState. */
function stateText({ metadata, status }: KubeObject): string {
  const isGoing = metadata.deletionTimestamp !== undefined
  const states = isGoing ? ['deleted'] : []
  if (!status?.allocation) return [...states, ...(isGoing ? [] : ['pending'])].join(',')
  states.push('allocated')
  if ((status.reservedFor ?? []).length > 0) states.push('reserved')
  return states.join(',')
}

export const resourceSliceColumns: readonly Column[] = [
  nameColumn,
  describedColumn(
    'Node',
    'resource.v1.ResourceSliceSpec.nodeName',
    ({ spec }) => spec?.nodeName ?? '',
  ),
  describedColumn(
    'Driver',
    'resource.v1.ResourceSliceSpec.driver',
    ({ spec }) => spec?.driver ?? '',
  ),
  describedColumn('Pool', 'resource.v1.ResourcePool.name', ({ spec }) => spec?.pool?.name ?? ''),
  ageColumn,
]
