import { expect, test } from 'vitest'
import { systemClock } from '../../../src/kernel/clock.ts'
import type { WatchResponse } from '../../../src/store/etcd/rpc/watch.ts'
import { WatchFace } from '../../support/watch-face.ts'
import { until } from '../store/cluster.ts'
import { FakeStore } from './fake-store.ts'

const count = 2_345

async function storeWithKeys(): Promise<FakeStore> {
  const store = new FakeStore()
  for (let n = 0; n < count; n++) {
    const put = { type: 'put', key: `k${String(n).padStart(5, '0')}`, value: Buffer.from('v') }
    await store.txn({ compares: [], success: [put as never], failure: [] })
  }
  return store
}

async function removeAll(store: FakeStore): Promise<void> {
  const all = { type: 'delete', key: 'k', rangeEnd: 'l' } as const
  await store.txn({ compares: [], success: [all], failure: [] })
}

test.each([false, true])(
  'a revision of many events is whole and in its place, fragment %s',
  async f => {
    const store = await storeWithKeys()
    const face = new WatchFace(store, systemClock)
    const heard: WatchResponse[] = []
    const request = { key: 'k', rangeEnd: 'l', prevKv: true, fragment: f }
    const close = face.watch(request, response => heard.push(response))
    const { revision } = store
    await removeAll(store)
    await until('a part of it', () => heard.length > 1)
    const put = { type: 'put', key: 'k', value: Buffer.from('next') } as const
    await store.txn({ compares: [], success: [put], failure: [] })
    await until(
      'the last event',
      () => heard.at(-1)?.events.at(-1)?.kv?.modRevision === revision + 2,
    )
    close()
    const [created, ...rest] = heard
    expect(created).toMatchObject({ created: true })
    const events = rest.flatMap(response => response.events)
    expect(events).toHaveLength(count + 1)
    expect(events.slice(0, count).every(({ type, prevKv }) => type === 1 && prevKv)).toBe(true)
    expect(events.map(({ kv }) => kv?.key).slice(0, 3)).toEqual(['k00000', 'k00001', 'k00002'])
    expect(events.at(-1)).toMatchObject({ type: 0, kv: { key: 'k' } })
    const fragments = rest.map(({ fragment }) => fragment)
    expect(fragments.filter(each => !each)).toHaveLength(2)
    expect(fragments.length).toBe(f ? 6 : 2)
  },
)
