import { must } from '../../kernel/assert.ts'
import type {
  Compare,
  CompareTarget,
  Event,
  KeyValue,
  Op,
  OpResult,
  RangeOp,
  RangeResult,
  Revision,
} from '../../mvcc/types.ts'
import type { TxnRequest } from '../types.ts'
import type { Keyspace } from './keyspace.ts'
import * as rpc from './rpc/kv.ts'
import { type EventMessage, eventTypes } from './rpc/watch.ts'

/** The store's operations as etcd's messages, and etcd's answers as the store's results. */

export function rangeToWire(keys: Keyspace, op: RangeOp): Partial<rpc.RangeRequest> {
  const { type: _, sort, key, rangeEnd, ...rest } = op
  return {
    ...rest,
    key: keys.toWire(key),
    rangeEnd: keys.endToWire(rangeEnd),
    ...(sort && {
      sortOrder: rpc.sortOrders.indexOf(sort.descending ? 'descend' : 'ascend'),
      sortTarget: rpc.sortTargets.indexOf(sort.by),
    }),
  }
}

export function txnToWire(keys: Keyspace, txn: TxnRequest): rpc.TxnRequestMessage {
  return {
    compare: txn.compares.map(compare => compareToWire(keys, compare)),
    success: txn.success.map(op => opToWire(keys, op)),
    failure: txn.failure.map(op => opToWire(keys, op)),
  }
}

function opToWire(keys: Keyspace, op: Op): rpc.RequestOp {
  switch (op.type) {
    case 'range':
      return { requestRange: rangeToWire(keys, op) }
    case 'put': {
      const { type: _, key, ...rest } = op
      return { requestPut: { ...rest, key: keys.toWire(key) } }
    }
    case 'delete': {
      const { key, rangeEnd, prevKv } = op
      const range = { key: keys.toWire(key), rangeEnd: keys.endToWire(rangeEnd) }
      return { requestDeleteRange: { ...range, prevKv } }
    }
    case 'txn':
      return { requestTxn: txnToWire(keys, op) }
  }
}

/** The field of the oneof that each target's operand goes into. */
const operandFields: Readonly<Record<CompareTarget, keyof rpc.CompareMessage>> = {
  version: 'version',
  create: 'createRevision',
  mod: 'modRevision',
  value: 'value',
  lease: 'lease',
}

function compareToWire(keys: Keyspace, compare: Compare): Partial<rpc.CompareMessage> {
  const { key, rangeEnd, target, op, operand } = compare
  return {
    key: keys.toWire(key),
    rangeEnd: keys.endToWire(rangeEnd),
    result: rpc.compareResults.indexOf(op),
    target: rpc.compareTargets.indexOf(target),
    [operandFields[target]]: operand,
  }
}

export function rangeFromWire(keys: Keyspace, answer: Partial<rpc.RangeResponse>): RangeResult {
  const kvs = (answer.kvs ?? []).map(kv => keyValueFromWire(keys, kv))
  return { type: 'range', kvs, count: answer.count ?? 0, more: answer.more ?? false }
}

/** Results of the branch that was taken, each in the form that its operation asked for. */
export function resultsFromWire(
  keys: Keyspace,
  txn: TxnRequest,
  { succeeded, responses }: Pick<rpc.TxnResponseMessage, 'succeeded' | 'responses'>,
): OpResult[] {
  const ops = succeeded ? txn.success : txn.failure
  return ops.map((op, at) => resultFromWire(keys, op, must(responses[at], 'a response each')))
}

function resultFromWire(keys: Keyspace, op: Op, answer: rpc.ResponseOp): OpResult {
  switch (op.type) {
    case 'range':
      return rangeFromWire(keys, answer.responseRange ?? {})
    case 'put': {
      const { prevKv } = answer.responsePut ?? {}
      return { type: 'put', ...(prevKv && { prevKv: keyValueFromWire(keys, prevKv) }) }
    }
    case 'delete': {
      const { deleted = 0, prevKvs = [] } = answer.responseDeleteRange ?? {}
      const result = { type: 'delete', deleted } as const
      if (!op.prevKv) return result
      return { ...result, prevKvs: prevKvs.map(kv => keyValueFromWire(keys, kv)) }
    }
    case 'txn': {
      const { succeeded = false, responses = [] } = answer.responseTxn ?? {}
      const results = resultsFromWire(keys, op, { succeeded, responses })
      return { type: 'txn', succeeded, results }
    }
  }
}

const noBytes = new Uint8Array(0)

function keyValueFromWire(keys: Keyspace, kv: Partial<rpc.KeyValueMessage>): KeyValue {
  return {
    key: keys.fromWire(kv.key ?? '') ?? '',
    value: kv.value ?? noBytes,
    createRevision: (kv.createRevision ?? 0) as Revision,
    modRevision: (kv.modRevision ?? 0) as Revision,
    version: kv.version ?? 0,
    // IDs that etcd itself chose have 63 bits; those are not this store's to renew.
    lease: Number(kv.lease ?? 0),
  }
}

/** Undefined for a key of others. */
export function eventFromWire(keys: Keyspace, event: Partial<EventMessage>): Event | undefined {
  const { kv = {}, prevKv } = event
  if (keys.fromWire(kv.key ?? '') === undefined) return undefined
  return {
    type: must(eventTypes[event.type ?? 0], 'an event is a put or a delete'),
    kv: keyValueFromWire(keys, kv),
    ...(prevKv && { prevKv: keyValueFromWire(keys, prevKv) }),
  }
}
