import { defaultResourceClaim, defaultResourceClaimTemplate } from '../defaults/resource.ts'
import { resourceClaimColumns, resourceSliceColumns } from '../printers/resource.ts'
import type { KubeObject } from '../types.ts'
import { dropDeallocated, validateClaimStatus } from '../validation/claim-status.ts'
import {
  validateClaimUpdate,
  validateResourceClaim,
  validateResourceClaimTemplate,
} from '../validation/resource-claims.ts'
import {
  dropDisabledFields,
  validateDeviceClass,
  validateResourceSlice,
  validateResourceSliceUpdate,
} from '../validation/resource-slices.ts'
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
    prepareCreate: dropExtendedResource,
    prepareUpdate: dropExtendedResource,
    validate: validateDeviceClass,
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
      dropTolerations(object.spec)
    },
    prepareUpdate: ({ spec }) => dropTolerations(spec),
    prepareStatus: dropDeallocated,
    validate: validateResourceClaim,
    updateIsJudgedAlone: true,
    metadataLooks: 4,
    validateUpdate: validateClaimUpdate,
    validateStatus: validateClaimStatus,
    columns: resourceClaimColumns,
  }),
  row(gv, {
    resource: 'resourceclaimtemplates',
    returnsDeleted: true,
    kind: 'ResourceClaimTemplate',
    applyDefaults: defaultResourceClaimTemplate,
    prepareCreate: ({ spec }) => dropTolerations(spec?.spec),
    prepareUpdate: ({ spec }) => dropTolerations(spec?.spec),
    validate: validateResourceClaimTemplate,
    validateUpdate: validateClaimUpdate,
  }),
  row(gv, {
    resource: 'resourceslices',
    returnsDeleted: true,
    kind: 'ResourceSlice',
    namespaced: false,
    generation: true,
    prepareCreate: object => dropDisabledFields(object),
    prepareUpdate: object => dropDisabledFields(object),
    validate: validateResourceSlice,
    updateIsJudgedAlone: true,
    validateUpdate: validateResourceSliceUpdate,
    warnings: driverWarnings,
    columns: resourceSliceColumns,
    fields: {
      'spec.nodeName': ({ spec }) => spec?.nodeName ?? '',
      'spec.driver': ({ spec }) => spec?.driver ?? '',
    },
    unknownField: field => `field label not supported for ${gv}, Kind=ResourceSlice: ${field}`,
  }),
]

/** Behind DRADeviceTaints and DRAConsumableCapacity, which are off. */
function dropTolerations(spec: KubeObject['spec']): void {
  for (const request of spec?.devices?.requests ?? []) {
    for (const wanted of [request.exactly, ...(request.firstAvailable ?? [])]) {
      for (const field of ['tolerations', 'capacity']) if (wanted) delete wanted[field]
    }
  }
  for (const constraint of spec?.devices?.constraints ?? []) delete constraint.distinctAttribute
}

/** Behind DRAExtendedResource, which is off. */
function dropExtendedResource({ spec }: KubeObject): void {
  if (spec) delete spec.extendedResourceName
}

/** Source: resourceslice/strategy.go. */
function driverWarnings({ spec }: KubeObject): string[] {
  const driver: string = spec?.driver ?? ''
  if (driver === driver.toLowerCase()) return []
  return [
    `spec.driver: driver names should be lowercase; "${driver}" contains uppercase characters`,
  ]
}
