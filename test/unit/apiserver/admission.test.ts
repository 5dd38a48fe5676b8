import { afterEach, beforeEach, expect, test } from 'vitest'
import { configMaps, namespaces } from '../../../src/api/resources/core.ts'
import { pods } from '../../../src/api/resources/pods.ts'
import { ResourceRegistry } from '../../../src/api/resources/registry.ts'
import type { KubeObject } from '../../../src/api/types.ts'
import { Admission, admissionPlugins } from '../../../src/apiserver/admission/plugins.ts'
import type {
  AdmissionAttributes,
  AdmissionPlugin,
} from '../../../src/apiserver/admission/types.ts'
import { RegistryStore } from '../../../src/apiserver/registry/store.ts'
import { WatchCache } from '../../../src/apiserver/storage/cache/watch-cache.ts'
import { Codec } from '../../../src/apiserver/storage/codec.ts'
import { Storage } from '../../../src/apiserver/storage/storage.ts'
import type { Transformer } from '../../../src/apiserver/storage/transformer.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createLocalStore } from '../../../src/store/local.ts'
import { until } from '../../support/until.ts'

const user = { name: 'admin', groups: ['system:masters'] }
const options = { dryRun: false, warnings: [], user }

/** Values of the store back to front: enough to see whether anybody goes past it. */
const mirror: Transformer = {
  toStorage: value => Uint8Array.from(value).reverse(),
  fromStorage: value => Uint8Array.from(value).reverse(),
}

const store = createLocalStore()
const codec = new Codec(mirror)
let cache: WatchCache
let storage: Storage

function registryWith(...further: AdmissionPlugin[]): RegistryStore {
  const plugins = [...admissionPlugins({ cache, storage }), ...further]
  return new RegistryStore(storage, new Admission(plugins), new Map(), systemClock)
}

function configMap(name: string, data: Record<string, string> = {}): KubeObject {
  return { metadata: { name, namespace: 'n' }, data }
}

beforeEach(async () => {
  cache = new WatchCache(store, new ResourceRegistry(), codec, silentLogger, systemClock)
  storage = new Storage(store, cache, codec, systemClock)
  await cache.start()
  await registryWith()
    .create(namespaces, { metadata: { name: 'n' } }, options)
    .catch(() => {})
})

afterEach(() => cache.stop())

test('plug-ins see a write as it is compared: again, when another one came between', async () => {
  const seen: string[] = []
  const others = registryWith()
  const spy: AdmissionPlugin = {
    name: 'Spy',
    operations: ['UPDATE'],
    async admit({ object, old }: AdmissionAttributes) {
      seen.push(`admit ${old?.data.n} to ${object?.data.n}`)
      if (seen.length > 1) return
      const change = (current: KubeObject) => ({ ...current, data: { n: 'theirs' } })
      await others.update(configMaps, 'n', 'a', { part: 'main', change }, options)
    },
    validate({ object }) {
      seen.push(`validate ${object?.data.n}`)
    },
  }
  await others.create(configMaps, configMap('a', { n: 'first' }), options)
  const change = (current: KubeObject) => ({ ...current, data: { n: `${current.data.n}+` } })
  await registryWith(spy).update(configMaps, 'n', 'a', { part: 'main', change }, options)
  expect(seen).toEqual([
    ...['admit first to first+', 'validate first+'],
    ...['admit theirs to theirs+', 'validate theirs+'],
  ])
})

test('what a plug-in refuses is not stored, whatever the operation', async () => {
  const refuse: AdmissionPlugin = {
    name: 'Refuse',
    operations: ['CREATE', 'UPDATE', 'DELETE'],
    validate({ operation }) {
      throw new Error(`no ${operation}`)
    },
  }
  const registry = registryWith(refuse)
  await registryWith().create(configMaps, configMap('b'), options)
  await expect(registry.create(configMaps, configMap('c'), options)).rejects.toThrow('no CREATE')
  const change = (current: KubeObject) => ({ ...current, data: { n: '1' } })
  const update = registry.update(configMaps, 'n', 'b', { part: 'main', change }, options)
  await expect(update).rejects.toThrow('no UPDATE')
  await expect(registry.delete(configMaps, 'n', 'b', {}, options)).rejects.toThrow('no DELETE')
  expect(await storage.get(configMaps, 'n', 'c')).toBeUndefined()
  expect((await storage.get(configMaps, 'n', 'b'))?.bytes.toString()).not.toContain('"n":"1"')
})

test('some namespaces stay, and nothing comes into one that is not there', async () => {
  const registry = registryWith()
  await registry.create(namespaces, { metadata: { name: 'kube-system' } }, options)
  await expect(registry.delete(namespaces, '', 'kube-system', {}, options)).rejects.toThrow(
    'namespaces "kube-system" is forbidden: this namespace may not be deleted',
  )
  const lost = { metadata: { generateName: 'p-', namespace: 'nowhere' } }
  await expect(registry.create(pods, lost, options)).rejects.toMatchObject({
    status: { code: 404, message: 'namespaces "nowhere" not found' },
  })
})

test('values lie in the store as the transformer has made them, and nowhere else', async () => {
  await registryWith().create(configMaps, configMap('secret', { n: 'in clear' }), options)
  const read = await store.range({ type: 'range', key: '/registry/configmaps/n/secret' })
  const raw = Buffer.from((read.ok ? read.range.kvs[0]?.value : undefined) ?? []).toString()
  expect(raw).toContain('raelc ni')
  expect((await storage.get(configMaps, 'n', 'secret'))?.bytes.toString()).toContain('in clear')
  const cached = () => cache.of(configMaps).get('/registry/configmaps/n/secret')
  expect((await until('the cache has it', cached)).bytes.toString()).toContain('in clear')
})
