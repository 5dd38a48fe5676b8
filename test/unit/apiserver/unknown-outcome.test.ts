import { expect, test } from 'vitest'
import { configMaps, namespaces } from '../../../src/api/resources/core.ts'
import type { KubeObject } from '../../../src/api/types.ts'
import { Admission } from '../../../src/apiserver/admission/admission.ts'
import { ServiceAllocator } from '../../../src/apiserver/admission/service-allocator.ts'
import { WatchCache } from '../../../src/apiserver/cache/watch-cache.ts'
import { Reader } from '../../../src/apiserver/registry/read.ts'
import { Writer } from '../../../src/apiserver/registry/write.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createLocalStore } from '../../../src/store/local.ts'
import type { Store } from '../../../src/store/types.ts'
import { until } from '../../support/until.ts'

const clusterInfo = { name: 'test', serviceCidr: '10.96.0.0/16', apiEndpoints: () => [] }

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
  const cache = new WatchCache(store, silentLogger, systemClock)
  await cache.start()
  try {
    const reader = new Reader(store, cache)
    const admission = new Admission(cache, reader, new ServiceAllocator(cache, clusterInfo))
    const writer = new Writer(store, cache, reader, admission, systemClock)
    const namespace = 'default'
    const parent = { metadata: { name: namespace } } as KubeObject
    await writer.create(namespaces, parent, { dryRun: false })
    const object = { metadata: { name: 'c', namespace }, data: { n: '0' } } as KubeObject
    const { key, revision } = await writer.create(configMaps, object, { dryRun: false })
    await until('the cache has it', () => cache.of(configMaps).get(key))
    const put = (resourceVersion: string | undefined, n: string) =>
      writer.update(
        configMaps,
        namespace,
        'c',
        'main',
        current => ({
          ...current,
          metadata: { ...current.metadata, resourceVersion },
          data: { n },
        }),
        { dryRun: false },
      )
    store.loses = true
    for (const [version, n] of [
      [String(revision), '1'],
      [undefined, '2'],
    ] as const) {
      await expect(put(version, n)).rejects.toMatchObject({ status: { code: 504 } })
      const now = await reader.getFromStore(configMaps, namespace, 'c')
      expect(now?.bytes.toString()).toContain(`"n":"${n}"`)
    }
  } finally {
    cache.stop()
  }
})
