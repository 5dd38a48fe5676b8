import { expect, test } from 'vitest'
import type { Compare, KeyValue, Op } from '../../src/mvcc/types.ts'
import type { Store } from '../../src/store/types.ts'
import {
  bytes,
  must,
  newFolder,
  put,
  readValue,
  refusal,
  text,
  txnOf,
  write,
} from './store-support.ts'

const noCompares = { compares: [], failure: [] }

/** Transactions: what they do, and what is refused. */
export function testTxn(open: () => Promise<Store>): void {
  test('a transaction of several writes is one revision', async () => {
    const [store, at] = [await open(), newFolder()]
    const first = await write(store, put(`${at}a`), put(`${at}b`))
    const second = await write(store, put(`${at}a`, '2'))
    expect(second).toBe(first + 1)
    const { range } = await must(
      store.range({ type: 'range', key: at, rangeEnd: `${at}z`, sort: byKey }),
    )
    expect(range.kvs.map(plain)).toEqual([
      { ...kv(`${at}a`, '2'), createRevision: first, modRevision: second, version: 2 },
      { ...kv(`${at}b`, `${at}b`), createRevision: first, modRevision: first, version: 1 },
    ])
  })

  test('a transaction that writes nothing has no revision of its own', async () => {
    const [store, at] = [await open(), newFolder()]
    const before = await write(store, put(`${at}a`))
    const gone = await must(store.txn(txnOf({ type: 'delete', key: `${at}none` })))
    expect(gone).toMatchObject({ revision: before, results: [{ type: 'delete', deleted: 0 }] })
    expect(await must(store.txn(txnOf()))).toMatchObject({ revision: before, results: [] })
  })

  test('results are as asked for', async () => {
    const [store, at] = [await open(), newFolder()]
    const revision = await write(store, put(`${at}a`, '1'), put(`${at}b`, '2'))
    const a = { ...kv(`${at}a`, '1'), createRevision: revision, modRevision: revision, version: 1 }
    const done = await must(
      store.txn(
        txnOf(
          put(`${at}a`, '3', { prevKv: true }),
          put(`${at}c`, '4', { prevKv: true }),
          { type: 'delete', key: `${at}b` },
          { type: 'range', key: `${at}a` },
          { type: 'delete', key: `${at}x`, rangeEnd: `${at}z`, prevKv: true },
        ),
      ),
    )
    const [changed, made, gone, read, none] = done.results
    expect(changed?.type === 'put' && changed.prevKv && plain(changed.prevKv)).toEqual(a)
    expect(made).toEqual({ type: 'put' })
    expect(gone).toEqual({ type: 'delete', deleted: 1 })
    expect(read).toMatchObject({ type: 'range', count: 1, more: false, kvs: [{ version: 2 }] })
    expect(none).toEqual({ type: 'delete', deleted: 0, prevKvs: [] })
  })

  testCompares(open)
  testNesting(open)
  testPutOptions(open)
  testRefusals(open)

  test('ten writers count by compare and swap, and none is lost', async () => {
    const [store, at] = [await open(), newFolder()]
    const key = `${at}counter`
    await write(store, put(key, '0'))
    const writer = async () => {
      for (let done = 0; done < 5; ) {
        const { range } = await must(store.range({ type: 'range', key }))
        const [now] = range.kvs
        const next = String(Number(Buffer.from(now!.value)) + 1)
        const isSame: Compare = { key, target: 'mod', op: '=', operand: now!.modRevision }
        const swap = { compares: [isSame], success: [put(key, next)], failure: [] }
        if ((await must(store.txn(swap))).succeeded) done++
      }
    }
    await Promise.all(Array.from({ length: 10 }, writer))
    expect(await readValue(store, key)).toBe('50')
  }, 60_000)
}

function testCompares(open: () => Promise<Store>): void {
  test('compares look at every target, also of ranges and of what is not there', async () => {
    const [store, at] = [await open(), newFolder()]
    const { id } = await must(store.leaseGrant(60))
    const first = await write(store, put(`${at}a`, 'v', { lease: id }))
    const second = await write(store, put(`${at}a`, 'v', { lease: id }), put(`${at}b`, 'w'))
    const none = `${at}none`
    const rows: [Omit<Compare, 'key'> & { key?: string }, boolean][] = [
      [{ target: 'version', op: '=', operand: 2 }, true],
      [{ target: 'version', op: '>', operand: 2 }, false],
      [{ target: 'create', op: '=', operand: first }, true],
      [{ target: 'create', op: '<', operand: second }, true],
      [{ target: 'mod', op: '=', operand: second }, true],
      [{ target: 'mod', op: '!=', operand: second }, false],
      [{ target: 'value', op: '=', operand: bytes('v') }, true],
      [{ target: 'value', op: '<', operand: bytes('vv') }, true],
      [{ target: 'value', op: '>', operand: bytes('vv') }, false],
      [{ target: 'lease', op: '=', operand: id }, true],
      [{ target: 'lease', op: '!=', operand: 0 }, true],
      [{ target: 'mod', op: '=', operand: second, rangeEnd: `${at}c` }, true],
      [{ target: 'version', op: '=', operand: 2, rangeEnd: `${at}c` }, false],
      [{ key: none, target: 'version', op: '=', operand: 0 }, true],
      [{ key: none, target: 'create', op: '=', operand: 0 }, true],
      [{ key: none, target: 'mod', op: '>', operand: 0 }, false],
      [{ key: none, target: 'lease', op: '=', operand: 0 }, true],
      // A value never compares with nothing.
      [{ key: none, target: 'value', op: '=', operand: bytes('') }, false],
      [{ key: none, target: 'value', op: '!=', operand: bytes('x') }, false],
    ]
    for (const [compare, expected] of rows) {
      const compares = [{ key: `${at}a`, ...compare }]
      const { succeeded } = await must(store.txn({ compares, success: [], failure: [] }))
      expect({ compare, succeeded }).toEqual({ compare, succeeded: expected })
    }
  })

  test('the other branch runs when one compare fails', async () => {
    const [store, at] = [await open(), newFolder()]
    const holds: Compare = { key: `${at}a`, target: 'version', op: '=', operand: 0 }
    const fails: Compare = { key: `${at}a`, target: 'version', op: '>', operand: 0 }
    const done = await must(
      store.txn({
        compares: [holds, fails],
        success: [put(`${at}yes`)],
        failure: [put(`${at}no`), { type: 'range', key: `${at}no` }],
      }),
    )
    expect(done).toMatchObject({ succeeded: false, results: [{ type: 'put' }, { count: 1 }] })
    expect(await readValue(store, `${at}yes`)).toBeUndefined()
  })
}

function testNesting(open: () => Promise<Store>): void {
  test('nested transactions compare before anything is written, and read what was', async () => {
    const [store, at] = [await open(), newFolder()]
    const missing: Compare = { key: `${at}a`, target: 'version', op: '=', operand: 0 }
    const inner: Op = {
      type: 'txn',
      compares: [missing],
      success: [
        put(`${at}b`),
        { type: 'txn', compares: [], success: [put(`${at}c`)], failure: [] },
        { type: 'range', key: at, rangeEnd: `${at}z`, countOnly: true },
      ],
      failure: [put(`${at}wrong`)],
    }
    const done = await must(store.txn({ ...noCompares, success: [put(`${at}a`), inner] }))
    expect(done.results).toEqual([
      { type: 'put' },
      {
        type: 'txn',
        succeeded: true,
        results: [
          { type: 'put' },
          { type: 'txn', succeeded: true, results: [{ type: 'put' }] },
          { type: 'range', kvs: [], count: 3, more: false },
        ],
      },
    ])
    const found = await must(store.range({ type: 'range', key: at, rangeEnd: `${at}z` }))
    expect(found.range.kvs.map(each => each.modRevision)).toEqual(Array(3).fill(done.revision))
  })
}

function testPutOptions(open: () => Promise<Store>): void {
  test('a put may keep value or lease', async () => {
    const [store, at] = [await open(), newFolder()]
    const { id } = await must(store.leaseGrant(60))
    await write(store, put(`${at}a`, 'v', { lease: id }))
    await write(store, put(`${at}a`, 'w', { ignoreLease: true }))
    const keep: Op = {
      ...{ type: 'put', key: `${at}a`, value: new Uint8Array(0), ignoreValue: true },
      lease: id,
    }
    await write(store, keep)
    const { range } = await must(store.range({ type: 'range', key: `${at}a` }))
    expect(plain(range.kvs[0]!)).toMatchObject({ value: 'w', lease: id, version: 3 })
  })
}

function testRefusals(open: () => Promise<Store>): void {
  const nested = (...success: Op[]): Op => ({ type: 'txn', compares: [], success, failure: [] })
  const many = (at: string, count: number, first = 0) =>
    Array.from({ length: count }, (_, n) => put(`${at}${first + n}`))
  const rows: [string, (at: string) => Op[], string][] = [
    ['a key written twice', at => [put(`${at}a`), put(`${at}a`)], 'duplicate key given'],
    [
      'a put into a deleted range',
      at => [put(`${at}a`), { type: 'delete', key: at, rangeEnd: `${at}z` }],
      'duplicate key given',
    ],
    [
      'a key written twice in a nest',
      at => [put(`${at}a`), nested(put(`${at}a`))],
      'duplicate key',
    ],
    ['an empty key', () => [put('')], 'key is not provided'],
    ['more than 128 operations', at => many(at, 129), 'too many operations'],
    [
      'more than 128 operations with those of a nest',
      at => [...many(at, 100), nested(...many(at, 28, 100))],
      'too many operations',
    ],
    ['a lease that is not there', at => [put(`${at}a`, 'v', { lease: 77_777 })], 'lease not found'],
    ['keeping no value', at => [put(`${at}a`, '', { ignoreValue: true })], 'key not found'],
    [
      'keeping a value and giving one',
      at => [put(`${at}a`, 'v', { ignoreValue: true })],
      'value is provided',
    ],
  ]
  test.each(rows)('refuses %s', async (_name, ops, message) => {
    const [store, at] = [await open(), newFolder()]
    const before = await must(store.readIndex())
    const failure = await refusal(store.txn(txnOf(...ops(at))))
    expect(failure).toMatchObject({ why: 'invalid' })
    expect(failure.message).toContain(message)
    expect(await must(store.readIndex())).toMatchObject({ revision: before.revision })
  })

  test('takes 128 operations, and as many in a nest as are left', async () => {
    const [store, at] = [await open(), newFolder()]
    await write(store, ...many(at, 128))
    await write(store, ...many(at, 100), nested(...many(at, 27, 100)))
  })

  test('refuses what is too large', async () => {
    const [store, at] = [await open(), newFolder()]
    const large = put(`${at}a`, 'x'.repeat(2 << 20))
    expect(await refusal(store.txn(txnOf(large)))).toMatchObject({ why: 'too-large' })
  })
}

const byKey = { by: 'key', descending: false } as const

function kv(key: string, value: string) {
  return { key, value, lease: 0 }
}

/** With its value as text: one driver's bytes are a Buffer, the other's are not. */
function plain(found: KeyValue) {
  return { ...found, value: text(found.value) }
}
