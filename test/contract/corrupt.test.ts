import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../../src/kernel/assert.ts'
import { type Peers, type PeerUnderTest, startPeers } from './peers.ts'
import { send, watch } from './requests.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
const head = '{"kind":"ConfigMap","apiVersion":"v1","metadata":{'

/** What any etcd client may put where an object is expected. */
const values: Record<string, string> = {
  'no JSON': 'not json',
  'an empty value': '',
  'no JSON behind our own head': `${head}"name":"x"`,
  'no object behind our own head': `${head}"name":"x",}}`,
  null: 'null',
  'a number': '7',
  'a list': '[]',
  'no metadata': '{"kind":"ConfigMap","apiVersion":"v1"}',
  'metadata of null': '{"metadata":null}',
  'metadata that is a list': '{"metadata":[]}',
}

let peers: Peers
let peer: PeerUnderTest
let lastNumber = 0

beforeAll(async () => {
  peers = await startPeers(1)
  peer = must(peers.members[0], 'a peer')
})
afterAll(() => peers?.stop())

const put = (key: string, value: string) =>
  peers.store.txn({
    compares: [],
    success: [{ type: 'put', key, value: Buffer.from(value) }],
    failure: [],
  })
const remove = (key: string) =>
  peers.store.txn({ compares: [], success: [{ type: 'delete', key }], failure: [] })

const corrupt = (key: string) => ({
  code: 500,
  reason: 'StorageReadError',
  message: 'failed to read one or more configmaps from the storage',
  details: { kind: 'configmaps', causes: [{ reason: 'UnexpectedServerResponse', field: key }] },
})

describe.each(Object.entries(values))('under a key of a resource: %s', (_what, value) => {
  test('reads that need it name the key, and all others go on', async () => {
    const name = `corrupt-${++lastNumber}`
    const url = `${configMaps}/${name}`
    const key = `/registry/configmaps/default/${name}`
    const created = await send(peer.api, 'POST', configMaps, { metadata: { name } })
    const { resourceVersion } = created.value.metadata
    const all = await watch(peer.api, `${configMaps}?resourceVersion=${resourceVersion}`)
    const elsewhere = await watch(
      peer.api,
      `/api/v1/namespaces/kube-system/configmaps?resourceVersion=${resourceVersion}`,
    )
    await put(key, value)
    const [error] = await all.take(1)
    expect(error).toMatchObject({ type: 'ERROR', object: corrupt(key) })
    expect(elsewhere.ended()).toBe(false)
    for (const [method, path] of [
      ['GET', url],
      ['GET', configMaps],
      ['GET', `${configMaps}?resourceVersion=0&labelSelector=a%3Db`],
      ['GET', '/api/v1/configmaps'],
      ['PUT', url],
      ['DELETE', url],
    ] as const) {
      const body = method === 'PUT' ? { metadata: { name } } : undefined
      const answer = await send(peer.api, method, path, body)
      expect(answer.value, `${method} ${path}`).toMatchObject(corrupt(key))
    }
    await expect(watch(peer.api, configMaps)).rejects.toThrow('StorageReadError')
    const other = await send(peer.api, 'GET', '/api/v1/namespaces/kube-system/configmaps')
    expect(other.code).toBe(200)
    await remove(key)
    expect((await send(peer.api, 'GET', configMaps)).code).toBe(200)
    elsewhere.stop()
  })

  test('a watch that resumes from the store meets it, and only that watch ends', async () => {
    const name = `corrupt-${++lastNumber}`
    const key = `/registry/configmaps/default/${name}`
    const { value: before } = await send(peer.api, 'POST', configMaps, { metadata: { name } })
    await put(key, value)
    await remove(key)
    peer.lag.endWatches({ ok: false, why: 'unavailable', message: 'a snapshot came' })
    const { resourceVersion } = before.metadata
    const watching = await watch(peer.api, `${configMaps}?resourceVersion=${resourceVersion}`)
    const [error] = await watching.take(1)
    expect(error).toMatchObject({ type: 'ERROR', object: corrupt(key) })
    expect((await send(peer.api, 'GET', configMaps)).code).toBe(200)
  })
})
