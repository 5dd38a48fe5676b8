import { expect, test } from 'vitest'
import { configMaps } from '../../../src/api/resources/core.ts'
import { ResourceRegistry } from '../../../src/api/resources/registry.ts'
import { conflict } from '../../../src/api/status.ts'
import type { KubeObject } from '../../../src/api/types.ts'
import { WatchCache } from '../../../src/apiserver/storage/cache/watch-cache.ts'
import { noClaims } from '../../../src/apiserver/storage/claims.ts'
import { Codec } from '../../../src/apiserver/storage/codec.ts'
import type { Entry } from '../../../src/apiserver/storage/entry.ts'
import { Storage } from '../../../src/apiserver/storage/storage.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createLocalStore } from '../../../src/store/local.ts'
import type { Store } from '../../../src/store/types.ts'
import { until } from '../../support/until.ts'

const options = { dryRun: false }

/** Carries writes out and loses the answer, once `loses` is set. */
function forgetful(): Store & { loses: boolean } {
  const store = createLocalStore()
  const txn = store.txn.bind(store)
  return Object.assign(store, {
    loses: false,
    async txn(this: { loses: boolean }, ...args: Parameters<Store['txn']>) {
      const done = await txn(...args)
      const { loses } = this
      return loses ? ({ ok: false, why: 'unknown', message: 'lost' } as const) : done
    },
  })
}

test('a write whose outcome is unknown is neither repeated nor called a conflict', async () => {
  const store = forgetful()
  const codec = new Codec()
  const cache = new WatchCache(store, new ResourceRegistry(), codec, silentLogger, systemClock)
  await cache.start()
  try {
    const storage = new Storage(store, cache, codec, systemClock)
    const namespace = 'default'
    const object = { metadata: { name: 'c', namespace }, data: { n: '0' } } as KubeObject
    const created = await storage.create(configMaps, object, noClaims, options)
    if (typeof created === 'string') throw new Error(created)
    const { key, revision } = created
    await until('the cache has it', () => cache.of(configMaps).get(key))
    const put = (version: string | undefined, n: string) => {
      const change = (current: KubeObject, entry: Entry) => {
        if (version !== undefined && Number(version) !== entry.revision)
          throw conflict(configMaps, 'c')
        return { object: { ...current, data: { n } } }
      }
      return storage.guaranteedUpdate(configMaps, namespace, 'c', change, options)
    }
    store.loses = true
    for (const [version, n] of [
      [String(revision), '1'],
      [undefined, '2'],
    ] as const) {
      await expect(put(version, n)).rejects.toMatchObject({ status: { code: 504 } })
      const now = await storage.get(configMaps, namespace, 'c')
      expect(now?.bytes.toString()).toContain(`"n":"${n}"`)
    }
  } finally {
    cache.stop()
  }
})
