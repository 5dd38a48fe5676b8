import { once } from 'node:events'
import { request as httpsRequest } from 'node:https'
import { connect as connectTls } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fenceHeader, type Transport } from '../../src/api/http.ts'
import { must } from '../../src/kernel/assert.ts'
import { requestBodyBytesMax } from '../../src/kernel/limits.ts'
import { createClusterCa, issueCertificate, type KeyPair } from '../../src/pki/authority.ts'
import { createLocalStore } from '../../src/store/local.ts'
import type { Leadership, Store } from '../../src/store/types.ts'
import { newSeed, type Peers, startPeers } from './peers.ts'
import { send, watch } from './requests.ts'
import { startCluster, systemUser, type TestCluster } from './support.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
const configMap = (name: string, data: Record<string, string> = {}, labels = {}) => ({
  metadata: { name, labels },
  data,
})

/** The caches of the peers hear of changes at once, or late, in the pattern of a seed. */
const lags = [{ seed: undefined }, { seed: 1 }, { seed: 2 }, { seed: newSeed() }]

describe.each(lags)('the API over one store, lag $seed', ({ seed }) => {
  let peers: Peers
  let cluster: TestCluster
  let api: Transport
  let other: Transport
  beforeAll(async () => {
    peers = await startPeers(2, seed)
    const [first, second] = peers.members
    cluster = must(first, 'a first peer').cluster
    api = cluster.server.transport(systemUser)
    other = must(second, 'a second peer').cluster.server.transport(systemUser)
  })
  afterAll(() => peers?.stop())

  const create = (name: string, data = {}, labels = {}) =>
    send(api, 'POST', configMaps, configMap(name, data, labels))

  test('a read on any peer sees every write that was acknowledged', async () => {
    for (let at = 0; at < 50; at++) {
      const { value } = await create(`fresh-${at}`)
      const read = await send(other, 'GET', `${configMaps}/fresh-${at}`)
      expect(read.value).toEqual(value)
      const list = await send(other, 'GET', `${configMaps}?limit=1000`)
      expect(Number(list.value.metadata.resourceVersion)).toBeGreaterThanOrEqual(
        Number(value.metadata.resourceVersion),
      )
      expect(
        list.value.items.map((one: { metadata: { name: string } }) => one.metadata.name),
      ).toContain(`fresh-${at}`)
    }
  })

  test('a pod with gates says why nobody schedules it', async () => {
    const pod = {
      metadata: { name: 'gated' },
      spec: { schedulingGates: [{ name: 'a/b' }], containers: [{ name: 'c', image: 'i' }] },
    }
    const { value } = await send(api, 'POST', '/api/v1/namespaces/default/pods', pod)
    expect(value.status.conditions).toEqual([
      {
        ...{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' },
        ...{ lastProbeTime: null, lastTransitionTime: null },
        message: 'Scheduling is blocked due to non-empty scheduling gates',
      },
    ])
  })

  test('of two writers of one version one loses with 409', async () => {
    const { value } = await create('race')
    const results = await Promise.all([
      send(api, 'PUT', `${configMaps}/race`, { ...value, data: { a: '1' } }),
      send(other, 'PUT', `${configMaps}/race`, { ...value, data: { a: '2' } }),
    ])
    expect(results.map(one => one.code).sort()).toEqual([200, 409])
    expect(results.find(one => one.code === 409)?.value).toMatchObject({
      kind: 'Status',
      reason: 'Conflict',
    })
  })

  test('patches without a version never lose a race', async () => {
    await create('patched')
    const patches = Array.from({ length: 12 }, (_, at) =>
      send(at % 2 ? api : other, 'PATCH', `${configMaps}/patched`, { data: { [`k${at}`]: 'v' } }),
    )
    expect((await Promise.all(patches)).every(one => one.code === 200)).toBe(true)
    const { value } = await send(api, 'GET', `${configMaps}/patched`)
    expect(Object.keys(value.data)).toHaveLength(12)
  })

  test('a write that changes nothing makes no new version', async () => {
    const { value } = await create('same', { a: 'b' })
    const again = await send(api, 'PUT', `${configMaps}/same`, value)
    expect(again.value).toEqual(value)
  })

  test.each(['DELETE', 'POST', 'PUT', 'PATCH'] as const)(
    '%s of all namespaces is no request',
    async method => {
      await create('stays')
      const answer = await send(api, method, '/api/v1/configmaps', configMap('all'))
      expect(answer).toMatchObject({
        code: 405,
        value: {
          ...{ reason: 'MethodNotAllowed', details: {} },
          message: 'the server does not allow this method on the requested resource',
        },
      })
      const { code } = await send(api, 'GET', `${configMaps}/stays`)
      expect(code).toBe(200)
      await send(api, 'DELETE', `${configMaps}/stays`)
    },
  )

  test('a watch resumes on another peer at the same version', async () => {
    const { value: list } = await send(api, 'GET', `${configMaps}?labelSelector=w%3Da`)
    const from = `${configMaps}?labelSelector=w%3Da&resourceVersion=`
    const first = await watch(api, from + list.metadata.resourceVersion)
    await create('w1', {}, { w: 'a' })
    const [added] = await first.take(1)
    expect(added).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'w1' } } })
    first.stop()
    await send(api, 'PATCH', `${configMaps}/w1`, { data: { x: 'y' } })
    await create('w2', {}, { w: 'a' })
    await send(api, 'DELETE', `${configMaps}/w1`)
    const resumed = await watch(other, from + added?.object.metadata.resourceVersion)
    const events = await resumed.take(3)
    expect(events.map(one => `${one.type} ${one.object.metadata.name}`)).toEqual([
      'MODIFIED w1',
      'ADDED w2',
      'DELETED w1',
    ])
    const versions = events.map(one => Number(one.object.metadata.resourceVersion))
    expect([...versions].sort((a, b) => a - b)).toEqual(versions)
    expect(events[2]?.object.data).toEqual({ x: 'y' })
    resumed.stop()
  })

  test('an object that leaves a selector is DELETED for it, and ADDED when it comes back', async () => {
    const { value: list } = await send(api, 'GET', configMaps)
    const rv = list.metadata.resourceVersion
    const watching = await watch(api, `${configMaps}?labelSelector=in%3Dyes&resourceVersion=${rv}`)
    await create('mover', {}, { in: 'yes' })
    await send(api, 'PATCH', `${configMaps}/mover`, { metadata: { labels: { in: 'no' } } })
    await send(api, 'PATCH', `${configMaps}/mover`, { data: { unseen: '1' } })
    await send(api, 'PATCH', `${configMaps}/mover`, { metadata: { labels: { in: 'yes' } } })
    const events = await watching.take(3)
    expect(events.map(one => one.type)).toEqual(['ADDED', 'DELETED', 'ADDED'])
    watching.stop()
  })

  test('WatchList: state, a bookmark that says so, then changes', async () => {
    await create('state', {}, { s: 'a' })
    const query =
      'labelSelector=s%3Da&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan'
    const watching = await watch(api, `${configMaps}?${query}`)
    await create('later', {}, { s: 'a' })
    const events = await watching.take(3)
    expect(events.map(one => one.type)).toEqual(['ADDED', 'BOOKMARK', 'ADDED'])
    expect(events[1]?.object.metadata.annotations).toEqual({ 'k8s.io/initial-events-end': 'true' })
    watching.stop()
  })

  test('a watch ends after timeoutSeconds, with a bookmark before its end', async () => {
    const watching = await watch(
      api,
      `${configMaps}?resourceVersion=0&labelSelector=none&timeoutSeconds=3&allowWatchBookmarks=true`,
    )
    const [last] = await watching.take(1)
    expect(last?.type).toBe('BOOKMARK')
    await expect.poll(() => watching.ended(), { timeout: 5_000 }).toBe(true)
  })

  test('pages of a list are one consistent state, whatever is written meanwhile', async () => {
    for (let at = 0; at < 9; at++) await create(`page-${at}`, {}, { page: 'a' })
    const url = `${configMaps}?labelSelector=page%3Da&limit=4`
    const one = (await send(api, 'GET', url)).value
    await send(api, 'DELETE', `${configMaps}/page-7`)
    await create('page-99', {}, { page: 'a' })
    const two = (await send(other, 'GET', `${url}&continue=${one.metadata.continue}`)).value
    const three = (await send(api, 'GET', `${url}&continue=${two.metadata.continue}`)).value
    const names = [one, two, three].flatMap(page =>
      page.items.map((item: { metadata: { name: string } }) => item.metadata.name),
    )
    expect(names).toEqual(Array.from({ length: 9 }, (_, at) => `page-${at}`))
    expect(three.metadata.continue).toBeUndefined()
    expect(new Set([one, two, three].map(page => page.metadata.resourceVersion)).size).toBe(1)
  })

  test('what is compacted is 410 Expired, with a token that goes on inconsistently', async () => {
    for (let at = 0; at < 4; at++) await create(`old-${at}`, {}, { old: 'a' })
    const url = `${configMaps}?labelSelector=old%3Da&limit=2`
    const one = (await send(api, 'GET', url)).value
    const { value: newest } = await create('old-9', {}, { old: 'a' })
    await peers.store.compact(Number(newest.metadata.resourceVersion))
    // A cache that still is where the list began may answer: this one is not.
    await send(api, 'GET', url)
    const two = await send(api, 'GET', `${url}&continue=${one.metadata.continue}`)
    expect(two).toMatchObject({ code: 410, value: { reason: 'Expired' } })
    const rest = await send(api, 'GET', `${url}&continue=${two.value.metadata.continue}`)
    expect(rest.code).toBe(200)
    expect(rest.value.items[0].metadata.name).toBe('old-2')
    const watching = await watch(other, `${configMaps}?resourceVersion=1`)
    const [event] = await watching.take(1)
    expect(event).toMatchObject({ type: 'ERROR', object: { code: 410, reason: 'Expired' } })
  })

  test('a version of the future is refused after a while', async () => {
    const answer = await send(
      api,
      'GET',
      `${configMaps}?resourceVersion=99999999&resourceVersionMatch=NotOlderThan`,
    )
    expect(answer).toMatchObject({
      code: 504,
      value: { message: expect.stringContaining('Too large resource version') },
    })
  })

  test('lists as tables and as metadata', async () => {
    await create('table')
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
    const table = (await send(api, 'GET', `${configMaps}/table`, undefined, { accept })).value
    expect(table).toMatchObject({
      kind: 'Table',
      rows: [
        { cells: ['table', 0, expect.any(String)], object: { kind: 'PartialObjectMetadata' } },
      ],
    })
    const partial = 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io'
    const list = (await send(api, 'GET', configMaps, undefined, { accept: partial })).value
    expect(list.kind).toBe('PartialObjectMetadataList')
    expect(list.items[0]).not.toHaveProperty('data')
    const binary = await send(api, 'GET', configMaps, undefined, { accept: 'application/cbor' })
    expect(binary).toMatchObject({ code: 406, value: { reason: 'NotAcceptable' } })
  })

  test('a fence of another term is refused, and taken only from this process', async () => {
    const fenced = await send(api, 'POST', configMaps, configMap('fenced'), { [fenceHeader]: '99' })
    expect(fenced).toMatchObject({ code: 409, value: { reason: 'Conflict' } })
    const good = await send(api, 'POST', configMaps, configMap('fenced'), { [fenceHeader]: '1' })
    expect(good.code).toBe(201)
    const outside = await cluster.server.handler(
      {
        method: 'GET',
        path: configMaps,
        query: new URLSearchParams(),
        headers: { [fenceHeader]: '1' },
      },
      { name: 'admin', groups: ['system:masters'] },
    )
    expect(outside.status).toBe(400)
  })

  test('warnings for unknown fields, unless they are ignored', async () => {
    const body = { ...configMap('warned'), nope: 1 }
    const warned = await send(api, 'POST', configMaps, body)
    expect(warned.headers.warning).toBe('299 - "unknown field \\"nope\\""')
    expect(warned.value).not.toHaveProperty('nope')
    const ignored = await send(api, 'PUT', `${configMaps}/warned?fieldValidation=Ignore`, body)
    expect(ignored.headers.warning).toBeUndefined()
  })

  test('binds a pod once, and evicts it', async () => {
    const pods = '/api/v1/namespaces/default/pods'
    const pod = {
      metadata: { generateName: 'bound-' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    }
    const { value } = await send(api, 'POST', pods, pod)
    const { name } = value.metadata
    expect(name).toMatch(/^bound-[a-z0-9]{5}$/)
    const binding = { metadata: { name }, target: { kind: 'Node', name: 'n1' } }
    expect((await send(api, 'POST', `${pods}/${name}/binding`, binding)).code).toBe(201)
    const twice = await send(other, 'POST', `${pods}/${name}/binding`, binding)
    expect(twice.value.message).toContain(`pod ${name} is already assigned to node "n1"`)
    const bound = (await send(api, 'GET', `${pods}/${name}`)).value
    expect(bound.spec.nodeName).toBe('n1')
    expect(bound.status.conditions[0]).toMatchObject({ type: 'PodScheduled', status: 'True' })
    expect((await send(api, 'POST', `${pods}/${name}/eviction`, { metadata: { name } })).code).toBe(
      201,
    )
    expect(
      (await send(api, 'GET', `${pods}/${name}`)).value.metadata.deletionGracePeriodSeconds,
    ).toBe(30)
    expect((await send(api, 'DELETE', `${pods}/${name}?gracePeriodSeconds=0`)).code).toBe(200)
    expect((await send(api, 'GET', `${pods}/${name}`)).code).toBe(404)
  })

  test('says it is ready, and its version', async () => {
    const version = await send(api, 'GET', '/version')
    expect(version.value).toMatchObject({ major: '1', minor: '35' })
    const index = (await send(api, 'GET', '/openapi/v3')).value
    const apps = await send(api, 'GET', index.paths['apis/apps/v1'].serverRelativeURL)
    const template =
      apps.value.components.schemas['io.k8s.api.core.v1.PodSpec'].properties.containers
    expect(template).toMatchObject({
      'x-kubernetes-patch-merge-key': 'name',
      'x-kubernetes-patch-strategy': 'merge',
    })
    for (const path of ['/api', '/apis', '/api/v1', '/apis/apps', '/apis/apps/v1']) {
      expect((await send(api, 'GET', path)).code, path).toBe(200)
    }
  })

  describe('over HTTPS', () => {
    const https = (path: string, identity?: KeyPair, body?: Buffer) =>
      new Promise<{ code: number; headers: Record<string, unknown>; text: string }>(
        (resolve, reject) => {
          const outgoing = httpsRequest({
            host: '127.0.0.1',
            port: cluster.server.port,
            path,
            method: body === undefined ? 'GET' : 'POST',
            ca: cluster.ca.cert,
            agent: false,
            ...(identity === undefined ? {} : identity),
          })
          outgoing.on('response', message => {
            let text = ''
            message.on('data', piece => {
              text += piece
            })
            message.on('end', () =>
              resolve({ code: message.statusCode ?? 0, headers: message.headers, text }),
            )
          })
          outgoing.on('error', reject)
          outgoing.end(body)
        },
      )

    test('anonymous sees health and version only', async () => {
      expect((await https('/readyz')).text).toBe('ok')
      expect((await https('/readyz?verbose')).text).toContain('[+]watch-cache ok')
      expect((await https('/version')).code).toBe(200)
      const refused = await https('/api/v1/pods')
      expect(refused.code).toBe(403)
      expect(JSON.parse(refused.text).message).toBe(
        'pods is forbidden: User "system:anonymous" cannot list resource "pods" in API group "" at the cluster scope',
      )
    })

    test('certificates of another CA are 401, of this CA only masters get in', async () => {
      const stranger = await issueCertificate(await createClusterCa('else'), {
        user: 'admin',
        groups: ['system:masters'],
        usages: ['client'],
      })
      expect((await https('/api/v1/pods', stranger)).code).toBe(401)
      const someone = await issueCertificate(cluster.ca, { user: 'jane', usages: ['client'] })
      expect((await https('/api/v1/pods', someone)).code).toBe(403)
      const impostor = await issueCertificate(cluster.ca, {
        user: 'system:kube-scheduler',
        usages: ['client'],
      })
      expect((await https('/api/v1/pods', impostor)).code).toBe(403)
    })

    test('a body that is too long is 413', async () => {
      const admin = await issueCertificate(cluster.ca, {
        user: 'a',
        groups: ['system:masters'],
        usages: ['client'],
      })
      const answer = await https(configMaps, admin, Buffer.alloc(3 * requestBodyBytesMax, 32))
      expect(answer.code).toBe(413)
      expect(JSON.parse(answer.text).reason).toBe('RequestEntityTooLarge')
    })

    test('of somebody without a certificate no more is read than a request to join has', async () => {
      expect((await https(configMaps, undefined, Buffer.alloc(60_000, 32))).code).toBe(403)
      const answer = await https(configMaps, undefined, Buffer.alloc(100_000, 32))
      expect(answer.code).toBe(413)
      expect(JSON.parse(answer.text).message).toContain('limit is 65536')
    })

    test('a client that reads no answer before its body is sent gets the 413 too', async () => {
      const socket = connectTls({
        host: '127.0.0.1',
        port: cluster.server.port,
        rejectUnauthorized: false,
      })
      await once(socket, 'secureConnect')
      socket.pause()
      const body = Buffer.alloc(requestBodyBytesMax + (1 << 20), 32)
      socket.write(
        `POST ${configMaps} HTTP/1.1\r\nHost: test\r\nContent-Length: ${body.length}\r\n\r\n`,
      )
      const tail = body.length - 1_000
      socket.write(body.subarray(0, tail))
      // The server has everything but the end: an answer now would close on a client that writes.
      await new Promise(resolve => setTimeout(resolve, 200))
      socket.write(body.subarray(tail))
      const pieces: Buffer[] = []
      socket.on('data', (piece: Buffer) => pieces.push(piece))
      socket.resume()
      await once(socket, 'close')
      expect(Buffer.concat(pieces).toString()).toMatch(/^HTTP\/1\.1 413 /)
    })
  })
})

test('the store shows in the metrics, under the names that etcd has', async () => {
  const cluster = await startCluster()
  const { status, body } = await cluster.server.transport(systemUser).request({
    method: 'GET',
    path: '/metrics',
    query: new URLSearchParams(),
    headers: {},
  })
  expect(status).toBe(200)
  const text = Buffer.from(body as Uint8Array).toString()
  const value = (name: string) => Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1])
  expect(value('etcd_server_has_leader')).toBe(1)
  expect(value('etcd_mvcc_db_total_size_in_bytes')).toBeGreaterThan(100)
  expect(value('etcd_debugging_mvcc_current_revision')).toBeGreaterThan(1)
  await cluster.stop()
})

test('all but followers ask clients to come back elsewhere, and /readyz says who leads', async () => {
  const local = createLocalStore()
  let become: (leadership: Leadership) => void = () => {}
  const store: Store = {
    ...bound(local),
    onLeadership(listener) {
      become = listener
      return local.onLeadership(listener)
    },
  }
  const cluster = await startCluster({ store })
  const ask = () =>
    new Promise(resolve => {
      const options = {
        host: '127.0.0.1',
        port: cluster.server.port,
        path: '/readyz',
        ca: cluster.ca.cert,
      }
      httpsRequest(options, message => {
        message.resume()
        resolve([message.headers.connection, message.headers['x-quorate-role']])
      }).end()
    })
  expect(await ask()).toEqual(['close', 'leader'])
  become({ leading: false, term: 2, leader: 'b' })
  expect(await ask()).toEqual(['keep-alive', 'follower'])
  become({ leading: false, term: 2, leader: null })
  expect(await ask()).toEqual(['close', 'unknown'])
  await cluster.stop()
})

test('without a quorum: 503 with Retry-After for reads and writes, and not ready', async () => {
  const down = { ok: false, why: 'unavailable', message: 'no leader' } as const
  let quorum = true
  const local = createLocalStore()
  const store: Store = {
    ...bound(local),
    txn: (...given) => (quorum ? local.txn(...given) : Promise.resolve(down)),
    readIndex: (...given) => (quorum ? local.readIndex(...given) : Promise.resolve(down)),
    onLeadership(listener) {
      listener({ leading: false, term: 2, leader: null })
      return () => {}
    },
  }
  const lonely = await startCluster({ store })
  quorum = false
  const api = lonely.server.transport(systemUser)
  const read = await send(api, 'GET', configMaps)
  expect(read).toMatchObject({ code: 503, headers: { 'retry-after': '1' } })
  const write = await send(api, 'POST', configMaps, configMap('never'))
  expect(write).toMatchObject({ code: 503, value: { reason: 'ServiceUnavailable' } })
  expect((await send(api, 'GET', `${configMaps}?resourceVersion=0`)).code).toBe(200)
  const ready = await api.request({
    method: 'GET',
    path: '/readyz',
    query: new URLSearchParams(),
    headers: {},
  })
  expect(ready.status).toBe(500)
  expect(Buffer.from(ready.body as Uint8Array).toString()).toContain('[-]etcd failed')
  await lonely.stop()
})

/** The store's methods as free functions, so that some can be replaced. */
function bound(store: Store): Store {
  return {
    txn: (...given) => store.txn(...given),
    range: (...given) => store.range(...given),
    readIndex: (...given) => store.readIndex(...given),
    watch: (...given) => store.watch(...given),
    compact: (...given) => store.compact(...given),
    leaseGrant: (...given) => store.leaseGrant(...given),
    leaseKeepAlive: id => store.leaseKeepAlive(id),
    leaseRevoke: id => store.leaseRevoke(id),
    transferLeadership: to => store.transferLeadership(to),
    status: (...given) => store.status(...given),
    onLeadership: listener => store.onLeadership(listener),
  }
}
