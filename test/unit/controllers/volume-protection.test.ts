import { afterEach, describe, expect, test } from 'vitest'
import { kinds } from '../../../src/api/kinds.ts'
import { isStatusReason } from '../../../src/api/status.ts'
import {
  attributesProtection,
  claimProtection,
  volumeProtection,
} from '../../../src/controllers/volumeprotection/volumes.ts'
import { until } from '../../support/until.ts'
import { type Harness, podOf, startControllers } from './harness.ts'

let harness: Harness
afterEach(() => harness?.stop())

const gone = (read: Promise<unknown>) =>
  read.then(
    () => false,
    error => isStatusReason(error, 'NotFound'),
  )
const requests = { storage: '1Gi' }
const accessModes = ['ReadWriteOnce']

describe('what is in use stays', () => {
  const claimOf = (name: string, more: object = {}) => ({
    metadata: { name, namespace: 'default' },
    spec: { accessModes, resources: { requests }, ...more },
  })
  const getClaim = (name: string) =>
    harness.client.get(kinds.persistentVolumeClaims, 'default', name)

  test('a claim, while a pod with a node has it', async () => {
    harness = await startControllers([claimProtection])
    const { client } = harness
    await client.create(kinds.persistentVolumeClaims, claimOf('used'))
    await client.create(kinds.persistentVolumeClaims, claimOf('idle'))
    const pod = podOf('user')
    const persistentVolumeClaim = { claimName: 'used' }
    const volumes = [{ name: 'data', persistentVolumeClaim }]
    await client.create(kinds.pods, { ...pod, spec: { ...pod.spec, nodeName: 'a', volumes } })
    for (const name of ['used', 'idle']) {
      await client.delete(kinds.persistentVolumeClaims, 'default', name)
    }
    await until('the idle one is gone', () => gone(getClaim('idle')))
    expect((await getClaim('used')).metadata.deletionTimestamp).toBeDefined()
    await client.delete(kinds.pods, 'default', 'user', { gracePeriodSeconds: 0 })
    await until('the other one is gone', () => gone(getClaim('used')))
  })

  test('a volume, while it is bound', async () => {
    harness = await startControllers([volumeProtection])
    const { client } = harness
    const get = () => client.get(kinds.persistentVolumes, undefined, 'v')
    await client.create(kinds.persistentVolumes, {
      metadata: { name: 'v' },
      spec: { accessModes, capacity: requests, hostPath: { path: '/srv' } },
    })
    const phase = (text: string) =>
      client.patch(kinds.persistentVolumes, undefined, 'v', {
        ...{ type: 'merge', subresource: 'status', body: { status: { phase: text } } },
      })
    await phase('Bound')
    await client.delete(kinds.persistentVolumes, undefined, 'v')
    expect((await get()).metadata.finalizers).toEqual(['kubernetes.io/pv-protection'])
    await phase('Released')
    await until('the volume is gone', () => gone(get()))
  })

  test('a class of attributes, while a claim wants it', async () => {
    harness = await startControllers([attributesProtection])
    const { client } = harness
    const get = (name: string) => client.get(kinds.volumeAttributesClasses, undefined, name)
    const claim = claimOf('c', { volumeAttributesClassName: 'fast' })
    await client.create(kinds.persistentVolumeClaims, claim)
    for (const name of ['fast', 'slow']) {
      const made = { metadata: { name }, driverName: 'x.example.com', parameters: { a: name } }
      await client.create(kinds.volumeAttributesClasses, made)
    }
    for (const name of ['fast', 'slow']) {
      await client.delete(kinds.volumeAttributesClasses, undefined, name)
    }
    await until('the other is gone', () => gone(get('slow')))
    expect((await get('fast')).metadata.deletionTimestamp).toBeDefined()
  })
})
