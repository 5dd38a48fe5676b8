import { afterEach, beforeEach, expect, test } from 'vitest'
import { kinds } from '../../../src/api/kinds.ts'
import type { Pod } from '../../../src/api/objects.ts'
import { InformerFactory } from '../../../src/client/informer.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createPrng } from '../../../src/kernel/prng.ts'
import { Scheduler } from '../../../src/scheduler/scheduler.ts'
import { until } from '../../support/until.ts'
import { type Harness, markReady, startControllers } from '../controllers/harness.ts'
import { nodeOf, podOf, requesting } from './fixtures.ts'

/** The whole scheduler against the real API server on a store in memory. */
let harness: Harness
let factory: InformerFactory
let scheduler: Scheduler

beforeEach(async () => {
  harness = await startControllers([])
  factory = new InformerFactory(harness.client)
  scheduler = new Scheduler({
    ...{ factory, clock: systemClock, prng: createPrng(1), logger: silentLogger },
  })
  await factory.start()
  await factory.waitForSync()
  scheduler.start(harness.client)
})
afterEach(async () => {
  scheduler.stop()
  await factory.stop()
  await harness.stop()
})

async function addNode(name: string, labels: Record<string, string> = {}): Promise<void> {
  const { status, ...node } = nodeOf(name, labels)
  await harness.client.create(kinds.nodes, node)
  const patch = { type: 'strategic', body: { status }, subresource: 'status' } as const
  await harness.client.patch(kinds.nodes, undefined, name, patch)
  // As the controller of nodes does when it sees that the node is ready.
  const trusted = { type: 'merge', body: { spec: { taints: null } } } as const
  await harness.client.patch(kinds.nodes, undefined, name, trusted)
}

const add = (pod: Pod) => {
  const { uid: _uid, ...metadata } = pod.metadata
  return harness.client.create(kinds.pods, { ...pod, metadata })
}
const get = (name: string) => harness.client.get(kinds.pods, 'default', name)
const placeOf = (name: string) =>
  until(`${name} is on a node`, async () => (await get(name)).spec.nodeName)

async function eventsOf(name: string): Promise<string[]> {
  const { items } = await harness.client.list(kinds.events, { namespace: 'default' })
  return items
    .filter(event => event.involvedObject?.name === name)
    .map(event => `${event.reason}: ${event.message}`)
}

test('a pod is bound, and its event says where', async () => {
  await addNode('a')
  await add(podOf('p'))
  expect(await placeOf('p')).toBe('a')
  await until('the event', async () =>
    (await eventsOf('p')).includes('Scheduled: Successfully assigned default/p to a'),
  )
  const { status } = await get('p')
  expect(status?.conditions).toContainEqual(
    expect.objectContaining({ type: 'PodScheduled', status: 'True' }),
  )
})

test('what does not fit says why, and goes as soon as a node comes', async () => {
  await add(podOf('p', { nodeSelector: { disk: 'ssd' } }))
  const because = (text: string) =>
    until(text, async () => {
      const { status } = await get('p')
      const condition = status?.conditions?.find(each => each.type === 'PodScheduled')
      return condition?.reason === 'Unschedulable' && condition.message === text
    })
  await because('no nodes available to schedule pods')
  await addNode('a')
  await because("0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.")
  await addNode('b', { disk: 'ssd' })
  expect(await placeOf('p')).toBe('b')
  expect((await eventsOf('p')).filter(text => text.startsWith('FailedScheduling'))).not.toEqual([])
})

test('many at once never take more than a node has', async () => {
  await addNode('a')
  await addNode('b')
  const names = Array.from({ length: 9 }, (_, n) => `p${n}`)
  await Promise.all(names.map(name => add(podOf(name, {}, requesting('1', '1Gi')))))
  await until('8 are placed', async () => scheduler.stats.bound === 8)
  const pods = await Promise.all(names.map(get))
  const on = (node: string) => pods.filter(pod => pod.spec.nodeName === node).length
  expect([on('a'), on('b')]).toEqual([4, 4])
  const left = pods.find(pod => !pod.spec.nodeName)
  expect(scheduler.decision('default', left?.metadata.name ?? '')?.reasons).toEqual(
    new Map([['Insufficient cpu', 2]]),
  )
  // One that ends makes room for the one that waits.
  const first = pods.find(pod => pod.spec.nodeName)
  await harness.client.delete(kinds.pods, 'default', first?.metadata.name ?? '', {
    gracePeriodSeconds: 0,
  })
  expect(await placeOf(left?.metadata.name ?? '')).toBe(first?.spec.nodeName)
})

test("another scheduler's pods, gated ones and finished ones are left alone", async () => {
  await add(podOf('other', { schedulerName: 'mine' }))
  await add(podOf('gated', { schedulingGates: [{ name: 'example.com/wait' }] }))
  await addNode('a')
  await add(podOf('p'))
  await placeOf('p')
  expect((await get('other')).spec.nodeName).toBeUndefined()
  expect((await get('gated')).spec.nodeName).toBeUndefined()
  const body = { spec: { schedulingGates: null } }
  await harness.client.patch(kinds.pods, 'default', 'gated', { type: 'merge', body })
  expect(await placeOf('gated')).toBe('a')
})

test('a new leadership sees what the last one placed', async () => {
  await addNode('a')
  await markReady(harness.client, await add(podOf('old', {}, requesting('3', '1Gi'))))
  await placeOf('old')
  scheduler.stop()
  scheduler.start(harness.client)
  await add(podOf('big', {}, requesting('2', '1Gi')))
  await until('it is told', async () =>
    (await eventsOf('big')).includes(
      'FailedScheduling: 0/1 nodes are available: 1 Insufficient cpu.',
    ),
  )
  await add(podOf('small', {}, requesting('1', '1Gi')))
  expect(await placeOf('small')).toBe('a')
})
