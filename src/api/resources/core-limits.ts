import { randomUUID } from 'node:crypto'
import { defaultLimitRange, defaultResourceQuota } from '../defaults/limits.ts'
import { createdAtColumns, resourceQuotaColumns } from '../printers/limits.ts'
import { validateLimitRange } from '../validation/limits.ts'
import {
  quotaWarnings,
  validateResourceQuota,
  validateResourceQuotaStatus,
  validateResourceQuotaUpdate,
} from '../validation/quotas.ts'
import { row, statusOf } from './row.ts'

/** Source: kubernetes pkg/registry/core/limitrange/strategy.go. */
export const limitRanges = row('v1', {
  resource: 'limitranges',
  kind: 'LimitRange',
  metadataLooks: 3,
  shortNames: ['limits'],
  applyDefaults: defaultLimitRange,
  prepareCreate(object) {
    object.metadata.name ||= randomUUID()
  },
  validate: validateLimitRange,
  columns: createdAtColumns,
})

/** Source: kubernetes pkg/registry/core/resourcequota/strategy.go. */
export const resourceQuotas = row('v1', {
  resource: 'resourcequotas',
  kind: 'ResourceQuota',
  metadataLooks: 3,
  returnsDeleted: true,
  shortNames: ['quota'],
  status: true,
  subresources: [statusOf('ResourceQuota')],
  applyDefaults: defaultResourceQuota,
  prepareCreate(object) {
    object.status = {}
  },
  validate: validateResourceQuota,
  validateUpdate: validateResourceQuotaUpdate,
  validateStatus: (next, _old, causes) => validateResourceQuotaStatus(next, causes),
  warnings: quotaWarnings,
  columns: resourceQuotaColumns,
})
