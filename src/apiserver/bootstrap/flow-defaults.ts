import type { KubeObject } from '../../api/types.ts'

/**
 * The flow schemas and priority levels of a fresh cluster.
 * Source: apiserver pkg/apis/flowcontrol/bootstrap/default.go.
 */

const annotations = { 'apf.kubernetes.io/autoupdate-spec': 'true' }

/** Name, shares, what it may lend in percent, and queues, hand and length of each. */
const levels: readonly (readonly [string, number, number, [number, number, number]?])[] = [
  ['catch-all', 5, 0],
  ['global-default', 20, 50, [128, 6, 50]],
  ['leader-election', 10, 0, [16, 4, 50]],
  ['node-high', 40, 25, [64, 6, 50]],
  ['system', 30, 33, [64, 6, 50]],
  ['workload-high', 40, 50, [128, 6, 50]],
  ['workload-low', 100, 90, [128, 6, 50]],
]

export function defaultPriorityLevels(): KubeObject[] {
  const exempt = { nominalConcurrencyShares: 0, lendablePercent: 0 }
  return [
    object('exempt', { type: 'Exempt', exempt }),
    ...levels.map(([name, nominalConcurrencyShares, lendablePercent, queuing]) => {
      const limitResponse =
        queuing === undefined ? { type: 'Reject' } : { type: 'Queue', queuing: queuesOf(queuing) }
      const limited = { nominalConcurrencyShares, limitResponse, lendablePercent }
      return object(name, { type: 'Limited', limited })
    }),
  ]
}

function queuesOf([queues, handSize, queueLengthLimit]: [number, number, number]) {
  return { queues, handSize, queueLengthLimit }
}

interface Schema {
  readonly name: string
  readonly level: string
  readonly precedence: number
  readonly by?: 'ByUser' | 'ByNamespace'
  /** `group:NAME`, `user:NAME`, `sa:NAMESPACE/NAME`. */
  readonly subjects: readonly string[]
  /** Absent: everything. */
  readonly rules?: object
}

const everyone = ['group:system:unauthenticated', 'group:system:authenticated']
const everywhere = { clusterScope: true, namespaces: ['*'] }
const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], ...everywhere }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
}
const leases = { apiGroups: ['coordination.k8s.io'], resources: ['leases'], namespaces: ['*'] }
const nodes = { apiGroups: [''], resources: ['nodes', 'nodes/status'], ...everywhere }
const health = ['/healthz', '/livez', '/readyz']

const schemas: readonly Schema[] = [
  {
    ...{ name: 'catch-all', level: 'catch-all', precedence: 10_000, by: 'ByUser' },
    subjects: everyone,
  },
  { name: 'exempt', level: 'exempt', precedence: 1, subjects: ['group:system:masters'] },
  {
    ...{ name: 'global-default', level: 'global-default', precedence: 9_900, by: 'ByUser' },
    subjects: everyone,
  },
  {
    ...{ name: 'kube-controller-manager', level: 'workload-high', precedence: 800 },
    ...{ by: 'ByNamespace', subjects: ['user:system:kube-controller-manager'] },
  },
  {
    ...{ name: 'kube-scheduler', level: 'workload-high', precedence: 800, by: 'ByNamespace' },
    subjects: ['user:system:kube-scheduler'],
  },
  {
    ...{ name: 'kube-system-service-accounts', level: 'workload-high', precedence: 900 },
    ...{ by: 'ByNamespace', subjects: ['sa:kube-system/*'] },
  },
  {
    ...{ name: 'probes', level: 'exempt', precedence: 2, subjects: everyone },
    rules: { nonResourceRules: [{ verbs: ['get'], nonResourceURLs: health }] },
  },
  {
    ...{ name: 'service-accounts', level: 'workload-low', precedence: 9_000, by: 'ByUser' },
    subjects: ['group:system:serviceaccounts'],
  },
  {
    ...{ name: 'system-leader-election', level: 'leader-election', precedence: 100, by: 'ByUser' },
    subjects: [
      'user:system:kube-controller-manager',
      'user:system:kube-scheduler',
      'sa:kube-system/*',
    ],
    rules: { resourceRules: [{ verbs: ['get', 'create', 'update'], ...leases }] },
  },
  {
    ...{ name: 'system-node-high', level: 'node-high', precedence: 400, by: 'ByUser' },
    subjects: ['group:system:nodes'],
    rules: {
      resourceRules: [
        { verbs: ['*'], ...nodes },
        { verbs: ['*'], ...leases },
      ],
    },
  },
  {
    ...{ name: 'system-nodes', level: 'system', precedence: 500, by: 'ByUser' },
    subjects: ['group:system:nodes'],
  },
]

export function defaultFlowSchemas(): KubeObject[] {
  return schemas.map(({ name, level, precedence, by, subjects, rules = everything }) =>
    object(name, {
      priorityLevelConfiguration: { name: level },
      matchingPrecedence: precedence,
      ...(by === undefined ? {} : { distinguisherMethod: { type: by } }),
      rules: [{ subjects: subjects.map(subjectOf), ...rules }],
    }),
  )
}

function subjectOf(text: string): unknown {
  const colon = text.indexOf(':')
  const [kind, name = ''] = [text.slice(0, colon), text.slice(colon + 1)]
  if (kind === 'group') return { kind: 'Group', group: { name } }
  if (kind === 'user') return { kind: 'User', user: { name } }
  const [namespace, account] = name.split('/')
  return { kind: 'ServiceAccount', serviceAccount: { namespace, name: account } }
}

function object(name: string, spec: object): KubeObject {
  return { metadata: { name, annotations }, spec } as KubeObject
}

/** What the server says of a schema whose level is there. */
export function foundLevel({ spec }: KubeObject, now: string): unknown {
  const { name } = spec?.priorityLevelConfiguration ?? {}
  return {
    ...{ type: 'Dangling', status: 'False', lastTransitionTime: now, reason: 'Found' },
    message:
      'This FlowSchema references the PriorityLevelConfiguration object named ' +
      `"${name}" and it exists`,
  }
}
