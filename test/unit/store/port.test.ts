import { MessageChannel } from 'node:worker_threads'
import { afterEach, expect, test } from 'vitest'
import { connectStore } from '../../../src/store/connect.ts'
import { createLocalStore } from '../../../src/store/local.ts'
import { serveStore } from '../../../src/store/serve.ts'
import type { Leadership, Store, StoreFailure } from '../../../src/store/types.ts'
import { put, until } from './cluster.ts'

let channel: MessageChannel

function bridge(): { near: Store; far: Store } {
  channel = new MessageChannel()
  const far = createLocalStore()
  serveStore(channel.port1, far)
  return { near: connectStore(channel.port2), far }
}

afterEach(() => channel.port2.close())

test('calls, failures and leadership', async () => {
  const { near } = bridge()
  const heard: Leadership[] = []
  near.onLeadership(leadership => heard.push(leadership))
  expect(await near.txn(put('a', '1'))).toMatchObject({ ok: true, succeeded: true, revision: 2 })
  const read = await near.range({ type: 'range', key: 'a' })
  expect(read).toMatchObject({ ok: true, range: { kvs: [{ key: 'a', version: 1 }] } })
  expect(await near.compact(9)).toMatchObject({ ok: false, why: 'future' })
  expect(await near.readIndex()).toEqual({ ok: true, revision: 2 })
  expect(await near.leaseGrant(10, 7)).toEqual({ ok: true, id: 7 })
  expect((await near.status({ hash: true })).hash).toHaveLength(16)
  expect(heard.map(({ leading }) => leading)).toEqual([false, true])
})

test('keys of any byte', async () => {
  const { near } = bridge()
  const key = String.fromCharCode(...Array.from({ length: 256 }, (_, at) => at))
  await near.txn(put(key, 'x'))
  const read = await near.range({ type: 'range', key: '\0', rangeEnd: '\0' })
  expect(read).toMatchObject({ range: { kvs: [{ key }] } })
})

test('a long list comes in parts and whole', async () => {
  const { near, far } = bridge()
  for (let n = 0; n < 2_000; n++) await far.txn(put(`k${String(n).padStart(4, '0')}`))
  const read = await near.range({ type: 'range', key: 'k', rangeEnd: 'l' })
  if (!read.ok) throw new Error(read.message)
  expect(read.range.kvs.map(kv => kv.key)).toEqual(
    Array.from({ length: 2_000 }, (_, n) => `k${String(n).padStart(4, '0')}`),
  )
})

test('a watch over more than may be on its way is complete', async () => {
  const { near, far } = bridge()
  const value = 'v'.repeat(10_000)
  for (let n = 0; n < 2_000; n++) await far.txn(put('k', value))
  const seen: number[] = []
  const watch = near.watch(
    { key: 'k', startRevision: 2 },
    { onBatch: b => seen.push(...b.events.map(e => e.kv.modRevision)), onEnd() {} },
  )
  await until('the past', () => seen.length === 2_000)
  await near.txn(put('k'))
  await until('the present', () => seen.length === 2_001)
  expect(seen).toEqual(seen.map((_, at) => at + 2))
  watch.cancel()
  await near.txn(put('k'))
  expect((await near.status()).watchers).toBe(0)
})

test('when the other thread goes, nobody waits for ever', async () => {
  const { near } = bridge()
  await near.txn(put('a'))
  const ended = new Promise<StoreFailure>(onEnd =>
    near.watch({ key: 'a' }, { onBatch() {}, onEnd }),
  )
  await near.readIndex()
  channel.port1.close()
  expect(await ended).toMatchObject({ why: 'unknown' })
  expect(await near.txn(put('a'))).toMatchObject({ ok: false, why: 'unknown' })
})

test('watches without news hear how far the store has come', async () => {
  const { near } = bridge()
  const reached = [0, 0, 0]
  for (const n of reached.keys()) {
    near.watch(
      { key: `idle-${n}` },
      {
        onBatch: ({ revision }) => {
          reached[n] = revision
        },
        onEnd() {},
      },
    )
  }
  for (const key of ['a', 'idle-1', 'b']) await near.txn(put(key))
  await until('all have come as far', () => reached.every(revision => revision === 4))
})

test('a revision of many events comes in parts, whole and in its place', async () => {
  const { near, far } = bridge()
  for (let n = 0; n < 1_700; n++) await far.txn(put(`k${String(n).padStart(4, '0')}`))
  const batches: [number, number][] = []
  const watch = near.watch(
    { key: 'k', rangeEnd: 'l' },
    {
      onBatch: ({ events }) => {
        if (events.length > 0) batches.push([events.length, events[0]!.kv.modRevision])
      },
      onEnd: failure => expect(failure).toBeUndefined(),
    },
  )
  await near.readIndex()
  const all = { type: 'delete', key: 'k', rangeEnd: 'l' } as const
  await far.txn({ compares: [], success: [all], failure: [] })
  await far.txn(put('k'))
  await until('the put', () => batches.at(-1)?.[1] === 1_703)
  watch.cancel()
  expect(batches).toEqual([
    [1_700, 1_702],
    [1, 1_703],
  ])
})
