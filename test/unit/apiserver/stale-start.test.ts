import { expect, test } from 'vitest'
import { configMaps } from '../../../src/api/resources/core.ts'
import { ResourceRegistry } from '../../../src/api/resources/registry.ts'
import { storeKey } from '../../../src/api/resources/table.ts'
import { WatchCache } from '../../../src/apiserver/storage/cache/watch-cache.ts'
import { Codec } from '../../../src/apiserver/storage/codec.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import type { RangeOp, Revision } from '../../../src/mvcc/types.ts'
import { createLocalStore } from '../../../src/store/local.ts'
import type { Store } from '../../../src/store/types.ts'

/** A peer just after its start: its own state is behind its log, only a linearizable read helps. */
function staleStore(store: Store): Store {
  const range: Store['range'] = async (op: RangeOp, options) => {
    if (!options?.serializable || op.revision) return store.range(op, options)
    const empty = { type: 'range', kvs: [], count: 0, more: false } as const
    return { ok: true, range: empty, revision: 0 as Revision }
  }
  return new Proxy(store, {
    get: (target, name) => {
      if (name === 'range') return range
      const value = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

test('the cache begins with what was acknowledged, not with what is applied so far', async () => {
  const store = createLocalStore()
  const key = storeKey(configMaps, 'n', 'a')
  const value = Buffer.from('{"metadata":{"name":"a","namespace":"n"}}')
  await store.txn({ compares: [], success: [{ type: 'put', key, value }], failure: [] })
  const resources = new ResourceRegistry()
  const cache = new WatchCache(staleStore(store), resources, new Codec(), silentLogger, systemClock)
  try {
    await cache.start()
    expect(cache.of(configMaps).get(key)).toBeDefined()
  } finally {
    cache.stop()
  }
})
