import { expect, test } from 'vitest'
import { createLocalStore } from '../../../src/store/local.ts'
import type { TxnRequest, WatchBatch } from '../../../src/store/types.ts'

const put = (key: string, more = {}): TxnRequest => ({
  compares: [],
  success: [{ type: 'put', key, value: Buffer.from(key), ...more }],
  failure: [],
})

test('writes, reads, watches', async () => {
  const store = createLocalStore()
  const batches: WatchBatch[] = []
  await store.txn(put('a'))
  store.watch(
    { key: 'a', rangeEnd: 'c', startRevision: 2 },
    { onBatch: b => batches.push(b), onEnd() {} },
  )
  await store.txn(put('b'))
  await store.txn(put('c'))
  expect(await store.range({ type: 'range', key: 'b' })).toMatchObject({
    ok: true,
    revision: 4,
    range: { count: 1 },
  })
  const seen = batches.flatMap(batch => batch.events.map(event => event.kv.key))
  expect(seen).toEqual(['a', 'b'])
  expect(batches.at(-1)?.revision).toBe(4)
})

test('fences, leadership, sizes', async () => {
  const store = createLocalStore()
  expect(await store.txn(put('a'), { fence: 2 })).toMatchObject({ ok: false, why: 'fenced' })
  expect(await store.txn(put('a'), { fence: 1 })).toMatchObject({ ok: true, revision: 2 })
  const huge = put('a', { value: new Uint8Array(2e6) })
  expect(await store.txn(huge)).toMatchObject({ why: 'too-large' })
  const heard: unknown[] = []
  store.onLeadership(leadership => heard.push(leadership))
  expect(heard).toEqual([{ leading: true, term: 1, revision: 2 }])
})

test('a watch from a compacted revision ends', async () => {
  const store = createLocalStore()
  await store.txn(put('a'))
  await store.txn(put('a'))
  await store.compact(3)
  const ended = await new Promise(resolve => {
    store.watch({ key: 'a', startRevision: 2 }, { onBatch() {}, onEnd: resolve })
  })
  expect(ended).toMatchObject({ why: 'compacted', revision: 3 })
})
