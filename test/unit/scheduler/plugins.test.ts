import { describe, expect, test } from 'vitest'
import type { Pod, Taint, Toleration } from '../../../src/api/objects.ts'
import { selectorOfMap } from '../../../src/api/selectors.ts'
import { podRequests } from '../../../src/scheduler/framework/resources.ts'
import { balancedAllocation } from '../../../src/scheduler/plugins/balanced-allocation.ts'
import { interPodAffinity } from '../../../src/scheduler/plugins/inter-pod-affinity.ts'
import { nodeAffinity } from '../../../src/scheduler/plugins/node-affinity.ts'
import { nodeName } from '../../../src/scheduler/plugins/node-name.ts'
import { nodePorts } from '../../../src/scheduler/plugins/node-ports.ts'
import { nodeUnschedulable } from '../../../src/scheduler/plugins/node-unschedulable.ts'
import { resourcesFit } from '../../../src/scheduler/plugins/resources-fit.ts'
import { taintToleration } from '../../../src/scheduler/plugins/taint-toleration.ts'
import { topologySpread } from '../../../src/scheduler/plugins/topology-spread.ts'
import { cycleOf, nodeOf, nodesWith, podOf, requesting, scores, verdicts } from './fixtures.ts'

/** Each plugin alone, with the texts that people search for. */

describe('NodeName and NodeUnschedulable', () => {
  test('a pod that names its node fits no other', () => {
    const nodes = nodesWith([[nodeOf('a')], [nodeOf('b')]])
    expect(verdicts(nodeName, cycleOf(podOf('p', { nodeName: 'b' }), nodes))).toEqual({
      a: "unresolvable: node(s) didn't match the requested node name",
      b: 'ok',
    })
  })

  test('a cordoned node takes only who tolerates the cordon', () => {
    const nodes = nodesWith([[nodeOf('a', {}, { spec: { unschedulable: true } })]])
    const tolerations: Toleration[] = [{ operator: 'Exists' }]
    expect(verdicts(nodeUnschedulable, cycleOf(podOf('p'), nodes))).toEqual({
      a: 'unresolvable: node(s) were unschedulable',
    })
    expect(verdicts(nodeUnschedulable, cycleOf(podOf('p', { tolerations }), nodes))).toEqual({
      a: 'ok',
    })
  })
})

describe('TaintToleration', () => {
  const taint: Taint = { key: 'gpu', value: 'a100', effect: 'NoSchedule' }
  const text = 'unresolvable: node(s) had untolerated taint {gpu: a100}'
  test.each<[string, Taint, Toleration[], string]>([
    ['nothing tolerated', taint, [], text],
    ['by key and value', taint, [{ key: 'gpu', value: 'a100' }], 'ok'],
    ['another value', taint, [{ key: 'gpu', operator: 'Equal', value: 'v100' }], text],
    ['by key alone', taint, [{ key: 'gpu', operator: 'Exists' }], 'ok'],
    ['everything', taint, [{ operator: 'Exists' }], 'ok'],
    ['another effect', taint, [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }], text],
    ['only preferred', { ...taint, effect: 'PreferNoSchedule' }, [], 'ok'],
    ['NoExecute repels, too', { ...taint, effect: 'NoExecute' }, [], text],
    [
      'a taint without value',
      { key: 'x', effect: 'NoSchedule' },
      [],
      'unresolvable: node(s) had untolerated taint {x: }',
    ],
  ])('%s', (_what, present, tolerations, expected) => {
    const nodes = nodesWith([[nodeOf('a', {}, { spec: { taints: [present] } })]])
    expect(verdicts(taintToleration, cycleOf(podOf('p', { tolerations }), nodes))).toEqual({
      a: expected,
    })
  })

  test('PreferNoSchedule only counts against', () => {
    const soft: Taint[] = [{ key: 'x', effect: 'PreferNoSchedule' }]
    const nodes = nodesWith([[nodeOf('a', {}, { spec: { taints: soft } })], [nodeOf('b')]])
    expect(scores(taintToleration, cycleOf(podOf('p'), nodes))).toEqual({ a: 0, b: 100 })
  })
})

describe('NodeAffinity', () => {
  const text = "unresolvable: node(s) didn't match Pod's node affinity/selector"
  const required = (...nodeSelectorTerms: object[]): Partial<Pod['spec']> => ({
    affinity: {
      nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
    },
  })
  const expression = (key: string, operator: string, ...values: string[]) => ({
    matchExpressions: [{ key, operator, values }],
  })
  test.each<[string, Partial<Pod['spec']>, string]>([
    ['nodeSelector matches', { nodeSelector: { disk: 'ssd' } }, 'ok'],
    ['nodeSelector differs', { nodeSelector: { disk: 'hdd' } }, text],
    ['In', required(expression('disk', 'In', 'hdd', 'ssd')), 'ok'],
    ['NotIn', required(expression('disk', 'NotIn', 'ssd')), text],
    ['DoesNotExist', required(expression('gpu', 'DoesNotExist')), 'ok'],
    ['Gt', required(expression('cores', 'Gt', '8')), 'ok'],
    ['Lt', required(expression('cores', 'Lt', '16')), text],
    [
      'terms are alternatives',
      required(expression('disk', 'In', 'x'), expression('disk', 'Exists')),
      'ok',
    ],
    ['an empty term matches nothing', required({}), text],
    [
      'a field',
      required({ matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }] }),
      'ok',
    ],
    [
      'selector and affinity must both hold',
      { nodeSelector: { disk: 'ssd' }, ...required(expression('gpu', 'Exists')) },
      text,
    ],
  ])('%s', (_what, spec, expected) => {
    const nodes = nodesWith([[nodeOf('a', { disk: 'ssd', cores: '16' })]])
    expect(verdicts(nodeAffinity, cycleOf(podOf('p', spec), nodes))).toEqual({ a: expected })
  })

  test('preferences add up, the largest sum is 100', () => {
    const prefer = (weight: number, key: string) => ({
      weight,
      preference: { matchExpressions: [{ key, operator: 'Exists' as const }] },
    })
    const nodeAffinitySpec = {
      preferredDuringSchedulingIgnoredDuringExecution: [prefer(10, 'ssd'), prefer(30, 'zone')],
    }
    const pod = podOf('p', { affinity: { nodeAffinity: nodeAffinitySpec } })
    const nodes = nodesWith([
      [nodeOf('both', { ssd: '', zone: 'a' })],
      [nodeOf('one', { ssd: '' })],
      [nodeOf('none')],
    ])
    expect(scores(nodeAffinity, cycleOf(pod, nodes))).toEqual({ both: 100, one: 25, none: 0 })
  })
})

describe('NodePorts', () => {
  const withPort = (hostPort: number, more: object = {}) =>
    podOf('p', {}, { container: { ports: [{ containerPort: 80, hostPort, ...more }] } })
  const text = "unschedulable: node(s) didn't have free ports for the requested pod ports"
  test.each<[string, Pod, Pod, string]>([
    ['the same port', withPort(80), withPort(80), text],
    ['another port', withPort(80), withPort(81), 'ok'],
    ['another protocol', withPort(80), withPort(80, { protocol: 'UDP' }), 'ok'],
    ['any address is in the way', withPort(80), withPort(80, { hostIP: '127.0.0.1' }), text],
    [
      'two addresses',
      withPort(80, { hostIP: '127.0.0.2' }),
      withPort(80, { hostIP: '127.0.0.1' }),
      'ok',
    ],
  ])('%s', (_what, present, wanted, expected) => {
    const nodes = nodesWith([[nodeOf('a'), present]])
    expect(verdicts(nodePorts, cycleOf(wanted, nodes))).toEqual({ a: expected })
  })
})

describe('NodeResourcesFit', () => {
  test.each<[string, Pod, string]>([
    ['fits exactly', podOf('p', {}, requesting('3', '7Gi')), 'ok'],
    ['CPU', podOf('p', {}, requesting('3001m', '1Gi')), 'unschedulable: Insufficient cpu'],
    [
      'CPU and memory',
      podOf('p', {}, requesting('5', '9Gi')),
      'unschedulable: Insufficient cpu, Insufficient memory',
    ],
    [
      'a resource that the node has not',
      podOf('p', {}, { container: { resources: { limits: { 'example.com/gpu': '1' } } } }),
      'unschedulable: Insufficient example.com/gpu',
    ],
    ['no requests', podOf('p'), 'ok'],
  ])('%s', (_what, pod, expected) => {
    const nodes = nodesWith([[nodeOf('a'), podOf('q', {}, requesting('1', '1Gi'))]])
    expect(verdicts(resourcesFit, cycleOf(pod, nodes))).toEqual({ a: expected })
  })

  test('a full node says so', () => {
    const allocatable = { cpu: '4', memory: '8Gi', pods: '1' }
    const nodes = nodesWith([[nodeOf('a', {}, { allocatable }), podOf('q')]])
    expect(verdicts(resourcesFit, cycleOf(podOf('p'), nodes))).toEqual({
      a: 'unschedulable: Too many pods',
    })
  })

  test('the emptier node scores higher, the more even one too', () => {
    const nodes = nodesWith([
      [nodeOf('busy'), podOf('q', {}, requesting('3', '1Gi'))],
      [nodeOf('idle')],
    ])
    const cycle = cycleOf(podOf('p', {}, requesting('1', '2Gi')), nodes)
    // (0% + 62%) / 2 and (75% + 75%) / 2 are free; CPU and memory are used to 100/37% and 25/25%.
    expect(scores(resourcesFit, cycle)).toEqual({ busy: 31, idle: 75 })
    expect(scores(balancedAllocation, cycle)).toEqual({ busy: 68, idle: 100 })
  })

  test("a pod's need: containers and sidecars, or an init container at its worst", () => {
    const cpu = (name: string, amount: string, restartPolicy?: 'Always') => ({
      name,
      image: 'i',
      resources: { requests: { cpu: amount } },
      restartPolicy,
    })
    const pod = podOf('p', {
      containers: [cpu('a', '1'), cpu('b', '500m')],
      initContainers: [cpu('first', '2'), cpu('sidecar', '250m', 'Always'), cpu('last', '2')],
      overhead: { cpu: '10m' },
    })
    expect(podRequests(pod).get('cpu')).toBe(2_260)
  })
})

describe('PodTopologySpread', () => {
  const labels = { app: 'web' }
  const web = () => podOf('web', {}, { labels })
  const zone = 'topology.kubernetes.io/zone'
  const spread = (more: object = {}): Partial<Pod['spec']> => ({
    topologySpreadConstraints: [
      {
        maxSkew: 1,
        topologyKey: zone,
        whenUnsatisfiable: 'DoNotSchedule',
        labelSelector: { matchLabels: labels },
        ...more,
      },
    ],
  })
  const text = "node(s) didn't match pod topology spread constraints"
  const nodes = () =>
    nodesWith([
      [nodeOf('a1', { [zone]: 'a' }), web(), web()],
      [nodeOf('b1', { [zone]: 'b' }), web()],
      [nodeOf('none')],
    ])

  test('a zone must not be ahead by more than maxSkew', () => {
    expect(verdicts(topologySpread, cycleOf(podOf('p', spread(), { labels }), nodes()))).toEqual({
      a1: `unschedulable: ${text}`,
      b1: 'ok',
      none: `unresolvable: ${text} (missing required label)`,
    })
  })

  test('too few domains for minDomains: the minimum is 0', () => {
    const pod = podOf('p', spread({ minDomains: 3 }), { labels })
    expect(verdicts(topologySpread, cycleOf(pod, nodes())).b1).toBe(`unschedulable: ${text}`)
  })

  test('pods of another namespace and pods on their way out do not count', () => {
    const other = podOf('x', {}, { labels, namespace: 'other' })
    const going = web()
    going.metadata.deletionTimestamp = '2026-01-01T00:00:00Z'
    const rows = nodesWith([
      [nodeOf('a1', { [zone]: 'a' }), other, going],
      [nodeOf('b1', { [zone]: 'b' })],
    ])
    expect(verdicts(topologySpread, cycleOf(podOf('p', spread(), { labels }), rows))).toEqual({
      a1: 'ok',
      b1: 'ok',
    })
  })

  test('a pod that says nothing is spread over the pods of its Service, softly', () => {
    const rows = nodesWith([[nodeOf('a'), web(), web()], [nodeOf('b'), web()], [nodeOf('c')]])
    const cycle = cycleOf(podOf('p', {}, { labels }), rows, {
      defaultSelector: selectorOfMap(labels),
    })
    expect(verdicts(topologySpread, cycle)).toEqual({ a: 'ok', b: 'ok', c: 'ok' })
    const { a = 0, b = 0, c = 0 } = scores(topologySpread, cycle)
    expect(c).toBeGreaterThan(b)
    expect(b).toBeGreaterThan(a)
    expect(c).toBe(100)
  })
})

describe('InterPodAffinity', () => {
  const term = (app: string, more: object = {}) => ({
    topologyKey: 'kubernetes.io/hostname',
    labelSelector: { matchLabels: { app } },
    ...more,
  })
  const near = (app: string, more: object = {}) => ({
    podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, more)] },
  })
  const away = (app: string, more: object = {}) => ({
    podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term(app, more)] },
  })
  const withLabel = (app: string, spec: Partial<Pod['spec']> = {}, namespace = 'default') =>
    podOf(app, spec, { labels: { app }, namespace })

  test('near: only where such a pod is', () => {
    const nodes = nodesWith([[nodeOf('a'), withLabel('db')], [nodeOf('b')]])
    const pod = withLabel('web', { affinity: near('db') })
    expect(verdicts(interPodAffinity, cycleOf(pod, nodes))).toEqual({
      a: 'ok',
      b: "unresolvable: node(s) didn't match pod affinity rules",
    })
  })

  test('near to its own kind: the first of the group may go anywhere', () => {
    const nodes = nodesWith([[nodeOf('a')], [nodeOf('b')]])
    const pod = withLabel('web', { affinity: near('web') })
    expect(verdicts(interPodAffinity, cycleOf(pod, nodes))).toEqual({ a: 'ok', b: 'ok' })
  })

  test('away: not where such a pod is', () => {
    const nodes = nodesWith([[nodeOf('a'), withLabel('web')], [nodeOf('b')]])
    const pod = withLabel('web', { affinity: away('web') })
    expect(verdicts(interPodAffinity, cycleOf(pod, nodes))).toEqual({
      a: "unschedulable: node(s) didn't match pod anti-affinity rules",
      b: 'ok',
    })
  })

  test('an existing pod keeps others away', () => {
    const hermit = withLabel('hermit', { affinity: away('web') })
    const nodes = nodesWith([[nodeOf('a'), hermit], [nodeOf('b')]])
    expect(verdicts(interPodAffinity, cycleOf(withLabel('web'), nodes))).toEqual({
      a: "unschedulable: node(s) didn't satisfy existing pods anti-affinity rules",
      b: 'ok',
    })
  })

  test.each<[string, object, string]>([
    ['its own namespace by default', {}, 'ok'],
    ['named namespaces', { namespaces: ['other'] }, 'refused'],
    ['all namespaces by an empty selector', { namespaceSelector: {} }, 'refused'],
    ['namespaces by label', { namespaceSelector: { matchLabels: { team: 'red' } } }, 'refused'],
    ['no such label', { namespaceSelector: { matchLabels: { team: 'blue' } } }, 'ok'],
  ])('which namespaces count: %s', (_what, more, expected) => {
    const nodes = nodesWith([[nodeOf('a'), withLabel('db', {}, 'other')]])
    const pod = withLabel('web', { affinity: away('db', more) })
    const cycle = cycleOf(pod, nodes, { namespaceLabels: { other: { team: 'red' } } })
    const { a = '' } = verdicts(interPodAffinity, cycle)
    expect(a === 'ok' ? 'ok' : 'refused').toBe(expected)
  })

  test('preferences of the pod and of others for it add up', () => {
    const prefer = (weight: number, app: string) => [{ weight, podAffinityTerm: term(app) }]
    const pod = withLabel('web', {
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: prefer(50, 'db') },
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: prefer(20, 'noise') },
      },
    })
    const friend = withLabel('friend', {
      affinity: {
        podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: prefer(30, 'web') },
      },
    })
    const nodes = nodesWith([
      [nodeOf('db'), withLabel('db')],
      [nodeOf('friend'), friend],
      [nodeOf('noise'), withLabel('noise')],
    ])
    // Sums 50, 30 and -20, stretched over 0..100.
    expect(scores(interPodAffinity, cycleOf(pod, nodes))).toEqual({ db: 100, friend: 71, noise: 0 })
  })
})
