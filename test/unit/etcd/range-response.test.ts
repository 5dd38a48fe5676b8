import { expect, test } from 'vitest'
import { encodeRange } from '../../../src/etcd/services/range-response.ts'
import type { KeyValue, Revision } from '../../../src/mvcc/types.ts'
import { rangeResponse } from '../../../src/store/etcd/rpc/kv.ts'

function responseOf(count: number) {
  const header = { clusterId: 1n, memberId: 2n, revision: 77, raftTerm: 3 }
  const kvs = Array.from({ length: count }, (_, at): KeyValue => {
    const [createRevision, modRevision] = [at as Revision, (at + 1) as Revision]
    const value = Buffer.alloc(at % 700 === 0 ? 5_000 : at % 9, 'v')
    return { key: `k${at}`, value, createRevision, modRevision, version: 1, lease: at % 3 }
  })
  return { header, kvs, more: true, count: count + 5 }
}

test.each([0, 1, 500, 501, 3_456])('%i keys are one message, in however many steps', count => {
  const response = responseOf(count)
  const steps = encodeRange(response)
  let taken = 0
  let step = steps.next()
  for (; !step.done; step = steps.next()) taken++
  const bytes = Buffer.concat(step.value)
  expect(rangeResponse.decode(bytes)).toEqual(rangeResponse.decode(rangeResponse.encode(response)))
  expect(bytes).toHaveLength(rangeResponse.encode(response).length)
  expect(taken).toBe(count > 500 ? Math.ceil(count / 500) : 0)
})
