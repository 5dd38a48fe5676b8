import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import {
  type WatchRequestMessage,
  watchRequest,
  watchResponse,
} from '../../../src/store/etcd/rpc/watch.ts'
import { until } from '../../support/until.ts'
import { createPki, startServer, type TestPki, type TestServer } from './etcdctl.ts'
import { GrpcClient, type GrpcStream } from './grpc-client.ts'

/** The Watch service as clients see it. */
let pki: TestPki
let flags: string[]
let tested: TestServer
let client: GrpcClient
let stream: GrpcStream

beforeAll(async () => {
  pki = await createPki()
  flags = await pki.client('tester')
}, 60_000)
beforeEach(async () => {
  tested = await startServer(pki)
  client = new GrpcClient(tested.endpoint, flags)
  stream = client.stream('Watch/Watch')
})
afterEach(async () => {
  client?.close()
  await tested?.server.stop()
})
afterAll(() => pki?.remove())

const ask = (request: Partial<WatchRequestMessage>) => stream.send(watchRequest.encode(request))
const create = (request: WatchRequestMessage['createRequest']) => ask({ createRequest: request })
const said = (index: number) => stream.message(index, watchResponse)

async function put(key: string, value: Uint8Array = Buffer.from('v')): Promise<void> {
  const success = [{ type: 'put', key, value } as const]
  await tested.store.txn({ compares: [], success, failure: [] })
}
async function remove(key: string): Promise<void> {
  const success = [{ type: 'delete', key } as const]
  await tested.store.txn({ compares: [], success, failure: [] })
}

test('created, then events with what was before', async () => {
  create({ key: 'a', prevKv: true })
  expect(await said(0)).toMatchObject({ watchId: 0, created: true, header: { revision: 1 } })
  await put('a')
  expect(await said(1)).toMatchObject({ header: { revision: 2 }, events: [{ type: 0 }] })
  await remove('a')
  expect(await said(2)).toMatchObject({
    events: [{ type: 1, kv: { key: 'a', modRevision: 3 }, prevKv: { modRevision: 2 } }],
  })
})

test('history from a revision, one future and one past', async () => {
  for (const key of ['a', 'b', 'a']) await put(key)
  create({ key: 'a', startRevision: 2 })
  create({ key: 'a', startRevision: 6 })
  await said(0)
  await said(1)
  const history = await said(2)
  expect(history.watchId).toBe(0)
  expect(history.events.map(event => event.kv?.modRevision)).toEqual([2, 4])
  await put('a')
  await put('a')
  const seen = () =>
    stream.messages
      .slice(3)
      .map(bytes => watchResponse.decode(bytes))
      .flatMap(({ watchId, events }) => events.map(it => `${watchId}:${it.kv?.modRevision}`))
  await until('all events', () => seen().length >= 3)
  expect(seen().sort()).toEqual(['0:5', '0:6', '1:6'])
})

test('filters leave puts or deletes out', async () => {
  create({ key: 'a', filters: [0] })
  create({ key: 'a', filters: [1] })
  await said(1)
  await put('a')
  await remove('a')
  await put('end')
  const answers = [await said(2), await said(3)].sort((a, b) => a.watchId - b.watchId)
  expect(answers).toMatchObject([
    { watchId: 0, events: [{ type: 1 }] },
    { watchId: 1, events: [{ type: 0 }] },
  ])
})

test('a compacted revision: created, then cancelled with where it goes on', async () => {
  for (let count = 0; count < 5; count++) await put('a')
  await tested.store.compact(4)
  create({ key: 'a', startRevision: 2 })
  expect(await said(0)).toMatchObject({ created: true, canceled: false })
  expect(await said(1)).toMatchObject({
    ...{ watchId: 0, canceled: true, compactRevision: 4, cancelReason: '' },
    header: { revision: 0 },
  })
})

test('IDs are given or chosen, and never twice', async () => {
  create({ key: 'a', watchId: 7 })
  create({ key: 'a' })
  create({ key: 'a', watchId: 7 })
  create({ key: 'b', rangeEnd: 'a' })
  create({ key: 'a', startRevision: -1 })
  expect(await said(0)).toMatchObject({ watchId: 7, created: true })
  expect(await said(1)).toMatchObject({ watchId: 0, created: true })
  const refused = { watchId: -1, created: true, canceled: true }
  const cancelReason = 'mvcc: duplicate watch ID provided on the WatchStream'
  expect(await said(2)).toMatchObject({ ...refused, cancelReason })
  expect(await said(3)).toMatchObject({ ...refused, cancelReason: 'mvcc: watcher range is empty' })
  expect(await said(4)).toMatchObject(refused)
})

test('cancelled, it says so and no more', async () => {
  create({ key: 'a' })
  ask({ cancelRequest: { watchId: 0 } })
  ask({ cancelRequest: { watchId: 9 } })
  expect(await said(1)).toMatchObject({ watchId: 0, canceled: true })
  await put('a')
  ask({ progressRequest: {} })
  expect(await said(2)).toMatchObject({ watchId: -1, header: { revision: 2 }, events: [] })
})

test('progress is told when every watch has got so far', async () => {
  for (let count = 0; count < 3; count++) await put('a')
  create({ key: 'a', startRevision: 2 })
  ask({ progressRequest: {} })
  expect((await said(1)).events.length).toBe(3)
  expect(await said(2)).toMatchObject({ watchId: -1, header: { revision: 4 } })
})

test('a large revision comes in fragments to who allows it', async () => {
  create({ key: 'a', rangeEnd: 'b', fragment: true })
  await said(0)
  const success = ['1', '2', '3'].map(
    at => ({ type: 'put', key: `a${at}`, value: Buffer.alloc(900_000) }) as const,
  )
  tested.store.mvcc.txn({ compares: [], success, failure: [] })
  tested.store.watchers.flushLater()
  const [first, second] = [await said(1), await said(2)]
  expect([first.fragment, first.events.length]).toEqual([true, 2])
  expect([second.fragment, second.events.length]).toEqual([false, 1])
})

test('who reads nothing is left behind, not queued for; later it gets everything', async () => {
  create({ key: 'a', startRevision: 1 })
  await said(0)
  stream.messages.length = 0
  stream.stream.pause()
  const value = Buffer.alloc(100_000)
  for (let count = 0; count < 120; count++) await put('a', value)
  await until('the watch to leave the store', () => tested.store.watchers.size === 1)
  stream.stream.resume()
  const seen: (number | undefined)[] = []
  await until('all events', () => {
    for (const bytes of stream.messages.splice(0)) {
      seen.push(...watchResponse.decode(bytes).events.map(event => event.kv?.modRevision))
    }
    return seen.length >= 120
  })
  expect(seen).toEqual(Array.from({ length: 120 }, (_, at) => at + 2))
})

test('many watches of one stream each see their own key', async () => {
  for (let at = 0; at < 500; at++) create({ key: `k${at}` })
  await said(499)
  for (let at = 0; at < 500; at++) await put(`k${at}`)
  await until('all events', () => stream.messages.length === 1_000)
  const seen = stream.messages.slice(500).map(bytes => watchResponse.decode(bytes))
  for (const { watchId, events } of seen) expect(events[0]?.kv?.key).toBe(`k${watchId}`)
})

test('the end of the stream ends its watches', async () => {
  create({ key: 'a' })
  await said(0)
  expect(tested.store.watchers.size).toBe(1)
  client.close()
  await until('the end', () => tested.store.watchers.size === 0)
})
