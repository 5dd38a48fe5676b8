import type { KubeObject } from '../types.ts'
import { ageColumn, type Column, column, nameColumn } from './types.ts'

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
  column(
    'Node',
    ({ spec }) => spec?.nodeName ?? '',
    'NodeName identifies the node which provides the resources in this pool. A field ' +
      'selector can be used to list only ResourceSlice objects belonging to a certain ' +
      'node.\n\nThis field can be used to limit access from nodes to ResourceSlices with the ' +
      'same node name. It also indicates to autoscalers that adding new nodes of the same ' +
      'type as some old node might also make new resources available.\n\nExactly one of ' +
      'NodeName, NodeSelector, AllNodes, and PerDeviceNodeSelection must be set. This field ' +
      'is immutable.',
  ),
  column(
    'Driver',
    ({ spec }) => spec?.driver ?? '',
    'Driver identifies the DRA driver providing the capacity information. A field selector ' +
      'can be used to list only ResourceSlice objects with a certain driver name.\n\nMust be ' +
      'a DNS subdomain and should end with a DNS domain owned by the vendor of the driver. ' +
      'It should use only lower case characters. This field is immutable.',
  ),
  column(
    'Pool',
    ({ spec }) => spec?.pool?.name ?? '',
    'Name is used to identify the pool. For node-local devices, this is often the node name, but ' +
      'this is not required.\n\nIt must not be longer than 253 characters and must consist of ' +
      'one or more DNS sub-domains separated by slashes. This field is immutable.',
  ),
  ageColumn,
]
