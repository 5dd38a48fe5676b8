import { must } from '../../src/kernel/assert.ts'
import type { Prng } from '../../src/kernel/prng.ts'
import { batchSamples } from './samples/batch.ts'
import { groupSamples } from './samples/groups.ts'
import { core, namespaced, type Sample } from './samples/sample.ts'
import { storageSamples } from './samples/storage.ts'
import { workloadSamples } from './samples/workloads.ts'

const apps = '/apis/apps/v1'

/** A JSON value that a mutation may turn into anything. */
export type Value = unknown

const probe = {
  httpGet: { path: '/', port: 80, httpHeaders: [{ name: 'a', value: 'b' }] },
  periodSeconds: 5,
  successThreshold: 1,
}

const podSpec = {
  containers: [
    {
      name: 'c',
      image: 'nginx',
      command: ['a'],
      env: [
        { name: 'A', value: 'b' },
        { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        { name: 'C', valueFrom: { configMapKeyRef: { name: 'x', key: 'y' } } },
        { name: 'D', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1' } } },
      ],
      ports: [{ name: 'http', containerPort: 80, protocol: 'TCP', hostPort: 8080 }],
      resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '100m' } },
      volumeMounts: [{ name: 'v', mountPath: '/v', subPath: 's' }],
      livenessProbe: probe,
      readinessProbe: { tcpSocket: { port: 'http' } },
      startupProbe: { exec: { command: ['x'] }, successThreshold: 1 },
      lifecycle: { preStop: { sleep: { seconds: 1 } }, postStart: { exec: { command: ['x'] } } },
      securityContext: { runAsUser: 1000, capabilities: { add: ['A'] } },
    },
  ],
  initContainers: [{ name: 'i', image: 'i:1', restartPolicy: 'Always' }],
  volumes: [
    { name: 'v', configMap: { name: 'x', items: [{ key: 'a', path: 'b' }], defaultMode: 420 } },
    { name: 's', secret: { secretName: 's' } },
    { name: 'd', downwardAPI: { items: [{ path: 'p', fieldRef: { fieldPath: 'metadata.uid' } }] } },
    { name: 'h', hostPath: { path: '/x' } },
    { name: 'p', projected: { sources: [{ configMap: { name: 'c' } }] } },
  ],
  nodeName: 'n',
  nodeSelector: { a: 'b' },
  tolerations: [{ key: 'k', operator: 'Equal', value: 'v', effect: 'NoExecute' }],
  affinity: {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }] }],
      },
    },
    podAntiAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: [
        { labelSelector: { matchLabels: { a: 'b' } }, topologyKey: 'k' },
      ],
    },
  },
  topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'z', whenUnsatisfiable: 'DoNotSchedule' }],
  terminationGracePeriodSeconds: 5,
  activeDeadlineSeconds: 50,
}

const podStatus = {
  phase: 'Running',
  podIP: '10.0.0.1',
  startTime: '2026-01-01T00:00:00Z',
  conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: null }],
  containerStatuses: [
    {
      name: 'c',
      ready: true,
      restartCount: 1,
      image: 'i',
      imageID: '',
      state: { terminated: { exitCode: 1, reason: 'Error', signal: 9 } },
      lastState: { waiting: { reason: 'X' } },
    },
  ],
}

const template = { metadata: { labels: { a: 'b' } }, spec: { ...podSpec, restartPolicy: 'Always' } }
/** Whoever never ends has no deadline. */
const endless = { ...template, spec: { ...template.spec, activeDeadlineSeconds: undefined } }
const selector = {
  matchLabels: { a: 'b' },
  matchExpressions: [{ key: 'a', operator: 'In', values: ['b'] }],
}

export const samples: readonly Sample[] = [
  {
    kind: 'Pod',
    path: namespaced(core, 'pods'),
    object: { spec: podSpec, status: podStatus },
  },
  {
    kind: 'Deployment',
    path: namespaced(apps, 'deployments'),
    object: {
      spec: {
        replicas: 2,
        selector,
        template: { ...template, spec: { ...template.spec, activeDeadlineSeconds: undefined } },
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: '25%' } },
        progressDeadlineSeconds: 600,
        minReadySeconds: 1,
      },
      status: { replicas: 1, conditions: [{ type: 'Available', status: 'True' }] },
    },
  },
  {
    kind: 'ReplicaSet',
    path: namespaced(apps, 'replicasets'),
    object: {
      spec: {
        replicas: 2,
        selector,
        template: { ...template, spec: { ...template.spec, activeDeadlineSeconds: undefined } },
      },
      status: { replicas: 1 },
    },
  },
  {
    kind: 'ControllerRevision',
    path: namespaced(apps, 'controllerrevisions'),
    object: { data: { a: [1, { b: null }] }, revision: 3 },
  },
  {
    kind: 'Service',
    path: namespaced(core, 'services'),
    object: {
      spec: {
        type: 'LoadBalancer',
        selector: { a: 'b' },
        ports: [
          { name: 'a', port: 80, targetPort: 'http', protocol: 'TCP' },
          { name: 'b', port: 81, targetPort: 8080, appProtocol: 'x' },
        ],
        sessionAffinity: 'ClientIP',
        sessionAffinityConfig: { clientIP: { timeoutSeconds: 10 } },
        externalIPs: ['1.2.3.4'],
        loadBalancerSourceRanges: ['10.0.0.0/8'],
        ipFamilies: ['IPv4'],
        ipFamilyPolicy: 'SingleStack',
        externalTrafficPolicy: 'Cluster',
        allocateLoadBalancerNodePorts: true,
      },
      status: { loadBalancer: { ingress: [{ ip: '1.1.1.1' }] } },
    },
  },
  {
    kind: 'Endpoints',
    path: namespaced(core, 'endpoints'),
    object: {
      subsets: [
        {
          addresses: [{ ip: '10.0.0.1', nodeName: 'n', targetRef: { kind: 'Pod', name: 'p' } }],
          notReadyAddresses: [{ ip: '10.0.0.2' }],
          ports: [{ name: 'a', port: 80, protocol: 'TCP' }],
        },
      ],
    },
  },
  {
    kind: 'EndpointSlice',
    path: namespaced('/apis/discovery.k8s.io/v1', 'endpointslices'),
    object: {
      addressType: 'IPv4',
      endpoints: [
        { addresses: ['10.0.0.1'], conditions: { ready: true }, nodeName: 'n', zone: 'z' },
      ],
      ports: [{ name: 'a', port: 80, protocol: 'TCP' }],
    },
  },
  {
    kind: 'ConfigMap',
    path: namespaced(core, 'configmaps'),
    object: { data: { a: 'b', 'c.d': '' }, binaryData: { e: 'AAEC' }, immutable: false },
  },
  {
    kind: 'Secret',
    path: namespaced(core, 'secrets'),
    object: { type: 'Opaque', data: { a: 'AAEC' }, stringData: { b: 'c' } },
  },
  {
    kind: 'ServiceAccount',
    path: namespaced(core, 'serviceaccounts'),
    object: { secrets: [{ name: 'a' }], imagePullSecrets: [{ name: 'b' }] },
  },
  {
    kind: 'Event',
    path: namespaced(core, 'events'),
    object: {
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'default', fieldPath: 'x' },
      reason: 'Started',
      message: 'm',
      type: 'Normal',
      count: 2,
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      eventTime: '2026-01-01T00:00:00.000000Z',
      series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.000000Z' },
      source: { component: 'kubelet', host: 'h' },
      action: 'Starting',
      reportingComponent: 'kubelet',
      reportingInstance: 'h',
    },
  },
  {
    kind: 'Lease',
    path: namespaced('/apis/coordination.k8s.io/v1', 'leases'),
    object: {
      spec: {
        holderIdentity: 'h',
        leaseDurationSeconds: 15,
        renewTime: '2026-01-01T00:00:00.000000Z',
        leaseTransitions: 1,
      },
    },
  },
  {
    kind: 'Namespace',
    path: `${core}/namespaces`,
    object: { spec: { finalizers: ['kubernetes'] }, status: { phase: 'Active' } },
  },
  {
    kind: 'Node',
    path: `${core}/nodes`,
    object: {
      spec: {
        podCIDR: '10.0.0.0/24',
        podCIDRs: ['10.0.0.0/24'],
        taints: [{ key: 'a', effect: 'NoSchedule' }],
      },
      status: {
        capacity: { cpu: '1', memory: '1Gi', pods: 110 },
        conditions: [{ type: 'Ready', status: 'True' }],
        addresses: [{ type: 'InternalIP', address: '1.1.1.1' }],
        nodeInfo: { kubeletVersion: 'v1', architecture: 'amd64' },
      },
    },
  },
  ...workloadSamples(endless, selector),
  ...batchSamples(template),
  ...storageSamples,
  ...groupSamples,
]

export const metadataOf = (name: string) => ({
  name,
  labels: { a: 'b' },
  annotations: { c: 'd' },
  ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'o', uid: 'u', controller: true }],
  finalizers: ['example.com/f'],
})

/** What stands where something else was expected. */
const wrongValues: readonly ((prng: Prng) => Value)[] = [
  () => null,
  () => '',
  () => 0,
  () => -1,
  () => 1.5,
  () => 2 ** 31,
  () => 9_007_199_254_740_994,
  () => 1e300,
  () => true,
  () => [],
  () => ({}),
  () => [null],
  () => [[]],
  () => [{}],
  () => [''],
  () => ({ '': null }),
  () => ({ a: {} }),
  () => ({ constructor: 'x', toString: 'y', hasOwnProperty: 'z' }),
  () => JSON.parse('{"__proto__":"x"}'),
  () => 'constructor',
  () => '__proto__',
  () => 'x'.repeat(3_000),
  () => Array(2_000).fill('x'),
  () => Array(50).fill({}),
  () => '\u0000\ud800',
  () => '9'.repeat(400),
  () => '1e9999',
  () => '9999-12-31T23:59:59Z',
  () => '101%',
  () => '-5%',
  prng => prng.below(2 ** 31),
]

interface Place {
  readonly parent: Record<string, Value> | Value[]
  readonly key: string
}

/** A random walk from the root, so that what is near it is met as often as what is deep. */
function placeIn(root: object, prng: Prng): Place | undefined {
  let parent = root as Record<string, Value> | Value[]
  for (;;) {
    const keys = Object.keys(parent)
    const key = keys[prng.below(keys.length)]
    if (key === undefined) return undefined
    const inner = (parent as Record<string, Value>)[key]
    const deeper = typeof inner === 'object' && inner !== null && Object.keys(inner).length > 0
    if (!deeper || prng.chance(0.25)) return { parent, key }
    parent = inner as Record<string, Value>
  }
}

/** A copy of `object` in which one to three places are gone, or hold something wrong. */
export function mutate<T extends object>(object: T, prng: Prng): T {
  const result = JSON.parse(JSON.stringify(object)) as T
  for (let count = 1 + prng.below(3); count > 0; count--) {
    const place = placeIn(result, prng)
    if (place === undefined) return result
    const { parent, key } = place
    const wrong = must(wrongValues[prng.below(wrongValues.length)], 'a value')
    if (prng.chance(0.2)) delete (parent as Record<string, Value>)[key]
    else if (Array.isArray(parent) && prng.chance(0.3)) parent.push(parent[Number(key)])
    else (parent as Record<string, Value>)[key] = wrong(prng)
  }
  return result
}

/** What is tried in each place of an object in turn; `undefined`: it is gone. */
const inTurn: readonly Value[] = [undefined, null, {}, [], '', 0, [null]]

/** Copies of `object` that are wrong in one place each: every place, every value. */
export function* eachWrong<T extends object>(object: T): Generator<T> {
  const text = JSON.stringify(object)
  for (const way of waysIn(object, [])) {
    for (const value of inTurn) {
      const result = JSON.parse(text) as T
      const last = must(way.at(-1), 'a key')
      let parent = result as Record<string, Value>
      for (const key of way.slice(0, -1)) parent = parent[key] as Record<string, Value>
      if (value !== undefined) parent[last] = value
      else if (Array.isArray(parent)) parent.splice(Number(last), 1)
      else delete parent[last]
      yield result
    }
  }
}

function* waysIn(value: Value, way: readonly string[]): Generator<readonly string[]> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, inner] of Object.entries(value)) {
    if (inner === undefined) continue
    yield [...way, key]
    yield* waysIn(inner, [...way, key])
  }
}
