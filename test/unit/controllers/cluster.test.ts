import { afterEach, describe, expect, test } from 'vitest'
import { kinds } from '../../../src/api/kinds.ts'
import type { Node, Pod, Service } from '../../../src/api/objects.ts'
import { isStatusReason } from '../../../src/api/status.ts'
import type { KubeObject, OwnerReference } from '../../../src/api/types.ts'
import { endpoints } from '../../../src/controllers/endpoints/endpoints.ts'
import { endpointSlice } from '../../../src/controllers/endpointslice/endpointslice.ts'
import { endpointSliceMirroring } from '../../../src/controllers/endpointslicemirroring/endpointslicemirroring.ts'
import { mirror } from '../../../src/controllers/endpointslicemirroring/subsets.ts'
import { garbageCollector } from '../../../src/controllers/garbagecollector/garbagecollector.ts'
import { namespace } from '../../../src/controllers/namespace/namespace.ts'
import { nodeLifecycle } from '../../../src/controllers/nodelifecycle/nodelifecycle.ts'
import { must } from '../../../src/kernel/assert.ts'
import { until } from '../../support/until.ts'
import { type FakeClock, fakeClock } from '../client/fakeclock.ts'
import { graceMs, type Harness, markReady, podOf, startControllers } from './harness.ts'

let harness: Harness
afterEach(() => harness?.stop())

const gone = (read: Promise<unknown>) =>
  read.then(
    () => false,
    error => isStatusReason(error, 'NotFound'),
  )

describe('garbage collection', () => {
  const getMap = (name: string) => harness.client.get(kinds.configMaps, 'default', name)
  const owned = (owner: KubeObject, more: Partial<OwnerReference> = {}): OwnerReference => ({
    ...{ apiVersion: 'v1', kind: 'ConfigMap' },
    ...{ name: owner.metadata.name ?? '', uid: owner.metadata.uid ?? '', ...more },
  })
  const makeMap = (name: string, ownerReferences: OwnerReference[] = [], finalizers?: string[]) =>
    harness.client.create(kinds.configMaps, {
      metadata: { name, namespace: 'default', ownerReferences, finalizers },
    })
  const remove = (name: string, propagationPolicy?: 'Foreground' | 'Background' | 'Orphan') =>
    harness.client.delete(kinds.configMaps, 'default', name, { propagationPolicy })

  test('background: the owner goes at once, its dependents and theirs follow', async () => {
    harness = await startControllers([garbageCollector])
    const owner = await makeMap('owner')
    const child = await makeMap('child', [owned(owner)])
    await makeMap('grandchild', [owned(child)])
    await makeMap('bystander')
    await remove('owner', 'Background')
    expect(await gone(getMap('owner'))).toBe(true)
    await until('the grandchild is gone', () => gone(getMap('grandchild')))
    expect(await gone(getMap('child'))).toBe(true)
    await getMap('bystander')
  })

  test('foreground: the owner waits for those that block it', async () => {
    harness = await startControllers([garbageCollector])
    const owner = await makeMap('owner')
    await makeMap('child', [owned(owner, { blockOwnerDeletion: true })], ['example.com/hold'])
    await remove('owner', 'Foreground')
    await until('the child is going', async () => {
      const { metadata } = await getMap('child')
      return metadata.deletionTimestamp !== undefined
    })
    const { metadata } = await getMap('owner')
    expect(metadata.finalizers).toEqual(['foregroundDeletion'])
    const body = { metadata: { finalizers: null } }
    await harness.client.patch(kinds.configMaps, 'default', 'child', { type: 'merge', body })
    await until('the owner is gone', () => gone(getMap('owner')))
  })

  test('foreground: a dependent with another owner stays, without the one that goes', async () => {
    harness = await startControllers([garbageCollector])
    const owner = await makeMap('owner')
    const other = await makeMap('other')
    await makeMap('child', [owned(owner, { blockOwnerDeletion: true }), owned(other)])
    await remove('owner', 'Foreground')
    await until('the owner is gone', () => gone(getMap('owner')), 3_000)
    const { metadata } = await getMap('child')
    expect(metadata.ownerReferences?.map(each => each.name)).toEqual(['other'])
  })

  test('foreground: a circle of owners ends', async () => {
    harness = await startControllers([garbageCollector])
    const first = await makeMap('first')
    const second = await makeMap('second', [owned(first, { blockOwnerDeletion: true })])
    const third = await makeMap('third', [owned(second, { blockOwnerDeletion: true })])
    const body = { metadata: { ownerReferences: [owned(third, { blockOwnerDeletion: true })] } }
    await harness.client.patch(kinds.configMaps, 'default', 'first', { type: 'merge', body })
    await remove('first', 'Foreground')
    for (const name of ['first', 'second', 'third']) {
      await until(`${name} is gone`, () => gone(getMap(name)))
    }
  })

  test('an owner in another namespace is none, and an event says so', async () => {
    harness = await startControllers([garbageCollector])
    await harness.client.create(kinds.namespaces, { metadata: { name: 'elsewhere' } })
    const owner = await harness.client.create(kinds.configMaps, {
      metadata: { name: 'owner', namespace: 'elsewhere' },
    })
    await makeMap('child', [owned(owner)])
    await until('the child is gone', () => gone(getMap('child')))
    const { uid } = owner.metadata
    const events = () => harness.client.list(kinds.events, { namespace: 'default' })
    const event = await until('the event', async () =>
      (await events()).items.find(each => each.reason === 'OwnerRefInvalidNamespace'),
    )
    expect(event.message).toBe(
      `ownerRef [v1/ConfigMap, namespace: default, name: owner, uid: ${uid}] ` +
        'does not exist in namespace "default"',
    )
  })

  test('orphan: the dependents stay and lose their reference', async () => {
    harness = await startControllers([garbageCollector])
    const owner = await makeMap('owner')
    await makeMap('child', [owned(owner)])
    await remove('owner', 'Orphan')
    await until('the owner is gone', () => gone(getMap('owner')))
    expect((await getMap('child')).metadata.ownerReferences ?? []).toEqual([])
  })

  test('an owner of the same name is another one', async () => {
    harness = await startControllers([garbageCollector])
    const owner = await makeMap('owner')
    await makeMap('child', [owned(owner, { uid: 'of-the-one-before' })])
    await until('the child is gone', () => gone(getMap('child')))
    await getMap('owner')
  })

  test('an owner of a kind that is not served: nobody may say that it is gone', async () => {
    harness = await startControllers([garbageCollector])
    const reference = { apiVersion: 'x.dev/v1', kind: 'Thing', name: 'x', uid: 'x' }
    await makeMap('child', [reference])
    const owner = await makeMap('owner')
    await makeMap('sign', [owned(owner)])
    await remove('owner', 'Background')
    await until('the collector was here', () => gone(getMap('sign')))
    await getMap('child')
  })
})

describe('namespaces', () => {
  test('deletion empties it; what holds it is told', async () => {
    harness = await startControllers([namespace])
    const { client } = harness
    await client.create(kinds.namespaces, { metadata: { name: 'dev' } })
    const pod = podOf('held', { metadata: { namespace: 'dev', finalizers: ['example.com/hold'] } })
    await client.create(kinds.pods, pod)
    await client.create(kinds.configMaps, { metadata: { name: 'settings', namespace: 'dev' } })
    await client.delete(kinds.namespaces, undefined, 'dev')
    const found = await until('the reason', async () => {
      const object = await client.get(kinds.namespaces, undefined, 'dev')
      return object.status?.conditions && object
    })
    expect(found.status?.phase).toBe('Terminating')
    expect(found.status?.conditions?.map(each => each.message)).toEqual([
      'Some resources are remaining: Pod has 1 resource instances',
      'Some content in the namespace has finalizers remaining: ' +
        'example.com/hold in 1 resource instances',
    ])
    // What pods use stays until they are gone; and nothing new comes.
    await client.get(kinds.configMaps, 'dev', 'settings')
    await expect(
      client.create(kinds.configMaps, { metadata: { name: 'late', namespace: 'dev' } }),
    ).rejects.toThrow('because it is being terminated')
    const body = { metadata: { finalizers: null } }
    await client.patch(kinds.pods, 'dev', 'held', { type: 'merge', body })
    await until('it is gone', () => gone(client.get(kinds.namespaces, undefined, 'dev')))
    expect((await client.list(kinds.configMaps, { namespace: 'dev' })).items).toEqual([])
  })
})

describe('the life of nodes', () => {
  let clock: FakeClock
  const getNode = () => harness.client.get(kinds.nodes, undefined, 'n1')
  const readyOf = (node: Node) => node.status?.conditions?.find(each => each.type === 'Ready')

  /** Lets time pass second by second, each with a look at the node. */
  async function pass(seconds: number): Promise<void> {
    for (let second = 0; second < seconds; second++) {
      const before = must(harness.manager.stats[0], 'node controller').done
      clock.advance(1_000)
      await until('a look', () => must(harness.manager.stats[0], 'stats').done > before)
    }
  }

  async function begin(status = 'True', tolerationSeconds?: number): Promise<Pod> {
    clock = fakeClock()
    harness = await startControllers([nodeLifecycle], clock)
    const { client } = harness
    const conditions = [
      { type: 'MemoryPressure', status: 'False' },
      { type: 'Ready', status, reason: 'KubeletReady' },
    ]
    await client.create(kinds.nodes, { metadata: { name: 'n1' }, spec: {} })
    await client.patch(kinds.nodes, undefined, 'n1', {
      ...{ type: 'strategic', body: { status: { conditions } }, subresource: 'status' },
    })
    const tolerations = ['not-ready', 'unreachable'].map(key => ({
      key: `node.kubernetes.io/${key}`,
      operator: 'Exists' as const,
      effect: 'NoExecute' as const,
      tolerationSeconds,
    }))
    const pod = await client.create(
      kinds.pods,
      podOf('p', {
        spec: { nodeName: 'n1', tolerations, containers: [{ name: 'c', image: 'i' }] },
      }),
    )
    await markReady(client, pod)
    await until('the controller knows both', () =>
      Boolean(must(harness.manager.stats[0], 'stats').done > 0),
    )
    return pod
  }

  const renew = (n: number) =>
    harness.client
      .create(kinds.leases, {
        metadata: { name: 'n1', namespace: 'kube-node-lease' },
        spec: { renewTime: `2026-01-01T00:00:0${n}.000000Z`, holderIdentity: 'n1' },
      })
      .catch(() =>
        harness.client.patch(kinds.leases, 'kube-node-lease', 'n1', {
          ...{ type: 'merge', body: { spec: { renewTime: `2026-01-01T00:00:0${n}.000000Z` } } },
        }),
      )

  test('a silent node is Unknown after the grace, and tainted as unreachable', async () => {
    await begin()
    await pass(graceMs / 1_000)
    expect(readyOf(await getNode())?.status).toBe('True')
    await pass(3)
    const node = await getNode()
    expect(readyOf(node)).toMatchObject({
      status: 'Unknown',
      reason: 'NodeStatusUnknown',
      message: 'Kubelet stopped posting node status.',
    })
    expect(node.status?.conditions?.every(each => each.status === 'Unknown')).toBe(true)
    expect(node.spec?.taints).toEqual([
      { key: 'node.kubernetes.io/unreachable', effect: 'NoSchedule' },
      {
        key: 'node.kubernetes.io/unreachable',
        effect: 'NoExecute',
        timeAdded: expect.stringMatching(/^2026-01-01T00:00:\d\dZ$/),
      },
    ])
  })

  test('a lease that is renewed keeps it Ready', async () => {
    await begin()
    for (const n of [1, 2, 3]) {
      await renew(n)
      await pass(graceMs / 1_000 - 2)
    }
    expect(readyOf(await getNode())?.status).toBe('True')
  })

  test('its pods are not ready at once, and evicted when their tolerance is over', async () => {
    const pod = await begin('True', 5)
    const getPod = () => harness.client.get(kinds.pods, 'default', 'p')
    await pass(graceMs / 1_000 + 3)
    const condition = (await getPod()).status?.conditions?.find(each => each.type === 'Ready')
    expect(condition).toMatchObject({ status: 'False', reason: 'NodeNotReady' })
    expect((await getPod()).metadata.deletionTimestamp).toBeUndefined()
    await pass(5)
    const after = await getPod().catch(() => undefined)
    expect(after === undefined || after.metadata.deletionTimestamp !== undefined).toBe(true)
    expect(after?.metadata.uid ?? pod.metadata.uid).toBe(pod.metadata.uid)
  })

  test('a node that says it is not ready is tainted as that; ready again, taints go', async () => {
    await begin('False')
    const taints = async () =>
      ((await getNode()).spec?.taints ?? []).map(taint => `${taint.key}:${taint.effect}`)
    await until('tainted', async () => (await taints()).length === 2)
    expect(await taints()).toEqual([
      'node.kubernetes.io/not-ready:NoSchedule',
      'node.kubernetes.io/not-ready:NoExecute',
    ])
    const own = { key: 'mine', value: 'x', effect: 'NoSchedule' as const }
    const node = await getNode()
    await harness.client.update(kinds.nodes, {
      ...node,
      spec: { ...node.spec, taints: [...(node.spec?.taints ?? []), own] },
    })
    const body = { status: { conditions: [{ type: 'Ready', status: 'True' }] } }
    const patch = { type: 'strategic', body, subresource: 'status' } as const
    await harness.client.patch(kinds.nodes, undefined, 'n1', patch)
    await until('only mine', async () => (await taints()).join() === 'mine:NoSchedule')
  })

  test('a cordoned node is tainted, too', async () => {
    await begin()
    const patch = { type: 'merge', body: { spec: { unschedulable: true } } } as const
    await harness.client.patch(kinds.nodes, undefined, 'n1', patch)
    const node = await until('tainted', async () => {
      const found = await getNode()
      return found.spec?.taints && found
    })
    expect(node.spec?.taints).toEqual([
      { key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' },
    ])
  })
})

describe('endpoints and their slices', () => {
  const labels = { app: 'web' }
  const service: Service = {
    metadata: { name: 'web', namespace: 'default' },
    spec: { selector: labels, ports: [{ name: 'http', port: 80, targetPort: 'http' }] },
  }
  async function begin() {
    harness = await startControllers([endpoints, endpointSlice])
    const { client } = harness
    const makePod = async (name: string, podIP: string, port = 8_080, ready = true) => {
      const ports = [{ name: 'http', containerPort: port }]
      const containers = [{ name: 'c', image: 'i', ports }]
      const pod = podOf(name, { metadata: { labels }, spec: { nodeName: 'n1', containers } })
      const created = await client.create(kinds.pods, pod)
      await markReady(client, created, podIP)
      if (!ready) await unready(name)
    }
    const unready = (name: string) =>
      client.patch(kinds.pods, 'default', name, {
        type: 'strategic',
        body: { status: { conditions: [{ type: 'Ready', status: 'False' }] } },
        subresource: 'status',
      })
    const subsets = async () => {
      const found = await client.get(kinds.endpoints, 'default', 'web')
      return (found.subsets ?? []).map(subset => ({
        ready: subset.addresses?.map(each => each.ip),
        not: subset.notReadyAddresses?.map(each => each.ip),
        ports: subset.ports?.map(port => `${port.name} ${port.port}/${port.protocol}`),
      }))
    }
    const slices = async () => {
      const { items } = await client.list(kinds.endpointSlices, {
        namespace: 'default',
        labelSelector: 'kubernetes.io/service-name=web',
      })
      return items.map(slice => ({
        ports: slice.ports?.map(port => `${port.name} ${port.port}/${port.protocol}`) ?? [],
        endpoints: (slice.endpoints ?? []).map(each => {
          const { ready, serving, terminating } = each.conditions ?? {}
          return `${each.addresses[0]} ready=${ready} serving=${serving} end=${terminating}`
        }),
      }))
    }
    return { client, makePod, unready, subsets, slices }
  }
  const shows = async (read: () => Promise<unknown>, expected: unknown) => {
    await until(JSON.stringify(expected), async () => {
      expect(await read()).toEqual(expected)
      return true
    })
  }

  test('ready and not ready pods, by the name of their port', async () => {
    const { client, makePod, unready, subsets, slices } = await begin()
    await makePod('a', '10.244.0.1')
    await makePod('b', '10.244.0.2', 8_080, false)
    await client.create(kinds.services, service)
    const ports = ['http 8080/TCP']
    await shows(subsets, [{ ready: ['10.244.0.1'], not: ['10.244.0.2'], ports }])
    await shows(slices, [
      {
        ports,
        endpoints: [
          '10.244.0.1 ready=true serving=true end=false',
          '10.244.0.2 ready=false serving=false end=false',
        ],
      },
    ])
    await unready('a')
    await shows(subsets, [{ ready: undefined, not: ['10.244.0.1', '10.244.0.2'], ports }])
  })

  test('pods that name the port differently come apart', async () => {
    const { client, makePod, slices } = await begin()
    await makePod('a', '10.244.0.1', 8_080)
    await makePod('b', '10.244.0.2', 9_090)
    await client.create(kinds.services, service)
    await until('two slices', async () => {
      const found = await slices()
      return (
        found
          .map(slice => slice.ports?.join())
          .sort()
          .join() === 'http 8080/TCP,http 9090/TCP'
      )
    })
  })

  test('a pod on its way out serves on, but is not ready', async () => {
    const { client, makePod, slices } = await begin()
    await makePod('a', '10.244.0.1')
    await client.create(kinds.services, service)
    await client.delete(kinds.pods, 'default', 'a', { gracePeriodSeconds: 30 })
    await shows(slices, [
      {
        ports: ['http 8080/TCP'],
        endpoints: ['10.244.0.1 ready=false serving=true end=true'],
      },
    ])
  })

  test('no pods: empty; no Service: nothing; no selector: somebody else keeps them', async () => {
    const { client, subsets, slices } = await begin()
    await client.create(kinds.services, service)
    await shows(subsets, [])
    await shows(slices, [{ ports: [], endpoints: [] }])
    await client.delete(kinds.services, 'default', 'web')
    await until('gone', () => gone(client.get(kinds.endpoints, 'default', 'web')))
    const own = { metadata: { name: 'own', namespace: 'default' }, spec: { ports: [{ port: 80 }] } }
    await client.create(kinds.services, own)
    await client.create(kinds.services, { ...service, metadata: { ...service.metadata } })
    await until('the other is there', async () => (await slices()).length > 0)
    expect(await gone(client.get(kinds.endpoints, 'default', 'own'))).toBe(true)
  })

  test('more than 100 endpoints are more than one slice', async () => {
    const { client, makePod, slices } = await begin()
    for (let n = 1; n <= 101; n++) await makePod(`p${n}`, `10.244.1.${n}`)
    await client.create(kinds.services, service)
    await until('100 and 1', async () => {
      const sizes = (await slices()).map(slice => slice.endpoints?.length ?? 0)
      return sizes.sort((a, b) => b - a).join() === '100,1'
    })
  })
})

describe('endpoints that somebody keeps', () => {
  const endpointsOf = (name: string, ips: readonly string[], notReady: readonly string[] = []) =>
    harness.client.create(kinds.endpoints, {
      metadata: { name, namespace: 'default', labels: { kept: 'by-hand' } },
      subsets: [
        {
          addresses: ips.map(ip => ({ ip })),
          notReadyAddresses: notReady.map(ip => ({ ip })),
          ports: [{ name: 'http', port: 80 }],
        },
      ],
    })
  const service = (name: string, selector?: Record<string, string>) =>
    harness.client.create(kinds.services, {
      metadata: { name, namespace: 'default' },
      spec: { ports: [{ name: 'http', port: 80 }], ...(selector && { selector }) },
    })
  const slicesOf = async (name: string) => {
    const labelSelector = `kubernetes.io/service-name=${name}`
    const found = await harness.client.list(kinds.endpointSlices, {
      ...{ namespace: 'default', labelSelector },
    })
    return found.items
  }

  test('are mirrored into slices, before or after their Service, and follow changes', async () => {
    harness = await startControllers([endpoints, endpointSlice, endpointSliceMirroring])
    const kept = await endpointsOf('kept', ['192.0.2.1', '2001:db8::1'], ['192.0.2.2'])
    await service('kept')
    const slices = await until('both kinds of address', async () => {
      const found = await slicesOf('kept')
      return found.length === 2 ? found : undefined
    })
    const v4 = must(
      slices.find(({ addressType }) => addressType === 'IPv4'),
      'IPv4',
    )
    expect(v4).toMatchObject({
      metadata: {
        labels: {
          kept: 'by-hand',
          'endpointslice.kubernetes.io/managed-by': 'endpointslicemirroring-controller.k8s.io',
        },
        ownerReferences: [{ kind: 'Endpoints', name: 'kept', uid: kept.metadata.uid }],
      },
      ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
      endpoints: [
        { addresses: ['192.0.2.1'], conditions: { ready: true } },
        { addresses: ['192.0.2.2'], conditions: { ready: false } },
      ],
    })
    const body = { subsets: null }
    await harness.client.patch(kinds.endpoints, 'default', 'kept', { type: 'merge', body })
    await until('no slice', async () => (await slicesOf('kept')).length === 0)
  })

  test('go with their Service, and not before', async () => {
    harness = await startControllers([endpoints, endpointSlice, endpointSliceMirroring])
    await endpointsOf('kept', ['192.0.2.1'])
    await service('other', { app: 'x' })
    await until('the controllers have looked', async () => (await slicesOf('other')).length > 0)
    await harness.client.get(kinds.endpoints, 'default', 'kept')
    await service('kept')
    await until('a slice', async () => (await slicesOf('kept')).length === 1)
    await harness.client.delete(kinds.services, 'default', 'kept')
    await until('no slice', async () => (await slicesOf('kept')).length === 0)
    await until('they are gone', () => gone(harness.client.get(kinds.endpoints, 'default', 'kept')))
  })
})

test('an address is mirrored once for a port, not ready trumps ready, and there is a limit', () => {
  const ips = (count: number) =>
    Array.from({ length: count }, (_, n) => ({ ip: `10.0.${n >> 8}.${n & 255}` }))
  const ports = [{ port: 80 }]
  expect(
    mirror([
      { addresses: [{ ip: '10.0.0.1' }], ports },
      { notReadyAddresses: [{ ip: '10.0.0.1' }], ports },
      { addresses: [{ ip: 'no-ip' }], ports },
    ]),
  ).toMatchObject({
    invalid: 1,
    slices: [{ endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: false } }] }],
  })
  const both = mirror([
    { addresses: ips(2), ports: [{ name: 'a', port: 1 }] },
    { addresses: ips(2), ports: [{ name: 'b', port: 2 }] },
  ])
  expect(both.slices.map(slice => [slice.ports?.length, slice.endpoints?.length])).toEqual([[2, 2]])
  expect(mirror([{ addresses: ips(1_005), ports }])).toMatchObject({ surplus: 5 })
})
