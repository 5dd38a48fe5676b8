import { expect, test } from 'vitest'
import type { KeyValue, Revision } from '../../../src/mvcc/types.ts'
import * as kv from '../../../src/store/etcd/rpc/kv.ts'
import { leaseLeasesResponse, leaseTimeToLiveResponse } from '../../../src/store/etcd/rpc/lease.ts'
import type { MessageType } from '../../../src/store/etcd/rpc/message.ts'

const header = { clusterId: 1n, memberId: 2n, revision: 77, raftTerm: 3 }

function keyValues(count: number): KeyValue[] {
  return Array.from({ length: count }, (_, at): KeyValue => {
    const [createRevision, modRevision] = [at as Revision, (at + 1) as Revision]
    const value = Buffer.alloc(at % 700 === 0 ? 5_000 : at % 9, 'v')
    return { key: `k${at}`, value, createRevision, modRevision, version: 1, lease: at % 3 }
  })
}

const rangeOf = (count: number) => ({ header, kvs: keyValues(count), more: true, count: count + 5 })
const removedOf = (count: number) => ({ header, deleted: count, prevKvs: keyValues(count) })
const nestedOf = (count: number) => ({
  header: {},
  succeeded: false,
  responses: [
    { responseDeleteRange: removedOf(count) },
    { responseTxn: { succeeded: true, responses: [] } },
  ],
})

/** What a response of `count` items is at once and in steps. */
function row<T>(type: MessageType<T>, of: (count: number) => Partial<T>) {
  return (count: number) => {
    const response = of(count)
    const [whole, isLong] = [type.encode(response), type.isLong(response)]
    return { whole, isLong, steps: type.encodeSteps(response) }
  }
}

/** Each response that grows with the store. */
const rows = {
  range: row(kv.rangeResponse, rangeOf),
  'delete range': row(kv.deleteRangeResponse, removedOf),
  transaction: row(kv.txnResponse, count => ({
    header,
    succeeded: true,
    responses: [
      { responseRange: rangeOf(count) },
      { responsePut: { header, prevKv: keyValues(1)[0]! } },
      { responseTxn: nestedOf(count >> 1) },
      { responseRange: rangeOf(3) },
    ],
  })),
  leases: row(leaseLeasesResponse, count => {
    return { header, leases: Array.from({ length: count }, (_, id) => ({ id })) }
  }),
  'keys of a lease': row(leaseTimeToLiveResponse, count => {
    return { header, id: 5, ttl: 9, keys: keyValues(count).map(({ key }) => key) }
  }),
}

for (const [name, responseOf] of Object.entries(rows)) {
  test.each([0, 1, 200, 501, 3_456])(`${name}: %i items are the same bytes in steps`, count => {
    const { whole, isLong, steps } = responseOf(count)
    let taken = 0
    let step = steps.next()
    for (; !step.done; step = steps.next()) taken++
    expect(Buffer.concat(step.value).equals(whole)).toBe(true)
    expect(isLong).toBe(count > 500)
    // No step has more than 500 items.
    expect(taken).toBeGreaterThanOrEqual(Math.floor(count / 500))
  })
}

test('many short lists are a long message', () => {
  const responses = Array.from({ length: 100 }, () => ({ responseRange: rangeOf(10) }))
  const response = { header, succeeded: true, responses }
  expect(kv.txnResponse.isLong(response)).toBe(true)
  const steps = kv.txnResponse.encodeSteps(response)
  let step = steps.next()
  while (!step.done) step = steps.next()
  expect(Buffer.concat(step.value).equals(kv.txnResponse.encode(response))).toBe(true)
})

test('no step writes much more than a quarter of a megabyte', () => {
  const keys = Array.from({ length: 40 }, (_, at) => `${at}`.padEnd(100_000, 'k'))
  const steps = leaseTimeToLiveResponse.encodeSteps({ header, keys })
  let taken = 0
  while (!steps.next().done) taken++
  expect(taken).toBeGreaterThan(10)
})
