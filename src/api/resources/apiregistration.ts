import { apiServiceColumns } from '../printers/apiregistration.ts'
import { validateApiService, validateApiServiceStatus } from '../validation/api-services.ts'
import { row, statusOf } from './row.ts'
import type { ResourceRow } from './types.ts'

/** Source: kube-aggregator pkg/registry/apiservice/strategy.go. */
export const apiregistrationRows: readonly ResourceRow[] = [
  row('apiregistration.k8s.io/v1', {
    resource: 'apiservices',
    kind: 'APIService',
    categories: ['api-extensions'],
    namespaced: false,
    prefix: 'apiregistration.k8s.io/apiservices',
    status: true,
    needsVersion: true,
    nameRule: 'any',
    subresources: [statusOf('APIService', { keepsMetadata: true })],
    applyDefaults({ spec }) {
      if (spec?.service) spec.service.port ??= 443
    },
    prepareCreate(object, _user, now) {
      object.status = {}
      if (object.spec?.service) return
      const condition = {
        ...{ type: 'Available', status: 'True', reason: 'Local' },
        lastTransitionTime: now,
        message: 'Local APIServices are always available',
      }
      object.status = { conditions: [condition] }
    },
    validate: validateApiService,
    validateStatus: (next, _old, causes) => validateApiServiceStatus(next, causes),
    columns: apiServiceColumns,
  }),
]
