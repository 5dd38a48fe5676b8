import { core, namespaced, type Sample } from './sample.ts'

const apps = '/apis/apps/v1'

/** What makes pods of a template, without an end. */
export function workloadSamples(template: object, selector: object): readonly Sample[] {
  return [
    { kind: 'PodTemplate', path: namespaced(core, 'podtemplates'), object: { template } },
    {
      kind: 'ReplicationController',
      path: namespaced(core, 'replicationcontrollers'),
      object: {
        spec: { replicas: 2, minReadySeconds: 1, selector: { a: 'b' }, template },
        status: { replicas: 1, conditions: [{ type: 'ReplicaFailure', status: 'True' }] },
      },
    },
    {
      kind: 'DaemonSet',
      path: namespaced(apps, 'daemonsets'),
      object: {
        spec: {
          selector,
          template,
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '10%' } },
          minReadySeconds: 1,
          revisionHistoryLimit: 2,
        },
        status: { currentNumberScheduled: 1, desiredNumberScheduled: 1 },
      },
    },
    {
      kind: 'StatefulSet',
      path: namespaced(apps, 'statefulsets'),
      object: {
        spec: {
          replicas: 1,
          serviceName: 's',
          selector,
          template,
          podManagementPolicy: 'Parallel',
          updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } },
          persistentVolumeClaimRetentionPolicy: { whenDeleted: 'Delete', whenScaled: 'Retain' },
          ordinals: { start: 1 },
          minReadySeconds: 1,
          volumeClaimTemplates: [
            {
              metadata: { name: 'data' },
              spec: {
                accessModes: ['ReadWriteOnce'],
                resources: { requests: { storage: '1Gi' } },
              },
            },
          ],
        },
        status: { replicas: 1, currentRevision: 'x' },
      },
    },
    {
      kind: 'PodDisruptionBudget',
      path: namespaced('/apis/policy/v1', 'poddisruptionbudgets'),
      object: {
        spec: { minAvailable: '50%', selector, unhealthyPodEvictionPolicy: 'AlwaysAllow' },
        status: { disruptionsAllowed: 1, disruptedPods: { p: '2026-01-01T00:00:00Z' } },
      },
    },
    {
      kind: 'HorizontalPodAutoscaler',
      path: namespaced('/apis/autoscaling/v2', 'horizontalpodautoscalers'),
      object: {
        spec: {
          scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' },
          minReplicas: 1,
          maxReplicas: 3,
          metrics: [
            {
              type: 'Resource',
              resource: { name: 'memory', target: { type: 'AverageValue', averageValue: '1Gi' } },
            },
            {
              type: 'Object',
              object: {
                describedObject: { apiVersion: 'v1', kind: 'Service', name: 's' },
                metric: { name: 'm', selector },
                target: { type: 'Value', value: '10' },
              },
            },
          ],
          behavior: {
            scaleUp: {
              stabilizationWindowSeconds: 10,
              selectPolicy: 'Min',
              policies: [{ type: 'Pods', value: 1, periodSeconds: 5 }],
              tolerance: '100m',
            },
          },
        },
        status: {
          currentReplicas: 1,
          conditions: [{ type: 'ScalingActive', status: 'True' }],
          currentMetrics: [
            { type: 'Resource', resource: { name: 'cpu', current: { averageUtilization: 4 } } },
          ],
        },
      },
    },
  ]
}
