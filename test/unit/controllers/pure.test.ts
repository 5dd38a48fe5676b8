import { describe, expect, test } from 'vitest'
import type { Deployment, Pod, ReplicaSet, Taint, Toleration } from '../../../src/api/objects.ts'
import { nextRevision, rollingLimits } from '../../../src/controllers/deployment/replica-sets.ts'
import { proportionalSizes, rollingStep } from '../../../src/controllers/deployment/rolling.ts'
import { computeStatus } from '../../../src/controllers/deployment/status.ts'
import { evictionDelayMs } from '../../../src/controllers/nodelifecycle/eviction.ts'
import { comparePodsToDelete } from '../../../src/controllers/replicaset/ranking.ts'
import { Expectations } from '../../../src/controllers/shared/expectations.ts'
import { templateHash } from '../../../src/controllers/shared/hash.ts'
import { availableInMs } from '../../../src/controllers/shared/pods.ts'
import { deploymentOf, podOf, setOf, templateOf } from './harness.ts'

const rolling = (
  replicas: number,
  maxSurge: number | string = '25%',
  maxUnavailable: number | string = '25%',
): Deployment =>
  deploymentOf('d', {
    replicas,
    strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } },
  })

test.each<[Deployment, { surge: number; unavailable: number }]>([
  [rolling(10), { surge: 3, unavailable: 2 }],
  [rolling(3), { surge: 1, unavailable: 0 }],
  [rolling(1), { surge: 1, unavailable: 0 }],
  [rolling(10, 0, 0), { surge: 0, unavailable: 1 }],
  [rolling(2, '100%', 5), { surge: 2, unavailable: 2 }],
  [deploymentOf('d', { strategy: { type: 'Recreate' } }), { surge: 0, unavailable: 0 }],
])('limits %#: percent surges up and is unavailable down', (deployment, limits) => {
  expect(rollingLimits(deployment)).toEqual(limits)
})

/** [replicas, available] of each set; the result by name, only those that change. */
describe('one step of a rolling update', () => {
  type Size = readonly [number, number]
  test.each<[string, Deployment, Size, Size[], Record<string, number>]>([
    ['surge first', rolling(10, 2, 0), [0, 0], [[10, 10]], { new: 2 }],
    ['25% of 10 surge by 3', rolling(10), [0, 0], [[10, 10]], { new: 3 }],
    ['25% of 3 surge by 1', rolling(3), [0, 0], [[3, 3]], { new: 1 }],
    ['the room that is left', rolling(10, 2, 0), [0, 0], [[5, 5]], { new: 7 }],
    ['no surge: old ones go first', rolling(10, 0, 2), [0, 0], [[10, 10]], { old0: 8 }],
    ['new ones that are not available yet hold it', rolling(10, 2, 0), [2, 0], [[10, 10]], {}],
    ['available new ones replace old ones', rolling(10, 2, 0), [2, 2], [[10, 10]], { old0: 8 }],
    ['old ones that do not work go first', rolling(10, 0, 2), [0, 0], [[10, 8]], { old0: 8 }],
    ['but no more than the budget', rolling(10, 0, 2), [0, 0], [[10, 5]], { old0: 8 }],
    [
      'neither surge nor unavailable: one at a time',
      rolling(1, 0, 0),
      [0, 0],
      [[1, 1]],
      { old0: 0 },
    ],
    ['too many new ones', rolling(10, 2, 0), [11, 11], [[2, 2]], { new: 10 }],
    [
      'the broken set before the older one',
      rolling(4, 1, 1),
      [2, 2],
      [
        [2, 2],
        [1, 0],
      ],
      { old0: 1, old1: 0 },
    ],
    ['to nothing', rolling(0), [0, 0], [[3, 3]], { old0: 0 }],
    ['all done', rolling(3), [3, 3], [[0, 0]], {}],
  ])('%s', (_what, deployment, fresh, old, expected) => {
    const step = rollingStep(
      deployment,
      setOf('new', ...fresh),
      old.map((size, at) =>
        setOf(`old${at}`, ...size, { metadata: { creationTimestamp: `2025-01-0${at + 1}` } }),
      ),
    )
    const sizes = step.map(({ set, replicas }) => [set.metadata.name, replicas])
    expect(Object.fromEntries(sizes)).toEqual(
      Object.fromEntries(Object.entries(expected).map(([name, size]) => [name, size])),
    )
  })
})

/** Upstream's cases: pkg/controller/deployment/deployment_controller_test.go TestScale. */
describe('scaling in proportion', () => {
  test.each<[number, number[], number[]]>([
    [10, [2, 3], [4, 6]],
    [3, [2, 3], [1, 2]],
    [4, [8, 1], [4, 0]],
    [10, [2, 3, 2], [3, 4, 3]],
    [8, [2, 8, 3], [1, 5, 2]],
    [4, [1, 1, 1], [2, 1, 1]],
    [0, [2, 3], [0, 0]],
  ])('to %i: %j becomes %j', (wanted, sizes, expected) => {
    const sets = sizes.map((size, at) =>
      setOf(`v${at}`, size, size, { metadata: { creationTimestamp: `2026-01-0${9 - at}` } }),
    )
    const result = new Map(
      proportionalSizes(rolling(wanted, 0, 1), sets).map(({ set, replicas }) => [set, replicas]),
    )
    expect(sets.map(set => result.get(set))).toEqual(expected)
  })
})

describe('the status of a Deployment', () => {
  const now = Date.parse('2026-01-01T01:00:00Z')
  const condition = (status: ReturnType<typeof computeStatus>, type: string) =>
    status.conditions?.find(each => each.type === type)

  test('complete', () => {
    const set: ReplicaSet = setOf('d-1', 3)
    const { conditions: _c, ...counts } = computeStatus(rolling(3), set, [set], now)
    expect(counts).toMatchObject({ replicas: 3, updatedReplicas: 3, unavailableReplicas: 0 })
    expect(condition(computeStatus(rolling(3), set, [set], now), 'Progressing')).toMatchObject({
      status: 'True',
      reason: 'NewReplicaSetAvailable',
      message: 'ReplicaSet "d-1" has successfully progressed.',
    })
  })

  test('a rollout that made no progress until its deadline has timed out', () => {
    const set = setOf('d-1', 3, 0)
    const stuckFor = (seconds: number): Deployment => ({
      ...rolling(3),
      status: {
        replicas: 3,
        updatedReplicas: 3,
        conditions: [
          {
            type: 'Progressing',
            status: 'True',
            reason: 'ReplicaSetUpdated',
            lastUpdateTime: new Date(now - seconds * 1_000).toISOString(),
          },
        ],
      },
    })
    expect(condition(computeStatus(stuckFor(599), set, [set], now), 'Progressing')).toMatchObject({
      reason: 'ReplicaSetUpdated',
    })
    const status = computeStatus(stuckFor(601), set, [set], now)
    expect(condition(status, 'Progressing')).toMatchObject({
      status: 'False',
      reason: 'ProgressDeadlineExceeded',
      message: 'ReplicaSet "d-1" has timed out progressing.',
    })
    expect(condition(status, 'Available')).toMatchObject({
      status: 'False',
      reason: 'MinimumReplicasUnavailable',
    })
  })
})

describe('which pods go first', () => {
  const now = Date.parse('2026-01-02T00:00:00Z')
  const make = (name: string, change: (pod: Pod) => void = () => {}): Pod => {
    const pod = podOf(name, {
      metadata: { uid: name, creationTimestamp: '2026-01-01T00:00:00Z' },
      spec: { nodeName: `node-of-${name}`, containers: [] },
      status: {
        phase: 'Running',
        conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }],
      },
    })
    const copy = structuredClone(pod)
    change(copy)
    return copy
  }
  test.each<[string, (pod: Pod) => void]>([
    ['not assigned', pod => delete pod.spec.nodeName],
    ['pending', pod => Object.assign(pod.status ?? {}, { phase: 'Pending' })],
    ['not ready', pod => Object.assign(pod.status?.conditions?.[0] ?? {}, { status: 'False' })],
    [
      'cheap to delete',
      pod => {
        pod.metadata.annotations = { 'controller.kubernetes.io/pod-deletion-cost': '-10' }
      },
    ],
    ['ready for a shorter time', pod => ready(pod, '2026-01-01T23:00:00Z')],
    [
      'restarted more often',
      pod => {
        const status = { name: 'c', ready: true, restartCount: 3, image: '', imageID: '' }
        Object.assign(pod.status ?? {}, { containerStatuses: [status] })
      },
    ],
    ['younger', pod => Object.assign(pod.metadata, { creationTimestamp: '2026-01-01T23:00:00Z' })],
  ])('%s', (_what, change) => {
    const pods = [make('a'), make('b', change), make('c')]
    expect([...pods].sort(comparePodsToDelete(pods, now))[0]?.metadata.name).toBe('b')
  })

  test('those that crowd one node', () => {
    const onOne = (pod: Pod) => Object.assign(pod.spec, { nodeName: 'one' })
    const pods = [make('a'), make('b', onOne), make('c', onOne)]
    expect(pods.sort(comparePodsToDelete(pods, now)).at(-1)?.metadata.name).toBe('a')
  })

  function ready(pod: Pod, lastTransitionTime: string): void {
    Object.assign(pod.status?.conditions?.[0] ?? {}, { lastTransitionTime })
  }
})

describe('how long a pod may stay', () => {
  const now = Date.parse('2026-01-01T00:01:00Z')
  const taint: Taint = {
    key: 'node.kubernetes.io/unreachable',
    effect: 'NoExecute',
    timeAdded: '2026-01-01T00:00:58Z',
  }
  const forSeconds = (tolerationSeconds?: number): Toleration => ({
    ...{ key: taint.key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds },
  })
  test.each<[string, Toleration[], number | undefined]>([
    ['no toleration', [], 0],
    ['for ever', [{ operator: 'Exists' }], undefined],
    ['five seconds from the taint on', [forSeconds(5)], 3_000],
    ['the shortest counts', [forSeconds(300), forSeconds(5)], 3_000],
    ['over already', [forSeconds(1)], 0],
    ['not at all', [forSeconds(0)], 0],
    ['another key', [{ key: 'x', operator: 'Exists' }], 0],
  ])('%s', (_what, tolerations, expected) => {
    expect(evictionDelayMs([taint], tolerations, now, () => now)).toBe(expected)
  })

  test('a taint without a time counts from when it was seen, and a pod from when it came', () => {
    const { timeAdded: _time, ...bare } = taint
    const left = (nowMs: number, since = 0) =>
      evictionDelayMs([bare], [forSeconds(5)], nowMs, () => now, since)
    expect([left(now), left(now + 4_000), left(now + 9_000)]).toEqual([5_000, 1_000, 0])
    expect(left(now + 9_000, now + 8_000)).toBe(4_000)
    // Of another clock.
    expect(left(now + 9_000, now + 99_000)).toBe(0)
  })
})

describe('expectations', () => {
  test('wait for the revision of the last create', () => {
    const expectations = new Expectations()
    expectations.created('k', '7')
    expectations.created('k', '5')
    expect(expectations.satisfied('k', 6, () => false)).toBe(false)
    expect(expectations.satisfied('other', 6, () => false)).toBe(true)
    expect(expectations.satisfied('k', 7, () => false)).toBe(true)
    expect(expectations.satisfied('k', 1, () => false)).toBe(true)
  })

  test('wait until each deleted pod is seen to be gone', () => {
    const expectations = new Expectations()
    expectations.deleted('k', 'a')
    expectations.deleted('k', 'b')
    expect(expectations.satisfied('k', 1, uid => uid === 'b')).toBe(false)
    expect(expectations.satisfied('k', 1, () => false)).toBe(true)
  })

  test('forgotten with the object', () => {
    const expectations = new Expectations()
    expectations.created('k', '7')
    expectations.deleted('k', 'a')
    expectations.forget('k')
    expect(expectations.satisfied('k', 1, () => true)).toBe(true)
  })
})

test('the hash of a template: of its content, not its order, and new after a collision', () => {
  const a = templateOf({ x: '1', y: '2' }, 'nginx:1')
  const b = templateOf({ y: '2', x: '1' }, 'nginx:1')
  expect(templateHash(a)).toBe(templateHash(b))
  expect(templateHash(a)).toMatch(/^[bcdfghjklmnpqrstvwxz2456789]{5,10}$/)
  const others = [templateHash(templateOf({}, 'nginx:2')), templateHash(a, 1), templateHash(a, 2)]
  expect(new Set([templateHash(a), ...others]).size).toBe(4)
})

test.each<[string, number, number | undefined]>([
  ['False', 0, undefined],
  ['True', 0, 0],
  ['True', 30, 20_000],
  ['True', 5, 0],
])(
  'a pod whose Ready is %s, minReadySeconds %i: available in %s ms',
  (status, seconds, expected) => {
    const pod = podOf('p', {
      status: {
        conditions: [{ type: 'Ready', status, lastTransitionTime: '2026-01-01T00:00:00Z' }],
      } as Pod['status'],
    })
    const now = Date.parse('2026-01-01T00:00:10Z')
    expect(availableInMs(pod, seconds, now)).toBe(expected)
  },
)

describe('revisions are integers of 64 bits', () => {
  const set = (revision: string | undefined) =>
    ({
      metadata: { annotations: { 'deployment.kubernetes.io/revision': revision } },
      spec: { selector: {} },
    }) as ReplicaSet

  test.each([
    [['3546343826724305832'], '3546343826724305833'],
    [['3546343826724305832', '3546343826724305833'], '3546343826724305834'],
    [['9', '10'], '11'],
    [[], '1'],
    [['x', ' 5', '1e3', '99999999999999999999'], '1'],
    [['9223372036854775807'], '-9223372036854775808'],
  ])('after %j comes %s', (revisions, next) => {
    expect(String(nextRevision(revisions.map(set)))).toBe(next)
  })
})
