import { expect, test } from 'vitest'
import { configMaps } from '../../../src/api/resources/core.ts'
import { storeKey } from '../../../src/api/resources/table.ts'
import { Loading, ResourceCache } from '../../../src/apiserver/storage/cache/resource-cache.ts'
import { Codec, encodeObject } from '../../../src/apiserver/storage/codec.ts'
import type { Event, Revision } from '../../../src/mvcc/types.ts'

function eventOf(name: string, revision: number): Event {
  const metadata = { name, namespace: 'n' }
  return {
    type: 'put',
    kv: {
      key: storeKey(configMaps, 'n', name),
      value: encodeObject(configMaps, { metadata }),
      createRevision: revision as Revision,
      modRevision: revision as Revision,
      version: 1,
      lease: 0,
    },
  }
}

test('a listener that throws misses its event alone', () => {
  const cache = new ResourceCache(configMaps, new Codec())
  cache.install(new Loading(), 1)
  const heard: string[] = []
  const broken: unknown[] = []
  const listener = (name: string, throws = false) => ({
    take: (event: { revision: number }) => {
      if (throws) throw new Error('can not be encoded')
      heard.push(`${name}${event.revision}`)
    },
    broke: (error: unknown) => broken.push(error),
  })
  cache.listen(listener('a'))
  cache.listen(listener('b', true))
  cache.listen(listener('c'))
  cache.apply(eventOf('x', 5))
  expect(heard).toEqual(['a5', 'c5'])
  expect(broken).toEqual([new Error('can not be encoded')])
  expect(cache.lastRevision).toBe(5)
  expect(cache.since(4)).toHaveLength(1)
})
