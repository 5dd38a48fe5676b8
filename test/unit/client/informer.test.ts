import { afterEach, describe, expect, test, vi } from 'vitest'
import { kinds } from '../../../src/api/kinds.ts'
import type { Pod } from '../../../src/api/objects.ts'
import { createClient } from '../../../src/client/client.ts'
import { InformerFactory } from '../../../src/client/informer.ts'
import { FakeApi } from './fakeapi.ts'

const path = (name: string, namespace = 'default') => `/api/v1/namespaces/${namespace}/pods/${name}`
const pod = (name: string, nodeName = 'n1', namespace = 'default'): Pod => ({
  metadata: { name, namespace },
  spec: { nodeName, containers: [{ name: 'c' }] },
})

const factories: InformerFactory[] = []
afterEach(async () => {
  await Promise.all(factories.splice(0).map(factory => factory.stop()))
})

function setUp() {
  const api = new FakeApi()
  const factory = new InformerFactory(createClient(api, { userAgent: 'test', retryForMs: 0 }))
  factories.push(factory)
  const informer = factory.informer(kinds.pods, {
    indexes: { node: each => [each.spec.nodeName ?? ''] },
  })
  const seen: string[] = []
  informer.addHandler({
    onAdd: each => seen.push(`add ${each.metadata.name}`),
    onUpdate: (now, old) =>
      seen.push(`update ${now.metadata.name} ${old.spec.nodeName}>${now.spec.nodeName}`),
    onDelete: each => seen.push(`delete ${each.metadata.name}`),
  })
  return { api, factory, informer, seen }
}

describe('Informer', () => {
  test('lists once, then follows; indexes move with the objects', async () => {
    const { api, factory, informer, seen } = setUp()
    api.put(path('a'), pod('a'))
    await factory.start()
    await informer.waitForSync()
    expect(informer.lister.get('default', 'a')?.kind).toBe('Pod')
    api.put(path('b', 'other'), pod('b', 'n2', 'other'))
    api.put(path('a'), pod('a', 'n2'))
    await informer.waitForRevision(String(api.revision))
    expect(informer.lister.byIndex('node', 'n1')).toEqual([])
    expect(informer.lister.byIndex('node', 'n2')).toHaveLength(2)
    expect(informer.lister.byNamespace('other').map(each => each.metadata.name)).toEqual(['b'])
    api.remove(path('a'))
    await informer.waitForRevision(String(api.revision))
    expect(informer.lister.list()).toHaveLength(1)
    expect(seen).toEqual(['add a', 'add b', 'update a n1>n2', 'delete a'])
  })

  test('resumes after a lost connection where it was, without another list', async () => {
    const { api, factory, informer, seen } = setUp()
    await factory.start()
    await informer.waitForSync()
    await vi.waitFor(() => expect(api.watchers).toBe(1))
    api.cut()
    api.put(path('a'), pod('a'))
    await informer.waitForRevision(String(api.revision))
    expect(seen).toEqual(['add a'])
    expect(api.log.filter(each => !each.includes('watch'))).toHaveLength(1)
    expect(api.log.at(-1)).toContain('resourceVersion=100')
  })

  test('410 leads to a new list, and what was deleted meanwhile is told as a delete', async () => {
    const { api, factory, informer, seen } = setUp()
    api.put(path('gone'), pod('gone'))
    api.put(path('kept'), pod('kept'))
    await factory.start()
    await informer.waitForSync()
    await vi.waitFor(() => expect(api.watchers).toBe(1))
    api.intercept.push(() => Promise.reject(new Error('refused')))
    api.cut()
    api.remove(path('gone'))
    api.put(path('new'), pod('new'))
    api.floor = api.revision
    await informer.waitForRevision(String(api.revision))
    expect(seen.slice(2).sort()).toEqual(['add new', 'delete gone'])
    expect(informer.lister.list()).toHaveLength(2)
  })

  test('a bookmark moves the revision, and without one waitForRevision lists again', async () => {
    const { api, factory, informer } = setUp()
    await factory.start()
    await informer.waitForSync()
    await vi.waitFor(() => expect(api.watchers).toBe(1))
    api.revision += 5
    api.bookmark()
    await vi.waitFor(() => expect(informer.revision).toBe('105'))
    api.revision += 5
    await informer.waitForRevision('110', AbortSignal.timeout(3_000))
    expect(informer.revision).toBe('110')
    expect(api.log.some(each => each.includes('resourceVersionMatch=NotOlderThan'))).toBe(true)
  })

  test('objects of the cache are frozen under tests, and a bad handler hurts nobody', async () => {
    const { api, factory, informer, seen } = setUp()
    informer.addHandler({
      onAdd: () => {
        throw new Error('mine')
      },
    })
    await factory.start()
    await informer.waitForSync()
    api.put(path('a'), pod('a'))
    await vi.waitFor(() => expect(seen).toEqual(['add a']))
    const cached = informer.lister.get('default', 'a')!
    expect(() => {
      cached.spec.nodeName = 'other'
    }).toThrow(TypeError)
  })

  test('a late handler hears of what is there; waiting ends with the signal', async () => {
    const { api, factory, informer } = setUp()
    api.put(path('a'), pod('a'))
    await expect(informer.waitForSync(AbortSignal.timeout(5))).rejects.toThrow()
    await factory.start()
    await informer.waitForSync()
    const late: string[] = []
    const remove = informer.addHandler({ onAdd: each => late.push(each.metadata.name!) })
    expect(late).toEqual(['a'])
    remove()
    api.put(path('b'), pod('b'))
    await informer.waitForRevision(String(api.revision))
    expect(late).toEqual(['a'])
  })

  test('one kind and selector is one informer', () => {
    const { factory, informer } = setUp()
    expect(factory.informer(kinds.pods)).toBe(informer)
    expect(factory.informer(kinds.pods, { fieldSelector: 'spec.nodeName=n1' })).not.toBe(informer)
    expect(() => informer.lister.byIndex('unknown', 'x')).toThrow('no index')
  })
})
