import { expect, test } from 'vitest'
import { sleep } from '../../src/kernel/clock.ts'
import type { Store } from '../../src/store/types.ts'
import { until } from '../support/until.ts'
import { must, newFolder, put, readValue, refusal, Watched, write } from './store-support.ts'

/** etcd grants no less with its default election timeout. */
const ttlSeconds = 2

/** Leases, and the keys that end with them. */
export function testLease(open: () => Promise<Store>): void {
  test('a revoked lease takes its keys along, in one revision', async () => {
    const [store, at] = [await open(), newFolder()]
    const { id } = await must(store.leaseGrant(60))
    expect(Number.isSafeInteger(id)).toBe(true)
    await write(store, put(`${at}a`, 'v', { lease: id }), put(`${at}b`, 'v', { lease: id }))
    // The key has left the lease when it ends.
    const before = await write(store, put(`${at}c`, 'v', { lease: id }))
    const last = await write(store, put(`${at}c`, 'w'))
    const watched = new Watched(store, { key: at, rangeEnd: `${at}z`, startRevision: last + 1 })
    await must(store.leaseRevoke(id))
    await watched.reached(before + 2)
    await until('two deletions', () => watched.events.length === 2)
    const revisions = new Set(watched.events.map(({ kv }) => kv.modRevision))
    expect(watched.lines).toEqual([`delete ${at}a`, `delete ${at}b`])
    expect(revisions.size).toBe(1)
    expect(await readValue(store, `${at}c`)).toBe('w')
    watched.cancel()
  })

  test('a lease ends when nobody renews it, and not while somebody does', async () => {
    const [store, at] = [await open(), newFolder()]
    const [kept, left] = [await must(store.leaseGrant(ttlSeconds)), await must(store.leaseGrant(2))]
    await write(store, put(`${at}kept`, 'v', { lease: kept.id }))
    await write(store, put(`${at}left`, 'v', { lease: left.id }))
    for (let n = 0; n < 6; n++) {
      const renewed = await must(store.leaseKeepAlive(kept.id))
      expect(renewed.ttlSeconds).toBe(ttlSeconds)
      await sleep(500)
    }
    await until('the end', async () => (await readValue(store, `${at}left`)) === undefined)
    expect(await readValue(store, `${at}kept`)).toBe('v')
    await until('the other end', async () => (await readValue(store, `${at}kept`)) === undefined)
    expect(await refusal(store.leaseKeepAlive(kept.id))).toMatchObject({ why: 'invalid' })
  }, 30_000)

  test('IDs: chosen by the caller, taken, unknown, out of range', async () => {
    const store = await open()
    const id = 1_000_000 + Math.floor(Math.random() * 2 ** 40)
    expect(await must(store.leaseGrant(60, id))).toMatchObject({ id })
    const taken = await refusal(store.leaseGrant(60, id))
    expect(taken).toMatchObject({ why: 'invalid', message: 'etcdserver: lease already exists' })
    await must(store.leaseRevoke(id))
    const notFound = {
      why: 'invalid',
      message: 'etcdserver: requested lease not found',
    }
    expect(await refusal(store.leaseRevoke(id))).toMatchObject(notFound)
    expect(await refusal(store.leaseKeepAlive(id))).toMatchObject(notFound)
    expect(await refusal(store.leaseGrant(0))).toMatchObject({ why: 'invalid' })
    expect(await refusal(store.leaseGrant(10 ** 10))).toMatchObject({ why: 'invalid' })
    expect(await refusal(store.leaseGrant(60, -1))).toMatchObject({ why: 'invalid' })
  })
}
