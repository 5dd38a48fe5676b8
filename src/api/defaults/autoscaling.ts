import type { KubeObject } from '../types.ts'

/** Source of all: kubernetes pkg/apis/autoscaling/v2/defaults.go. */

const cpuShareDefault = 80

/** Filled in where a direction of scaling is silent. */
const rules = {
  scaleUp: {
    stabilizationWindowSeconds: 0,
    selectPolicy: 'Max',
    policies: [
      { type: 'Pods', value: 4, periodSeconds: 15 },
      { type: 'Percent', value: 100, periodSeconds: 15 },
    ],
  },
  scaleDown: {
    selectPolicy: 'Max',
    policies: [{ type: 'Percent', value: 100, periodSeconds: 15 }],
  },
} as const

export function defaultHorizontalPodAutoscaler(autoscaler: KubeObject): void {
  autoscaler.spec ??= {}
  const { spec } = autoscaler
  spec.minReplicas ??= 1
  if (!spec.metrics?.length) {
    const target = { type: 'Utilization', averageUtilization: cpuShareDefault }
    spec.metrics = [{ type: 'Resource', resource: { name: 'cpu', target } }]
  }
  if (spec.behavior === undefined) return
  for (const direction of ['scaleUp', 'scaleDown'] as const) {
    spec.behavior[direction] = { ...structuredClone(rules[direction]), ...spec.behavior[direction] }
  }
}
