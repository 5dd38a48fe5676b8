import { expect, test } from 'vitest'
import { messages } from '../../../src/mvcc/check.ts'
import { Mvcc } from '../../../src/mvcc/mvcc.ts'
import type { Compare, Op, RangeOp } from '../../../src/mvcc/types.ts'

const bytes = (text: string) => new Uint8Array(Buffer.from(text))
const put = (key: string, value = key, more = {}): Op => ({
  type: 'put',
  key,
  value: bytes(value),
  ...more,
})
const del = (key: string, rangeEnd?: string): Op => ({ type: 'delete', key, rangeEnd })
const txn = (mvcc: Mvcc, ...success: Op[]) => mvcc.txn({ compares: [], success, failure: [] })

function keys(mvcc: Mvcc, op: Partial<RangeOp> = {}): string {
  const read = mvcc.range({ type: 'range', key: 'a', rangeEnd: 'z', ...op })
  if (!read.ok) return read.why
  return read.range.kvs.map(kv => `${kv.key}=${Buffer.from(kv.value)}`).join(' ')
}

function filled(): Mvcc {
  const mvcc = new Mvcc()
  txn(mvcc, put('a', '1')) // 2
  txn(mvcc, put('b', '2')) // 3
  txn(mvcc, put('c', '3'), put('d', '4')) // 4
  txn(mvcc, put('a', '5')) // 5
  txn(mvcc, del('b')) // 6
  return mvcc
}

test('one revision for each transaction that writes', () => {
  const mvcc = filled()
  expect(mvcc.revision).toBe(6)
  txn(mvcc, { type: 'range', key: 'a' }, del('nothing'))
  expect(mvcc.revision).toBe(6)
})

test.each<[string, Partial<RangeOp>, string]>([
  ['now', {}, 'a=5 c=3 d=4'],
  ['at a revision', { revision: 4 }, 'a=1 b=2 c=3 d=4'],
  ['before anything', { revision: 1 }, ''],
  ['single key', { key: 'c', rangeEnd: undefined }, 'c=3'],
  ['to the end', { key: 'c', rangeEnd: '\0' }, 'c=3 d=4'],
  ['limit', { limit: 2 }, 'a=5 c=3'],
  ['keys only', { keysOnly: true }, 'a= c= d='],
  ['sorted', { sort: { by: 'mod', descending: true } }, 'a=5 c=3 d=4'],
  ['by value', { sort: { by: 'value', descending: false } }, 'c=3 d=4 a=5'],
  ['sorted and limited', { sort: { by: 'key', descending: true }, limit: 1 }, 'd=4'],
  ['filtered', { minModRevision: 5 }, 'a=5'],
  ['filtered by creation', { maxCreateRevision: 3 }, 'a=5'],
  ['future', { revision: 7 }, 'future'],
])('range %s', (_name, op, expected) => {
  expect(keys(filled(), op)).toBe(expected)
})

test('a limited range counts all keys', () => {
  const read = filled().range({ type: 'range', key: 'a', rangeEnd: 'z', limit: 1 })
  expect(read).toMatchObject({ range: { count: 3, more: true } })
})

test('versions and generations', () => {
  const mvcc = filled()
  txn(mvcc, put('b', '6'))
  txn(mvcc, put('b', '7'))
  const read = mvcc.range({ type: 'range', key: 'b' })
  expect(read).toMatchObject({
    range: { kvs: [{ createRevision: 7, modRevision: 8, version: 2 }] },
  })
})

test.each<[Compare, boolean]>([
  [{ key: 'a', target: 'version', op: '=', operand: 2 }, true],
  [{ key: 'a', target: 'create', op: '=', operand: 2 }, true],
  [{ key: 'a', target: 'mod', op: '>', operand: 5 }, false],
  [{ key: 'a', target: 'mod', op: '!=', operand: 2 }, true],
  [{ key: 'a', target: 'value', op: '=', operand: bytes('5') }, true],
  [{ key: 'a', target: 'value', op: '<', operand: bytes('6') }, true],
  [{ key: 'a', target: 'lease', op: '=', operand: 0 }, true],
  [{ key: 'b', target: 'version', op: '=', operand: 0 }, true],
  [{ key: 'b', target: 'create', op: '<', operand: 1 }, true],
  [{ key: 'b', target: 'value', op: '!=', operand: bytes('5') }, false],
  [{ key: 'a', rangeEnd: 'z', target: 'mod', op: '>', operand: 3 }, true],
  [{ key: 'a', rangeEnd: 'z', target: 'mod', op: '>', operand: 4 }, false],
])('compare %#', (compare, expected) => {
  const done = filled().txn({ compares: [compare], success: [], failure: [] })
  expect(done).toMatchObject({ ok: true, succeeded: expected })
})

test('nested transactions compare before the first write and read their own writes', () => {
  const mvcc = filled()
  const missing: Compare = { key: 'x', target: 'create', op: '=', operand: 0 }
  const nested: Op = {
    type: 'txn',
    compares: [missing],
    success: [{ type: 'range', key: 'x' }],
    failure: [],
  }
  const done = txn(mvcc, put('x', '1'), nested)
  expect(done).toMatchObject({
    revision: 7,
    results: [{ type: 'put' }, { succeeded: true, results: [{ kvs: [{ key: 'x' }] }] }],
  })
})

test.each<[string, Op[], string]>([
  ['no key', [put('')], messages.noKey],
  ['a key twice', [put('x'), put('x')], messages.duplicateKey],
  ['a key put and deleted', [put('x'), del('a', 'z')], messages.duplicateKey],
  ['ignoreValue of nothing', [put('x', '', { ignoreValue: true })], messages.keyNotFound],
  ['ignoreValue with a value', [put('a', '1', { ignoreValue: true })], messages.valueProvided],
  ['an unknown lease', [put('x', '1', { lease: 9 })], messages.leaseNotFound],
])('refuses %s and changes nothing', (_name, ops, message) => {
  const mvcc = filled()
  const hash = mvcc.hash()
  expect(txn(mvcc, put('y'), ...ops)).toEqual({ ok: false, why: 'invalid', message })
  expect(mvcc.hash()).toBe(hash)
})

test('previous values', () => {
  const mvcc = filled()
  const done = txn(mvcc, put('a', '9', { prevKv: true }), {
    type: 'delete',
    key: 'c',
    rangeEnd: 'e',
    prevKv: true,
  })
  expect(done).toMatchObject({
    results: [
      { prevKv: { modRevision: 5 } },
      { deleted: 2, prevKvs: [{ key: 'c' }, { key: 'd' }] },
    ],
  })
})

const all = { key: 'a', rangeEnd: 'z', eventsMax: 100, bytesMax: 1000 }
function events(mvcc: Mvcc, query: object): string {
  const page = mvcc.events({ ...all, from: 0, ...query })
  if (!page.ok) return page.why
  const text = page.events.map(event => {
    const previous = event.prevKv ? `(${Buffer.from(event.prevKv.value)})` : ''
    return `${event.type[0]}${event.kv.key}@${event.kv.modRevision}${previous}`
  })
  return `${text.join(' ')} -> ${page.revision}${page.more ? '+' : ''}`
}

test.each([
  [{ from: 2 }, 'pa@2 pb@3 pc@4 pd@4 pa@5 db@6 -> 6'],
  [{ from: 5, prevKv: true }, 'pa@5(1) db@6(2) -> 6'],
  [{ from: 2, eventsMax: 3 }, 'pa@2 pb@3 pc@4 pd@4 -> 4+'],
  [{ from: 2, key: 'b', rangeEnd: undefined }, 'pb@3 db@6 -> 6'],
  [{ from: 9 }, ' -> 6'],
])('events %j', (query, expected) => {
  expect(events(filled(), query)).toBe(expected)
})

test('compaction keeps what is needed at the floor, and the hash of equal histories', () => {
  const mvcc = filled()
  expect(mvcc.compact(6)).toEqual({ ok: true })
  expect(keys(mvcc)).toBe('a=5 c=3 d=4')
  expect(keys(mvcc, { revision: 5 })).toBe('compacted')
  expect(events(mvcc, { from: 5 })).toBe('compacted')
  expect(events(mvcc, { from: 6 })).toBe('db@6 -> 6')
  expect(mvcc.compact(6)).toMatchObject({ why: 'compacted', revision: 6 })
  expect(mvcc.compact(7)).toMatchObject({ why: 'future' })
  txn(mvcc, put('a', '6'))
  mvcc.compact(7)
  expect(events(mvcc, { from: 7, prevKv: true })).toBe('pa@7 -> 7')
})

test('a lease takes its keys with it, in one revision', () => {
  const mvcc = filled()
  mvcc.grant(7, 10)
  expect(mvcc.grant(7, 10)).toMatchObject({ message: messages.leaseExists })
  txn(mvcc, put('x', '1', { lease: 7 }), put('y', '1', { lease: 7 }), put('a', '1', { lease: 7 }))
  txn(mvcc, put('a', '2'))
  txn(mvcc, put('y', '2', { ignoreLease: true }))
  expect(mvcc.revoke(7)).toEqual({ ok: true })
  expect(mvcc.revision).toBe(10)
  expect(keys(mvcc)).toBe('a=2 c=3 d=4')
  expect(mvcc.revoke(7)).toMatchObject({ message: messages.leaseNotFound })
})

test('a snapshot is of its moment, and its import has the same hash and history', () => {
  const mvcc = filled()
  mvcc.grant(7, 10)
  txn(mvcc, put('x', '1', { lease: 7 }))
  mvcc.compact(3)
  const view = mvcc.freeze()
  const hash = mvcc.hash()
  const slices = view.slices(2)
  const copy = new Mvcc()
  copy.import(slices.next().value!)
  txn(mvcc, put('0'), put('bb'), put('x', '2'), del('c'))
  mvcc.compact(mvcc.revision)
  for (const slice of slices) copy.import(slice)
  copy.importDone()
  expect(copy.hash()).toBe(hash)
  expect(keys(copy)).toBe('a=5 c=3 d=4 x=1')
  expect(keys(copy, { revision: 5 })).toBe('a=5 b=2 c=3 d=4')
  expect(events(copy, { from: 4 })).toBe('pc@4 pd@4 pa@5 db@6 px@7 -> 7')
  copy.revoke(7)
  expect(keys(copy)).toBe('a=5 c=3 d=4')
})

test('many leases are a snapshot of many slices, each with the renewals of its moment', () => {
  const mvcc = new Mvcc()
  for (let id = 1; id <= 5_000; id++) mvcc.grant(id, id)
  mvcc.leases.renew(4_999)
  const hash = mvcc.hash()
  const slices = mvcc.freeze().slices()
  const copy = new Mvcc()
  copy.import(slices.next().value!)
  expect(copy.leases.size).toBeLessThan(5_000)
  mvcc.leases.renew(4_999)
  mvcc.grant(6_000, 1)
  for (const slice of slices) copy.import(slice)
  copy.importDone()
  expect(copy.hash()).toBe(hash)
  expect(copy.leases.get(4_999)).toMatchObject({ ttlSeconds: 4_999, renewals: 1 })
})
