import { defaultEndpointSlice } from '../defaults/core.ts'
import type { EndpointSlice } from '../objects.ts'
import { endpointSliceColumns, leaseColumns } from '../printers/discovery.ts'
import { semanticEqual } from '../semantic.ts'
import type { KubeObject } from '../types.ts'
import {
  endpointSliceWarnings,
  validateEndpointSlice,
  validateEndpointSliceUpdate,
} from '../validation/endpoint-slices.ts'
import { validateLease } from '../validation/leases.ts'
import { row } from './row.ts'

/** Source: kubernetes pkg/registry/discovery/endpointslice/strategy.go. */
export const endpointSlices = row('discovery.k8s.io/v1', {
  resource: 'endpointslices',
  kind: 'EndpointSlice',
  generation: true,
  applyDefaults: object => defaultEndpointSlice(object as EndpointSlice),
  prepareCreate: dropTopology,
  prepareUpdate(next, old) {
    if (!semanticEqual(next.endpoints, old.endpoints)) dropTopology(next)
    if (semanticEqual(next.metadata.labels, old.metadata.labels)) return
    next.metadata.generation = (old.metadata.generation ?? 0) + 1
  },
  validate: (object, causes) => validateEndpointSlice(object as EndpointSlice, causes),
  updateIsJudgedAlone: true,
  validateUpdate: (next, old, causes) =>
    validateEndpointSliceUpdate(next as EndpointSlice, old as EndpointSlice, causes),
  warnings: (object, old) => endpointSliceWarnings(object as EndpointSlice, old),
  columns: endpointSliceColumns,
})

/** A field of v1beta1, which v1 shows and does not take. */
function dropTopology(object: KubeObject): void {
  for (const endpoint of object.endpoints ?? []) delete endpoint.deprecatedTopology
}

/** Source: kubernetes pkg/registry/coordination/lease/strategy.go. */
export const leases = row('coordination.k8s.io/v1', {
  resource: 'leases',
  kind: 'Lease',
  createOnUpdate: true,
  needsVersion: true,
  prepareCreate: dropStrategy,
  prepareUpdate: dropStrategy,
  validate: validateLease,
  updateIsJudgedAlone: true,
  validateUpdate: (next, _old, causes) => validateLease(next, causes),
  columns: leaseColumns,
})

/** Behind CoordinatedLeaderElection, which is off. */
function dropStrategy({ spec }: KubeObject): void {
  for (const field of ['strategy', 'preferredHolder']) if (spec) delete spec[field]
}
