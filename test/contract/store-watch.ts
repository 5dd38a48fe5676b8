import { expect, test } from 'vitest'
import { sleep } from '../../src/kernel/clock.ts'
import type { Store } from '../../src/store/types.ts'
import { until } from '../support/until.ts'
import { must, newFolder, put, text, txnOf, Watched, write } from './store-support.ts'

/** Watches: nothing is missing, nothing comes twice, and each says how far it is. */
export function testWatch(open: () => Promise<Store>): void {
  test('from now on: what comes after, and nothing before', async () => {
    const [store, at] = [await open(), newFolder()]
    await write(store, put(`${at}before`))
    const watched = new Watched(store, { key: at, rangeEnd: `${at}z` })
    const last = await write(store, put(`${at}after`))
    await watched.reached(last)
    expect(watched.lines).toEqual([`put ${at}after`])
    watched.cancel()
  })

  test('from the past, on into the present', async () => {
    const [store, at] = [await open(), newFolder()]
    const first = await write(store, put(`${at}a`, '1'))
    await write(store, put(`${at}b`))
    await write(store, { type: 'delete', key: `${at}b` })
    const request = { key: at, rangeEnd: `${at}z`, startRevision: first }
    const watched = new Watched(store, request)
    const last = await write(store, put(`${at}a`, '2'))
    await watched.reached(last)
    const [a1, b, gone, a2] = watched.events
    expect(watched.lines).toEqual([`put ${at}a`, `put ${at}b`, `delete ${at}b`, `put ${at}a`])
    expect(a1).toMatchObject({ kv: { createRevision: first, modRevision: first, version: 1 } })
    expect(a2).toMatchObject({ kv: { createRevision: first, modRevision: last, version: 2 } })
    // A deletion has its key and its revision, and no more.
    expect(gone!.kv).toMatchObject({ createRevision: 0, version: 0, lease: 0 })
    expect(gone!.kv.modRevision).toBe(b!.kv.modRevision + 1)
    expect(gone!.kv.value.length).toBe(0)
    expect(watched.events.every(({ prevKv }) => prevKv === undefined)).toBe(true)
    watched.cancel()
  })

  test('from the future: only from there', async () => {
    const [store, at] = [await open(), newFolder()]
    const now = await write(store, put(`${at}a`))
    const watched = new Watched(store, { key: `${at}a`, startRevision: now + 2 })
    await write(store, put(`${at}a`, '2'))
    const third = await write(store, put(`${at}a`, '3'))
    await watched.reached(third)
    expect(watched.events.map(({ kv }) => text(kv.value))).toEqual(['3'])
    watched.cancel()
  })

  test('one key, a range, and everything', async () => {
    const [store, at] = [await open(), newFolder()]
    const now = (await must(store.readIndex())).revision
    const startRevision = now + 1
    const one = new Watched(store, { key: `${at}b`, startRevision })
    const some = new Watched(store, { key: `${at}a`, rangeEnd: `${at}c`, startRevision })
    const rest = new Watched(store, { key: `${at}b`, rangeEnd: '\0', startRevision })
    for (const key of ['a', 'b', 'bb', 'c']) await write(store, put(`${at}${key}`))
    const last = (await must(store.readIndex())).revision
    await Promise.all([one, some, rest].map(watched => watched.reached(last)))
    const keys = (watched: Watched) =>
      watched.lines.flatMap(line => (line.includes(at) ? [line.slice(`put ${at}`.length)] : []))
    expect(keys(one)).toEqual(['b'])
    expect(keys(some)).toEqual(['a', 'b', 'bb'])
    expect(keys(rest)).toEqual(['b', 'bb', 'c'])
    for (const watched of [one, some, rest]) watched.cancel()
  })

  test('previous versions, where they are asked for', async () => {
    const [store, at] = [await open(), newFolder()]
    const first = await write(store, put(`${at}a`, '1'))
    await write(store, put(`${at}a`, '2'))
    const watched = new Watched(store, { key: `${at}a`, startRevision: first, prevKv: true })
    const last = await write(store, { type: 'delete', key: `${at}a` })
    await watched.reached(last)
    const previous = watched.events.map(({ prevKv }) => prevKv && text(prevKv.value))
    expect(previous).toEqual([undefined, '1', '2'])
    watched.cancel()
  })

  testWhole(open)
  testProgress(open)
  testEnds(open)
}

function testWhole(open: () => Promise<Store>): void {
  test('a revision is never cut: neither live nor in catching up', async () => {
    const [store, at] = [await open(), newFolder()]
    const now = (await must(store.readIndex())).revision
    const request = { key: at, rangeEnd: `${at}z`, startRevision: now + 1 }
    const live = new Watched(store, request)
    for (let n = 0; n < 30; n++) {
      await write(store, ...Array.from({ length: 40 }, (_, m) => put(`${at}${m}`, `${n}`)))
    }
    const late = new Watched(store, request)
    const last = await write(store, put(`${at}last`))
    for (const watched of [live, late]) {
      await watched.reached(last)
      expect(watched.events.length).toBe(30 * 40 + 1)
      for (const { events } of watched.batches) {
        const sizes = new Map<number, number>()
        for (const { kv } of events) {
          sizes.set(kv.modRevision, (sizes.get(kv.modRevision) ?? 0) + 1)
        }
        for (const [revision, size] of sizes) expect(size).toBe(revision === last ? 1 : 40)
      }
      watched.cancel()
    }
  }, 60_000)

  test('many watches from different pasts hear the same end', async () => {
    const [store, at] = [await open(), newFolder()]
    const first = await write(store, put(`${at}a`, '0'))
    for (let n = 1; n < 20; n++) await write(store, put(`${at}a`, `${n}`))
    const watches = Array.from(
      { length: 20 },
      (_, n) => new Watched(store, { key: `${at}a`, startRevision: first + n, prevKv: n % 2 > 0 }),
    )
    const last = await write(store, put(`${at}a`, '20'))
    await Promise.all(watches.map(watched => watched.reached(last)))
    const counts = watches.map(({ events }) => events.length)
    expect(counts).toEqual(watches.map((_, n) => 21 - n))
    for (const watched of watches) watched.cancel()
  })
}

function testProgress(open: () => Promise<Store>): void {
  test('an idle watch says how far it is, and a new one at once', async () => {
    const [store, at] = [await open(), newFolder()]
    const idle = new Watched(store, { key: `${at}idle` })
    const revision = await write(store, put(`${at}other`))
    await idle.reached(revision)
    const young = new Watched(store, { key: `${at}idle` })
    await young.reached(revision)
    expect([...idle.events, ...young.events]).toEqual([])
    idle.cancel()
    young.cancel()
  })
}

function testEnds(open: () => Promise<Store>): void {
  test('a cancelled watch is silent', async () => {
    const [store, at] = [await open(), newFolder()]
    const watched = new Watched(store, { key: `${at}a` })
    const other = new Watched(store, { key: `${at}a` })
    await other.reached(await write(store, put(`${at}a`)))
    watched.cancel()
    const { length } = watched.events
    await other.reached(await write(store, put(`${at}a`)))
    await sleep(20)
    expect(watched.events.length).toBe(length)
    expect(watched.ended).toBeUndefined()
    other.cancel()
  })

  test('a watch of what is forgotten ends, and says where memory begins', async () => {
    const [store, at] = [await open(), newFolder()]
    const first = await write(store, put(`${at}a`, '1'))
    const second = await write(store, put(`${at}a`, '2'))
    await write(store, put(`${at}a`, '3'))
    await must(store.compact(second))
    const ended = new Watched(store, { key: `${at}a`, startRevision: first })
    await until('the end', () => ended.ended)
    expect(ended.ended).toMatchObject({ why: 'compacted', revision: second })
    const whole = new Watched(store, { key: `${at}a`, startRevision: second })
    await until('what is remembered', () => whole.events.length === 2)
    expect((await store.status()).compactRevision).toBe(second)
    whole.cancel()
  })

  test('a watch that is up to date outlives a compaction', async () => {
    const [store, at] = [await open(), newFolder()]
    const watched = new Watched(store, { key: `${at}a` })
    const revision = (await must(store.txn(txnOf(put(`${at}a`, '1'))))).revision
    await must(store.compact(revision))
    await watched.reached(await write(store, put(`${at}a`, '2')))
    expect(watched.events.map(({ kv }) => text(kv.value))).toEqual(['1', '2'])
    expect(watched.ended).toBeUndefined()
    watched.cancel()
  })
}
