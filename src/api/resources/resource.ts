import { defaultResourceClaim, defaultResourceClaimTemplate } from '../defaults/resource.ts'
import { resourceClaimColumns, resourceSliceColumns } from '../printers/resource.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

const gv = 'resource.k8s.io/v1'

/** Source of all: kubernetes pkg/registry/resource. */
export const resourceRows: readonly ResourceRow[] = [
  row(gv, {
    resource: 'deviceclasses',
    returnsDeleted: true,
    kind: 'DeviceClass',
    namespaced: false,
    generation: true,
  }),
  row(gv, {
    resource: 'resourceclaims',
    returnsDeleted: true,
    kind: 'ResourceClaim',
    status: true,
    subresources: [statusOf('ResourceClaim', { keepsMetadata: true })],
    applyDefaults: defaultResourceClaim,
    prepareCreate(object) {
      delete object.status
    },
    columns: resourceClaimColumns,
  }),
  row(gv, {
    resource: 'resourceclaimtemplates',
    returnsDeleted: true,
    kind: 'ResourceClaimTemplate',
    applyDefaults: defaultResourceClaimTemplate,
  }),
  row(gv, {
    resource: 'resourceslices',
    returnsDeleted: true,
    kind: 'ResourceSlice',
    namespaced: false,
    generation: true,
    columns: resourceSliceColumns,
    fields: {
      'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
      'spec.driver': ({ spec }) => spec?.driver ?? '',
    },
  }),
]
