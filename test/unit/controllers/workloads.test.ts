import { afterEach, describe, expect, test } from 'vitest'
import { kinds } from '../../../src/api/kinds.ts'
import type { ReplicaSet } from '../../../src/api/objects.ts'
import { deployment } from '../../../src/controllers/deployment/deployment.ts'
import { replicaSet } from '../../../src/controllers/replicaset/replicaset.ts'
import { until } from '../../support/until.ts'
import {
  deploymentOf,
  type Harness,
  markReady,
  podOf,
  startControllers,
  templateOf,
} from './harness.ts'

/** Deployments and ReplicaSets, end to end but for containers. */
let harness: Harness
afterEach(() => harness?.stop())

const revisionAnnotation = 'deployment.kubernetes.io/revision'
const labels = { app: 'web' }

async function start(options: { readonly running?: boolean } = {}) {
  harness = await startControllers([deployment, replicaSet])
  if (options.running !== false) harness.runPods()
  const { client } = harness
  const sets = async () => {
    const { items } = await client.list(kinds.replicaSets, { namespace: 'default' })
    const image = (set: ReplicaSet) => set.spec.template?.spec.containers[0]?.image ?? ''
    return new Map(items.map(set => [image(set), set]))
  }
  const pods = async () => {
    const { items } = await client.list(kinds.pods, { namespace: 'default' })
    return items.filter(pod => !pod.metadata.deletionTimestamp)
  }
  const change = (spec: object) =>
    client.patch(kinds.deployments, 'default', 'web', { type: 'strategic', body: { spec } })
  const complete = (image: string, replicas = 3) =>
    until(`${replicas} pods of ${image}`, async () => {
      const { status, metadata } = await client.get(kinds.deployments, 'default', 'web')
      return (
        status?.observedGeneration === metadata.generation &&
        status?.updatedReplicas === replicas &&
        status.availableReplicas === replicas &&
        status.replicas === replicas &&
        (await pods()).every(pod => pod.spec.containers[0]?.image === image)
      )
    })
  const setImage = (image: string) => change({ template: templateOf(labels, image) })
  const events = async () => {
    const { items } = await client.list(kinds.events, { namespace: 'default' })
    return items.map(event => `${event.reason}: ${event.message ?? event.note}`)
  }
  return { client, sets, pods, change, complete, setImage, events }
}

describe('Deployment', () => {
  test('rolls out, updates, and a template that comes back takes the next revision', async () => {
    const { client, sets, complete, setImage, events } = await start()
    await client.create(kinds.deployments, deploymentOf('web'))
    await complete('nginx:1')
    await setImage('nginx:2')
    await complete('nginx:2')
    const revisions = async () =>
      Object.fromEntries(
        [...(await sets())].map(([image, set]) => [
          image,
          `${set.metadata.annotations?.[revisionAnnotation]}: ${set.spec.replicas}`,
        ]),
      )
    expect(await revisions()).toEqual({ 'nginx:1': '1: 0', 'nginx:2': '2: 3' })
    await setImage('nginx:1')
    await complete('nginx:1')
    expect(await revisions()).toEqual({ 'nginx:1': '3: 3', 'nginx:2': '2: 0' })
    const old = (await sets()).get('nginx:1')
    expect(old?.metadata.annotations?.['deployment.kubernetes.io/revision-history']).toBe('1')
    await until('the revision', async () => {
      const { metadata } = await client.get(kinds.deployments, 'default', 'web')
      return metadata.annotations?.[revisionAnnotation] === '3'
    })
    await until('the events', async () => {
      const all = (await events()).join('\n')
      return /ScalingReplicaSet: Scaled up replica set web-\w+ from 0 to 3/.test(all)
    })
  })

  test('never more than the surge, never fewer than available', async () => {
    const { client, complete, setImage, pods } = await start()
    await client.create(kinds.deployments, deploymentOf('web', { replicas: 4 }))
    await complete('nginx:1', 4)
    const counts: number[] = []
    const watching = new AbortController()
    const watch = (async () => {
      const options = { namespace: 'default', signal: watching.signal }
      for await (const _event of client.watch(kinds.pods, options)) {
        const all = await pods()
        counts.push(all.length)
        const available = all.filter(pod => pod.status?.conditions?.[0]?.status === 'True')
        expect(available.length).toBeGreaterThanOrEqual(3)
      }
    })()
    await setImage('nginx:2')
    await complete('nginx:2', 4)
    watching.abort()
    await watch
    expect(Math.max(...counts)).toBeLessThanOrEqual(5)
  })

  test('an image that never gets ready stops the rollout; undo brings all back', async () => {
    const { client, sets, change, setImage } = await start({ running: false })
    harness.runPods(pod => pod.spec.containers[0]?.image !== 'broken')
    await client.create(kinds.deployments, deploymentOf('web', { replicas: 4 }))
    const sizes = async () =>
      [...(await sets()).values()].map(set => set.status?.availableReplicas ?? 0).join()
    await until('4 available', async () => (await sizes()) === '4')
    await setImage('broken')
    await until('one surges, one is away', async () => {
      const both = await sets()
      return both.get('broken')?.spec.replicas === 2 && both.get('nginx:1')?.spec.replicas === 3
    })
    await change({ template: templateOf(labels, 'nginx:1') })
    await until('back', async () => {
      const both = await sets()
      return both.get('broken')?.spec.replicas === 0 && both.get('nginx:1')?.spec.replicas === 4
    })
  })

  test('paused: scaling goes on in place, a new template waits', async () => {
    const { client, sets, change, complete, setImage } = await start()
    await client.create(kinds.deployments, deploymentOf('web'))
    await complete('nginx:1')
    await change({ paused: true })
    await setImage('nginx:2')
    await change({ replicas: 5 })
    await until('5 old ones', async () => (await sets()).get('nginx:1')?.spec.replicas === 5)
    expect([...(await sets()).keys()]).toEqual(['nginx:1'])
    await until('the condition', async () => {
      const { status } = await client.get(kinds.deployments, 'default', 'web')
      return status?.conditions?.some(each => each.reason === 'DeploymentPaused')
    })
    await change({ paused: false })
    await complete('nginx:2', 5)
  })

  test('Recreate: all old pods are gone before a new one is made', async () => {
    const { client, complete, setImage } = await start()
    const mixed: string[] = []
    await client.create(kinds.deployments, deploymentOf('web', { strategy: { type: 'Recreate' } }))
    await complete('nginx:1')
    const watching = new AbortController()
    const present = new Map<string, string>()
    const watch = (async () => {
      const options = { namespace: 'default', signal: watching.signal }
      for await (const { type, object } of client.watch(kinds.pods, options)) {
        const name = object.metadata.name ?? ''
        if (type === 'DELETED') present.delete(name)
        else present.set(name, object.spec.containers[0]?.image ?? '')
        const images = new Set(present.values())
        if (images.size > 1) mixed.push([...images].join())
      }
    })()
    await setImage('nginx:2')
    await complete('nginx:2')
    watching.abort()
    await watch
    expect(mixed).toEqual([])
  })

  test('history is kept up to its limit', async () => {
    const { client, sets, complete, setImage } = await start()
    await client.create(kinds.deployments, deploymentOf('web', { revisionHistoryLimit: 1 }))
    for (const version of [1, 2, 3]) {
      if (version > 1) await setImage(`nginx:${version}`)
      await complete(`nginx:${version}`)
    }
    await until('two sets', async () => (await sets()).size === 2)
    expect([...(await sets()).keys()].sort()).toEqual(['nginx:2', 'nginx:3'])
  })
})

describe('ReplicaSet', () => {
  const set = (replicas: number): ReplicaSet => ({
    metadata: { name: 'web', namespace: 'default' },
    spec: { replicas, selector: { matchLabels: labels }, template: templateOf(labels, 'i') },
  })

  test('replaces what is deleted, makes exactly what is missing', async () => {
    const { client, pods, events } = await start()
    await client.create(kinds.replicaSets, set(5))
    await until('5 pods', async () => (await pods()).length === 5)
    const [first] = await pods()
    await client.delete(kinds.pods, 'default', first?.metadata.name ?? '', {
      gracePeriodSeconds: 0,
    })
    await until('5 others', async () => {
      const names = (await pods()).map(pod => pod.metadata.name)
      return names.length === 5 && !names.includes(first?.metadata.name)
    })
    await until('a stable status', async () => {
      const { status } = await client.get(kinds.replicaSets, 'default', 'web')
      return status?.readyReplicas === 5 && status.replicas === 5
    })
    expect(await pods()).toHaveLength(5)
    await until('its event', async () =>
      (await events()).some(text => /SuccessfulCreate: Created pod: web-/.test(text)),
    )
  })

  test('adopts orphans that match, and releases a pod whose labels change', async () => {
    const { client, pods } = await start()
    const orphan = await client.create(kinds.pods, podOf('orphan', { metadata: { labels } }))
    await markReady(client, orphan)
    await client.create(kinds.replicaSets, set(2))
    const ownerOf = async (name: string) =>
      (await client.get(kinds.pods, 'default', name)).metadata.ownerReferences?.[0]?.name
    await until('adopted', async () => (await ownerOf('orphan')) === 'web')
    await until('one more', async () => (await pods()).length === 2)
    const body = { metadata: { labels: { app: 'debug' } } }
    await client.patch(kinds.pods, 'default', 'orphan', { type: 'merge', body })
    await until('released', async () => (await ownerOf('orphan')) === undefined)
    await until('replaced', async () => (await pods()).length === 3)
  })
})

test('in a namespace that is going nothing is made again, and that is no failure', async () => {
  const { client, change } = await start()
  await client.create(kinds.namespaces, { metadata: { name: 'going' } })
  const metadata = { name: 'web', namespace: 'going' }
  await client.create(kinds.deployments, { ...deploymentOf('web', { replicas: 2 }), metadata })
  const pods = async () => (await client.list(kinds.pods, { namespace: 'going' })).items
  await until('two pods', async () => (await pods()).length === 2)
  await client.delete(kinds.namespaces, undefined, 'going')
  for (const pod of await pods()) {
    const options = { gracePeriodSeconds: 0 }
    await client.delete(kinds.pods, 'going', pod.metadata.name ?? '', options)
  }
  const setsOf = async () => (await client.list(kinds.replicaSets, { namespace: 'going' })).items
  const [set] = await until('it is seen', async () => {
    const sets = await setsOf()
    return sets[0]?.status?.replicas === 0 ? sets : undefined
  })
  expect(set?.status?.conditions).toBeUndefined()
  const body = { spec: { template: templateOf(labels, 'nginx:2') } }
  const { metadata: changed } = await client.patch(kinds.deployments, 'going', 'web', {
    type: 'strategic',
    body,
  })
  // Another deployment is seen after this one: it has been looked at.
  await client.create(kinds.deployments, deploymentOf('web'))
  await change({ paused: true })
  await until('both are seen', async () => {
    const own = await client.get(kinds.deployments, 'default', 'web')
    return own.status?.observedGeneration === own.metadata.generation
  })
  expect(changed.generation).toBe(2)
  expect(await setsOf()).toHaveLength(1)
  expect(harness.retried.filter(error => error.includes('being terminated'))).toEqual([])
})
