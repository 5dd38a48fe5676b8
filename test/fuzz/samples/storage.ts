import { core, namespaced, type Sample } from './sample.ts'

/** Volumes and limits. */
export const storageSamples: readonly Sample[] = [
  {
    kind: 'PersistentVolume',
    path: `${core}/persistentvolumes`,
    object: {
      spec: {
        capacity: { storage: '1Gi' },
        accessModes: ['ReadWriteOnce', 'ReadOnlyMany'],
        persistentVolumeReclaimPolicy: 'Retain',
        storageClassName: 's',
        volumeMode: 'Filesystem',
        mountOptions: ['ro'],
        claimRef: { namespace: 'default', name: 'c' },
        hostPath: { path: '/x', type: 'Directory' },
        nodeAffinity: {
          required: {
            nodeSelectorTerms: [
              { matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] },
            ],
          },
        },
      },
      status: { phase: 'Bound', reason: 'x' },
    },
  },
  {
    kind: 'PersistentVolumeClaim',
    path: namespaced(core, 'persistentvolumeclaims'),
    object: {
      spec: {
        accessModes: ['ReadWriteMany'],
        resources: { requests: { storage: '1Gi' }, limits: { storage: '2Gi' } },
        storageClassName: 's',
        volumeName: 'v',
        selector: { matchLabels: { a: 'b' } },
        dataSourceRef: { kind: 'PersistentVolumeClaim', name: 'x' },
      },
      status: { phase: 'Bound', capacity: { storage: '1Gi' }, accessModes: ['ReadWriteMany'] },
    },
  },
  {
    kind: 'LimitRange',
    path: namespaced(core, 'limitranges'),
    object: {
      spec: {
        limits: [
          {
            type: 'Container',
            max: { cpu: '2', memory: '2Gi' },
            min: { cpu: '100m' },
            default: { cpu: '1' },
            defaultRequest: { cpu: '500m' },
            maxLimitRequestRatio: { cpu: '4' },
          },
          { type: 'PersistentVolumeClaim', max: { storage: '10Gi' } },
        ],
      },
    },
  },
  {
    kind: 'ResourceQuota',
    path: namespaced(core, 'resourcequotas'),
    object: {
      spec: {
        hard: { pods: '4', 'requests.cpu': '1' },
        scopeSelector: {
          matchExpressions: [{ scopeName: 'PriorityClass', operator: 'In', values: ['a'] }],
        },
      },
      status: { hard: { pods: '4' }, used: { pods: '1' } },
    },
  },
]
