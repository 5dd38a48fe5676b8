import { afterEach, expect, test } from 'vitest'
import { ResourceRegistry } from '../../../src/api/resources/registry.ts'
import { row } from '../../../src/api/resources/row.ts'
import { storeKey } from '../../../src/api/resources/table.ts'
import { WatchCache } from '../../../src/apiserver/storage/cache/watch-cache.ts'
import { Codec, encodeObject } from '../../../src/apiserver/storage/codec.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createLocalStore } from '../../../src/store/local.ts'
import type { Store } from '../../../src/store/types.ts'
import { until } from '../../support/until.ts'

const widgets = row('example.com/v1', {
  ...{ resource: 'widgets', kind: 'Widget', prefix: 'example.com/widgets' },
})
const timeoutMs = 5_000

/** A store whose reads of one resource wait until they are let go. */
function gated(store: Store) {
  const held: (() => void)[] = []
  let isOpen = false
  const range: Store['range'] = async (op, options) => {
    if (op.key.startsWith('/registry/example.com/') && !isOpen) {
      const read = await store.range(op, options)
      await new Promise<void>(resolve => held.push(resolve))
      return read
    }
    return store.range(op, options)
  }
  const open = () => {
    isOpen = true
    for (const go of held.splice(0)) go()
  }
  const proxy = new Proxy(store, {
    get: (target, name) => {
      if (name === 'range') return range
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  return { store: proxy, open, held }
}

const stops: (() => void)[] = []
afterEach(() => {
  for (const stop of stops.splice(0)) stop()
})

async function put(store: Store, name: string): Promise<void> {
  const key = storeKey(widgets, 'n', name)
  const value = encodeObject(widgets, { metadata: { name, namespace: 'n' } })
  await store.txn({ compares: [], success: [{ type: 'put', key, value }], failure: [] })
}

test('a resource that comes late has what was there, and what came while it was read', async () => {
  const { store, open, held } = gated(createLocalStore())
  const resources = new ResourceRegistry()
  const cache = new WatchCache(store, resources, new Codec(), silentLogger, systemClock)
  stops.push(() => cache.stop())
  await cache.start()
  await put(store, 'before')
  resources.add(widgets)
  await until('its objects are being read', () => held.length > 0)
  await put(store, 'meanwhile')
  await until('the change has come', () => cache.revision >= 3)
  expect(cache.of(widgets).isReady).toBe(false)
  open()
  await cache.waitReady(widgets, timeoutMs)
  const names = () =>
    cache
      .of(widgets)
      .list(storeKey(widgets))
      .map(({ name }) => name)
  expect(names()).toEqual(['before', 'meanwhile'])
  await put(store, 'after')
  await until('a later change has come', () => names().length === 3)
})

test('a resource that goes is not found any more, and comes anew', async () => {
  const store = createLocalStore()
  const resources = new ResourceRegistry()
  const cache = new WatchCache(store, resources, new Codec(), silentLogger, systemClock)
  stops.push(() => cache.stop())
  await cache.start()
  resources.add(widgets)
  await cache.waitReady(widgets, timeoutMs)
  resources.remove(widgets)
  expect(() => cache.of(widgets)).toThrow('could not find the requested resource')
  await put(store, 'a')
  resources.add(widgets)
  await cache.waitReady(widgets, timeoutMs)
  expect(cache.of(widgets).size).toBe(1)
})
