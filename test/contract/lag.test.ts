import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../../src/kernel/assert.ts'
import type { StoreFailure } from '../../src/store/types.ts'
import { type Peers, type PeerUnderTest, startPeers } from './peers.ts'
import { type Answer, send, watch } from './requests.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
const snapshot: StoreFailure = { ok: false, why: 'unavailable', message: 'a snapshot came' }

const versionOf = (answer: Answer): string => answer.value.metadata.resourceVersion

let peers: Peers
let behind: PeerUnderTest
let ahead: PeerUnderTest
let lastName = 0
let url = ''

beforeAll(async () => {
  peers = await startPeers(2)
  behind = must(peers.members[0], 'a peer')
  ahead = must(peers.members[1], 'a second peer')
})
afterAll(() => peers?.stop())

/** An object that every cache has, with `data.a` of 1. */
beforeEach(async () => {
  const name = `lag-${++lastName}`
  url = `${configMaps}/${name}`
  await send(ahead.api, 'POST', configMaps, { metadata: { name }, data: { a: '1' } })
  expect((await send(behind.api, 'GET', url)).code).toBe(200)
})

const set = (peer: PeerUnderTest, a: string) => send(peer.api, 'PATCH', url, { data: { a } })
const valueAt = async (peer: PeerUnderTest) => (await send(peer.api, 'GET', url)).value.data.a

describe('a cache that is behind ends no write', () => {
  test('a patch that changes nothing of an old state is carried out on the new one', async () => {
    behind.lag.hold()
    await set(ahead, '2')
    const answer = await set(behind, '1')
    behind.lag.release()
    expect(answer).toMatchObject({ code: 200, value: { data: { a: '1' } } })
    expect(await valueAt(ahead)).toBe('1')
  })

  test('a PUT of what has been replaced is a conflict', async () => {
    const old = await send(ahead.api, 'GET', url)
    behind.lag.hold()
    await set(ahead, '2')
    const answer = await send(behind.api, 'PUT', url, old.value)
    behind.lag.release()
    expect(answer).toMatchObject({ code: 409, value: { reason: 'Conflict' } })
  })

  test('a dry run is of the newest state, as is a dry run of a deletion', async () => {
    const old = await send(ahead.api, 'GET', url)
    behind.lag.hold()
    await set(ahead, '2')
    const put = { ...old.value, data: { a: '3' } }
    const update = await send(behind.api, 'PUT', `${url}?dryRun=All`, put)
    await send(ahead.api, 'DELETE', url)
    const removal = await send(behind.api, 'DELETE', `${url}?dryRun=All`)
    const creation = await send(behind.api, 'POST', `${configMaps}?dryRun=All`, {
      metadata: { name: old.value.metadata.name },
    })
    behind.lag.release()
    expect([update.code, removal.code, creation.code]).toEqual([409, 404, 201])
  })

  test('a deletion that has begun is not confirmed for an object that is gone', async () => {
    const finalizers = ['example.com/held']
    await send(ahead.api, 'PATCH', url, { metadata: { finalizers } })
    await send(ahead.api, 'DELETE', url)
    await send(behind.api, 'GET', url)
    behind.lag.hold()
    await send(ahead.api, 'PATCH', url, { metadata: { finalizers: null } })
    const again = await send(behind.api, 'DELETE', url)
    behind.lag.release()
    expect(again.code).toBe(404)
  })

  test('a minority acknowledges nothing, not even a change of nothing', async () => {
    const { value } = await send(ahead.api, 'GET', url)
    behind.lag.cut()
    const answers = [
      await set(behind, '1'),
      await send(behind.api, 'PUT', url, value),
      await send(behind.api, 'PUT', `${url}?dryRun=All`, value),
      await send(behind.api, 'DELETE', `${url}?dryRun=All`),
    ]
    behind.lag.heal()
    expect(answers.map(one => one.code)).toEqual([503, 503, 503, 503])
  })
})

describe('a watch and a cache that is loaded again', () => {
  test('a reset ends the watches', async () => {
    const version = versionOf(await send(behind.api, 'GET', url))
    const watching = await watch(behind.api, `${configMaps}?resourceVersion=${version}`)
    behind.lag.endWatches(snapshot)
    await expect.poll(() => watching.ended()).toBe(true)
  })

  test('a watch that is opened meanwhile misses nothing, whatever its version', async () => {
    const version = versionOf(await send(behind.api, 'GET', url))
    const go = behind.lag.holdLoads()
    behind.lag.endWatches(snapshot)
    const opening = watch(behind.api, `${configMaps}?resourceVersion=${version}`)
    await set(ahead, '2')
    go()
    const watching = await opening
    const [event] = await watching.take(1)
    expect(event).toMatchObject({ type: 'MODIFIED', object: { data: { a: '2' } } })
    await set(ahead, '3')
    expect(await watching.take(1)).toMatchObject([{ object: { data: { a: '3' } } }])
    watching.stop()
  })

  test('a list shows no half of it', async () => {
    const old = versionOf(await send(behind.api, 'GET', url))
    const go = behind.lag.holdLoads()
    behind.lag.endWatches(snapshot)
    const exact = `resourceVersion=${old}&resourceVersionMatch=Exact`
    const lists = ['resourceVersion=0', exact, `resourceVersion=${old}`].map(query =>
      send(behind.api, 'GET', `${configMaps}?${query}`),
    )
    go()
    for (const list of await Promise.all(lists)) {
      expect(list.value.items.length).toBeGreaterThan(0)
    }
  })

  test('a cache that stays away is said so, after a while', async () => {
    const go = behind.lag.holdLoads()
    behind.lag.endWatches(snapshot)
    const answer = send(behind.api, 'GET', `${configMaps}?resourceVersion=0`)
    const watching = watch(behind.api, `${configMaps}?resourceVersion=1`)
    await expect(watching).rejects.toThrow('storage is (re)initializing')
    expect(await answer).toMatchObject({ code: 429, headers: { 'retry-after': '1' } })
    go()
    await send(behind.api, 'GET', url)
  })
})

describe('a bookmark is what this watch has shown', () => {
  const query = 'timeoutSeconds=3&allowWatchBookmarks=true'

  test('not what the cache has, when the watch is served by the store', async () => {
    const version = versionOf(await send(behind.api, 'GET', url))
    // A cache that is loaded again has no history: older watches go to the store.
    behind.lag.endWatches(snapshot)
    await set(ahead, '2')
    await expect.poll(() => valueAt(behind)).toBe('2')
    behind.lag.hold({ fresh: true })
    const watching = await watch(behind.api, `${configMaps}?resourceVersion=${version}&${query}`)
    await set(ahead, '3')
    expect(await valueAt(behind)).toBe('3')
    const [bookmark] = await watching.take(1)
    behind.lag.release()
    expect(bookmark?.type).toBe('BOOKMARK')
    expect(bookmark?.object.metadata.resourceVersion).toBe(version)
  })

  test('and never less than the client knew', async () => {
    behind.lag.hold()
    const version = versionOf(await set(ahead, '2'))
    const watching = await watch(behind.api, `${configMaps}?resourceVersion=${version}&${query}`)
    await expect.poll(() => watching.ended(), { timeout: 5_000 }).toBe(true)
    behind.lag.release()
    await expect(Promise.race([watching.take(1), 'nothing'])).resolves.toBe('nothing')
  })
})
