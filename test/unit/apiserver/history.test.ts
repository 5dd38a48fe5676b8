import { expect, test } from 'vitest'
import { configMaps } from '../../../src/api/resources/core.ts'
import { storeKey } from '../../../src/api/resources/table.ts'
import type { CacheEvent } from '../../../src/apiserver/storage/cache/event.ts'
import { Loading, ResourceCache } from '../../../src/apiserver/storage/cache/resource-cache.ts'
import { Codec, encodeObject } from '../../../src/apiserver/storage/codec.ts'
import type { Event, Revision } from '../../../src/mvcc/types.ts'

const row = configMaps

/** A put of an object of about `bytes`, a view of a message of twice that. */
function eventOf(name: string, revision: number, bytes: number): Event {
  const object = encodeObject(row, {
    metadata: { name, namespace: 'n' },
    data: { d: 'x'.repeat(bytes) },
  } as never)
  const message = Buffer.alloc(object.length * 2)
  object.copy(message, 7)
  const value = message.subarray(7, 7 + object.length)
  const kv = { createRevision: 1 as Revision, modRevision: revision as Revision, version: 1 }
  return { type: 'put', kv: { key: storeKey(row, 'n', name), value, lease: 0, ...kv } }
}

/** Everything that the cache's history keeps alive, each block of memory once. */
function heldBytes(events: readonly CacheEvent[]): number {
  const blocks = new Set(
    events.flatMap(({ entry, old, lines }) => {
      const buffers = [entry?.bytes, old?.bytes, ...lines.values()]
      return buffers.flatMap(bytes => (bytes === undefined ? [] : [bytes.buffer]))
    }),
  )
  return [...blocks].reduce((sum, { byteLength }) => sum + byteLength, 0)
}

/** Encodes a line for each event, as a watching client does. */
function watch(cache: ResourceCache): void {
  const take = ({ lines, entry }: CacheEvent) => {
    lines.set('MODIFIED', Buffer.concat([Buffer.from('{'), entry!.bytes]))
  }
  cache.listen({ take, broke: () => {} })
}

/** All of the history: from the oldest revision that it still has. */
function historyOf(cache: ResourceCache): readonly CacheEvent[] {
  for (let from = 1; ; from++) {
    const events = cache.since(from)
    if (events !== undefined) return events
  }
}

/** What is left of the changes up to `last` of so many objects of about `bytes`, while one watches. */
function historyUntil(last: number, objects: number, bytes: number): readonly CacheEvent[] {
  const cache = new ResourceCache(row, new Codec())
  cache.install(new Loading(), 0)
  watch(cache)
  for (let revision = 2; revision <= last; revision++) {
    cache.apply(eventOf(`o-${revision % objects}`, revision, bytes))
  }
  return historyOf(cache)
}

test('a thousand versions of large objects are not kept, however few events they are', () => {
  const events = historyUntil(399, 3, 400_000)
  expect(events.at(-1)?.revision).toBe(399)
  expect(events.length).toBeGreaterThan(5)
  expect(heldBytes(events)).toBeLessThan(12 << 20)
})

test('what weighs more than all that may be kept is kept by nobody', () => {
  const cache = new ResourceCache(row, new Codec())
  cache.install(new Loading(), 0)
  for (let revision = 2; revision < 6; revision++) cache.apply(eventOf('o', revision, 12 << 20))
  expect(cache.since(4)).toBeUndefined()
  expect(cache.since(5)).toEqual([])
  expect(cache.get(storeKey(row, 'n', 'o'))?.revision).toBe(5)
})

test('thousands of small changes are kept, with lines for the newest alone, and nothing beside', () => {
  const events = historyUntil(8_999, 50, 300)
  expect(events.length).toBeGreaterThanOrEqual(4_096)
  expect(events.length).toBeLessThanOrEqual(5_120)
  expect(events.map(({ revision }) => revision)).toEqual(
    events.map((_, at) => 9_000 - events.length + at),
  )
  expect(events.filter(({ lines }) => lines.size > 0)).toHaveLength(128)
  expect(events.at(-128)?.lines.size).toBe(1)
  // An object is 400 bytes: what brought it, and what lay beside it there, is not kept alive.
  expect(events[0]?.entry?.bytes.buffer.byteLength).toBe(events[0]?.entry?.bytes.length)
  expect(heldBytes(events)).toBeLessThan(5_120 * 450 + 128 * 8_192)
})
