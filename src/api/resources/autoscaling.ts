import { autoscalerConversion } from '../conversion/autoscaling.ts'
import { defaultHorizontalPodAutoscaler } from '../defaults/autoscaling.ts'
import { horizontalPodAutoscalerColumns } from '../printers/autoscaling.ts'
import { validateAutoscaler, validateAutoscalerStatus } from '../validation/autoscaling.ts'
import { row, statusOf } from './row.ts'

/** Source: kubernetes pkg/registry/autoscaling/horizontalpodautoscaler/strategy.go. */
export const horizontalPodAutoscalers = row('autoscaling/v2', {
  resource: 'horizontalpodautoscalers',
  kind: 'HorizontalPodAutoscaler',
  metadataLooks: 3,
  shortNames: ['hpa'],
  categories: ['all'],
  status: true,
  alsoServed: [{ group: 'autoscaling', version: 'v1', conversion: autoscalerConversion }],
  subresources: [statusOf('HorizontalPodAutoscaler')],
  applyDefaults: defaultHorizontalPodAutoscaler,
  prepareCreate(object) {
    object.status = {}
  },
  validateNew: (object, causes) => validateAutoscaler(object, undefined, causes),
  validateUpdate: validateAutoscaler,
  validateStatus: (next, _old, causes) => validateAutoscalerStatus(next, causes),
  columns: horizontalPodAutoscalerColumns,
})
