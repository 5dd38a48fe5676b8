import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Transport } from '../../src/api/http.ts'
import { must } from '../../src/kernel/assert.ts'
import { send } from './requests.ts'
import { startCluster, systemUser, type TestCluster } from './support.ts'

let cluster: TestCluster
beforeAll(async () => {
  cluster = await startCluster()
})
afterAll(() => cluster.stop())

const path = '/api/v1/namespaces/default/services'
const api: Transport = {
  request: request => cluster.server.transport(systemUser).request(request),
}

async function keysUnder(prefix: string): Promise<readonly string[]> {
  const rangeEnd = `${prefix.slice(0, -1)}0`
  const read = await cluster.store.range({ type: 'range', key: prefix, rangeEnd })
  if (!read.ok) throw new Error('the store does not answer')
  return read.range.kvs.map(({ key }) => key.slice(prefix.length))
}

const put = (key: string, value: string) =>
  cluster.store.txn({
    compares: [],
    success: [{ type: 'put', key, value: Buffer.from(value) }],
    failure: [],
  })
const remove = (key: string) =>
  cluster.store.txn({ compares: [], success: [{ type: 'delete', key }], failure: [] })

const addresses = '/registry/ranges/quorate/addresses/'
const nodePorts = '/registry/ranges/quorate/nodeports/'

test('claims of an earlier version move, those of nobody go, upstream objects stay', async () => {
  const spec = { type: 'NodePort', ports: [{ port: 80 }], selector: { a: 'b' } }
  const made = await send(api, 'POST', path, { metadata: { name: 'web' }, spec })
  const { clusterIP, ports } = must(made.value.spec, 'a service')
  const { nodePort } = ports[0]
  expect(await keysUnder(addresses)).toContain(clusterIP)
  // As version 1 had it, and what a crash of nobody's leaves.
  const claim = JSON.stringify({ service: 'default/web' })
  await remove(addresses + clusterIP)
  await remove(nodePorts + String(nodePort))
  await put(`/registry/ipaddresses/${clusterIP}`, claim)
  await put(`/registry/servicenodeports/${nodePort}`, claim)
  await put(`${addresses}10.96.77.77`, JSON.stringify({ service: 'default/gone' }))
  const name = '10.96.1.1'
  const parentRef = { resource: 'services', namespace: 'default', name: 'web' }
  const object = { metadata: { name }, spec: { parentRef } }
  expect((await send(api, 'POST', '/apis/networking.k8s.io/v1/ipaddresses', object)).code).toBe(201)

  // The service `kubernetes` has its address without asking.
  const { made: count, removed } = await cluster.server.repair(1)
  expect(removed).toBe(3)
  expect(count).toBeGreaterThanOrEqual(2)
  expect(await keysUnder('/registry/ipaddresses/')).toEqual([name])
  expect(await keysUnder('/registry/servicenodeports/')).toEqual([])
  expect(await keysUnder(addresses)).toContain(clusterIP)
  expect(await keysUnder(addresses)).not.toContain('10.96.77.77')
  expect(await keysUnder(nodePorts)).toEqual([String(nodePort)])
  const taken = { metadata: { name: 'other' }, spec: { clusterIP, ports: [{ port: 80 }] } }
  expect((await send(api, 'POST', path, taken)).code).toBe(422)
  expect(await cluster.server.repair(1)).toEqual({ made: 0, removed: 0 })
})
