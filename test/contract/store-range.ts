import { expect, test } from 'vitest'
import type { RangeOp } from '../../src/mvcc/types.ts'
import type { Store } from '../../src/store/types.ts'
import { keysOf, must, newFolder, put, refusal, text, txnOf, write } from './store-support.ts'

type Options = Omit<RangeOp, 'type' | 'key' | 'rangeEnd'>

/** Reads, and the revisions that can be read. */
export function testRange(open: () => Promise<Store>): void {
  testOptions(open)

  test('reads the past', async () => {
    const [store, at] = [await open(), newFolder()]
    const first = await write(store, put(`${at}a`, '1'))
    const second = await write(store, { type: 'delete', key: `${at}a` }, put(`${at}b`))
    const old = await must(store.range({ type: 'range', key: `${at}a`, revision: first }))
    expect(old.revision).toBe(second)
    expect(old.range).toMatchObject({ count: 1, kvs: [{ modRevision: first }] })
    expect(await keysOf(store, { key: at, rangeEnd: `${at}z` })).toEqual([`${at}b`])
  })

  test('a write is seen by the reads that come after it, and by serializable ones', async () => {
    const [store, at] = [await open(), newFolder()]
    const revision = await write(store, put(`${at}a`))
    const read = await must(store.range({ type: 'range', key: `${at}a` }))
    expect(read).toMatchObject({ revision, range: { count: 1 } })
    expect(await must(store.readIndex())).toMatchObject({ revision })
    expect((await must(store.readIndex({ timeoutMs: 2_000 }))).revision).toBe(revision)
    const local = await must(
      store.range({ type: 'range', key: `${at}a` }, { serializable: true, timeoutMs: 2_000 }),
    )
    expect(local.range.kvs[0]?.modRevision ?? revision).toBe(revision)
  })

  test('keys and values are bytes', async () => {
    const [store, at] = [await open(), newFolder()]
    const key = `${at}\0\x01\x7f\x80\xc3\xff`
    const value = Uint8Array.from({ length: 256 }, (_, n) => n)
    await must(store.txn(txnOf({ type: 'put', key, value })))
    const { range } = await must(store.range({ type: 'range', key: at, rangeEnd: `${at}\xff\xff` }))
    expect(range.kvs[0]?.key).toBe(key)
    expect(Buffer.from(range.kvs[0]!.value).equals(Buffer.from(value))).toBe(true)
  })

  test('reads a thousand keys of a kilobyte', async () => {
    const [store, at] = [await open(), newFolder()]
    const value = 'v'.repeat(1_024)
    for (let n = 0; n < 1_000; n += 100) {
      const keys = Array.from({ length: 100 }, (_, m) => `${at}${String(n + m).padStart(4, '0')}`)
      await write(store, ...keys.map(key => put(key, value)))
    }
    const { range } = await must(store.range({ type: 'range', key: at, rangeEnd: `${at}z` }))
    expect(range.count).toBe(1_000)
    expect(range.kvs.every(kv => text(kv.value) === value)).toBe(true)
    expect(range.kvs.map(({ key }) => key)).toEqual(range.kvs.map(({ key }) => key).sort())
  }, 60_000)

  test('refuses an empty key', async () => {
    const failure = await refusal((await open()).range({ type: 'range', key: '' }))
    expect(failure).toMatchObject({ why: 'invalid', message: 'etcdserver: key is not provided' })
  })

  testCompaction(open)
}

function testOptions(open: () => Promise<Store>): void {
  const rows: [string, (revisions: readonly number[]) => Options, string, boolean][] = [
    ['a limit', () => ({ limit: 2 }), 'ab', true],
    ['a limit that is enough', () => ({ limit: 4 }), 'abcd', false],
    ['keys only', () => ({ keysOnly: true }), 'abcd', false],
    ['count only', () => ({ countOnly: true }), '', false],
    ['count only with a limit', () => ({ countOnly: true, limit: 1 }), '', false],
    ['descending keys', () => ({ sort: { by: 'key', descending: true } }), 'dcba', false],
    ['by version', () => ({ sort: { by: 'version', descending: true }, limit: 1 }), 'c', true],
    ['by creation', () => ({ sort: { by: 'create', descending: true } }), 'dcba', false],
    ['by change', () => ({ sort: { by: 'mod', descending: false } }), 'abdc', false],
    ['by value', () => ({ sort: { by: 'value', descending: false } }), 'cdba', false],
    ['changes from', ([, b]) => ({ minModRevision: b }), 'bcd', false],
    ['changes to', ([, b]) => ({ maxModRevision: b }), 'ab', false],
    ['creations from', ([, , c]) => ({ minCreateRevision: c }), 'cd', false],
    ['creations to, limited', ([, , c]) => ({ maxCreateRevision: c, limit: 2 }), 'ab', true],
    ['a window', ([, b, c]) => ({ minCreateRevision: b, maxCreateRevision: c }), 'bc', false],
  ]
  test.each(rows)('range option: %s', async (_name, optionsOf, keys, more) => {
    const [store, at] = [await open(), newFolder()]
    const revisions: number[] = []
    for (const [key, value] of ['a4', 'b3', 'c0', 'd2']) {
      revisions.push(await write(store, put(`${at}${key}`, value)))
    }
    await write(store, put(`${at}c`, '1'))
    const options = optionsOf(revisions)
    const op: RangeOp = { type: 'range', key: at, rangeEnd: `${at}z`, ...options }
    const { range } = await must(store.range(op))
    expect(range.kvs.map(({ key }) => key.slice(at.length)).join('')).toBe(keys)
    // Of all keys in the range, whatever is left out.
    expect(range).toMatchObject({ count: 4, more })
    if (options.keysOnly) expect(range.kvs.every(({ value }) => value.length === 0)).toBe(true)
    const inTxn = await must(store.txn(txnOf(op)))
    expect(inTxn.results[0]).toEqual(range)
  })
}

function testCompaction(open: () => Promise<Store>): void {
  test('forgets what is below a compaction, and no more', async () => {
    const [store, at] = [await open(), newFolder()]
    const first = await write(store, put(`${at}a`, '1'), put(`${at}b`))
    const second = await write(store, put(`${at}a`, '2'))
    const third = await write(store, put(`${at}a`, '3'))
    expect((await must(store.compact(second))).revision).toBe(third)
    const read = (revision: number) => store.range({ type: 'range', key: `${at}a`, revision })
    expect(await refusal(read(first))).toMatchObject({ why: 'compacted', revision: second })
    expect((await must(read(second))).range.kvs[0]?.modRevision).toBe(second)
    expect(await keysOf(store, { key: `${at}b`, revision: second })).toEqual([`${at}b`])
    expect(await refusal(store.compact(second))).toMatchObject({ why: 'compacted' })
    expect(await refusal(store.txn(txnOf(rangeOf(`${at}a`, first))))).toMatchObject({
      why: 'compacted',
    })
  })

  test('knows no future', async () => {
    const [store, at] = [await open(), newFolder()]
    const revision = await write(store, put(`${at}a`))
    const ahead = revision + 1_000
    const refused = [
      store.range(rangeOf(`${at}a`, ahead)),
      store.txn(txnOf(rangeOf(`${at}a`, ahead))),
      store.compact(ahead),
    ]
    for (const call of refused) {
      expect(await refusal<object>(call)).toMatchObject({ why: 'future', revision })
    }
  })
}

function rangeOf(key: string, revision: number): RangeOp {
  return { type: 'range', key, revision }
}
