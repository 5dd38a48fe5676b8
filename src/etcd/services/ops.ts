import type {
  Compare,
  CompareTarget,
  DeleteOp,
  KeyValue,
  Op,
  OpResult,
  PutOp,
  RangeOp,
} from '../../mvcc/types.ts'
import * as rpc from '../../store/etcd/rpc/kv.ts'
import type { TxnRequest } from '../../store/types.ts'
import { etcdError } from '../errors.ts'
import { leaseFromWire } from '../ids.ts'

/** etcd's messages as the store's operations, and the store's results as etcd's messages. */

const noBytes = new Uint8Array(0)

/** A range's end as the store has it: absent instead of empty. */
export function endOf(rangeEnd: string | undefined): { readonly rangeEnd?: string } {
  return rangeEnd ? { rangeEnd } : {}
}

/** @throws RpcError "invalid sort option". */
export function rangeOp(request: Partial<rpc.RangeRequest>): RangeOp {
  const order = rpc.sortOrders[request.sortOrder ?? 0]
  const by = rpc.sortTargets[request.sortTarget ?? 0]
  if (order === undefined || by === undefined) throw etcdError('etcdserver: invalid sort option')
  // Sorted by anything but the key without an order means ascending, as in etcd.
  const sorted = order !== 'none' || by !== 'key'
  const op: RangeOp = { type: 'range', key: request.key ?? '', ...endOf(request.rangeEnd) }
  if (isPlain(request) && !sorted) return op
  return {
    ...op,
    limit: Math.max(0, request.limit ?? 0),
    revision: Math.max(0, request.revision ?? 0),
    keysOnly: request.keysOnly ?? false,
    countOnly: request.countOnly ?? false,
    ...(sorted && { sort: { by, descending: order === 'descend' } }),
    minModRevision: request.minModRevision ?? 0,
    maxModRevision: request.maxModRevision ?? 0,
    minCreateRevision: request.minCreateRevision ?? 0,
    maxCreateRevision: request.maxCreateRevision ?? 0,
  }
}

/** Nothing but a key or range is asked for: by far the most frequent read. */
function isPlain(request: Partial<rpc.RangeRequest>): boolean {
  return !(
    request.limit ||
    request.revision ||
    request.keysOnly ||
    request.countOnly ||
    request.minModRevision ||
    request.maxModRevision ||
    request.minCreateRevision ||
    request.maxCreateRevision
  )
}

/** @throws RpcError "requested lease not found" for a lease that the store can't have. */
export function putOp(request: Partial<rpc.PutRequest>): PutOp {
  const { key = '', value = noBytes, prevKv, ignoreValue, ignoreLease } = request
  const lease = leaseFromWire(request.lease ?? 0)
  if (lease === undefined) throw etcdError('etcdserver: requested lease not found')
  if (!lease && !prevKv && !ignoreValue && !ignoreLease) return { type: 'put', key, value }
  return { type: 'put', key, value, lease, prevKv, ignoreValue, ignoreLease }
}

export function deleteOp(request: Partial<rpc.DeleteRangeRequest>): DeleteOp {
  const { key = '', rangeEnd, prevKv } = request
  return { type: 'delete', key, ...endOf(rangeEnd), ...(prevKv && { prevKv }) }
}

export function txnOf(request: Partial<rpc.TxnRequestMessage>): TxnRequest {
  return {
    compares: (request.compare ?? []).map(compareOf),
    success: (request.success ?? []).map(opOf),
    failure: (request.failure ?? []).map(opOf),
  }
}

function opOf(op: rpc.RequestOp): Op {
  if (op.requestRange) return rangeOp(op.requestRange)
  if (op.requestPut) return putOp(op.requestPut)
  if (op.requestDeleteRange) return deleteOp(op.requestDeleteRange)
  if (op.requestTxn) return { type: 'txn', ...txnOf(op.requestTxn) }
  // Source: etcd v3rpc/key.go checkRequestOp.
  throw etcdError('etcdserver: key not found')
}

const operands: Readonly<Record<CompareTarget, (from: Partial<rpc.CompareMessage>) => unknown>> = {
  version: from => from.version ?? 0,
  create: from => from.createRevision ?? 0,
  mod: from => from.modRevision ?? 0,
  value: from => from.value ?? noBytes,
  lease: from => Number(from.lease ?? 0),
}

function compareOf(compare: Partial<rpc.CompareMessage>): Compare {
  const op = rpc.compareResults[compare.result ?? 0]
  const target = rpc.compareTargets[compare.target ?? 0]
  if (op === undefined || target === undefined) throw etcdError('etcdserver: key not found')
  const operand = operands[target](compare) as number | Uint8Array
  return { key: compare.key ?? '', ...endOf(compare.rangeEnd), target, op, operand }
}

/** True when no branch writes. Source: etcd txn/util.go IsTxnReadonly. */
export function isReadOnly(txn: TxnRequest): boolean {
  const reads = (op: Op) => op.type === 'range' || (op.type === 'txn' && isReadOnly(op))
  return txn.success.every(reads) && txn.failure.every(reads)
}

/** The present and previous versions need no copy: both sides have the same fields. */
export function keyValueOf(kv: KeyValue): Partial<rpc.KeyValueMessage> {
  return kv
}

/**
 * Results as responses. Within a transaction each has a header with nothing but the revision it
 * saw: the one before the transaction until something is written, then the transaction's own.
 */
export function responseOps(results: readonly OpResult[], revision: number): rpc.ResponseOp[] {
  const progress = { revision: results.some(hasWritten) ? revision - 1 : revision, end: revision }
  return results.map(result => responseOf(result, progress))
}

interface Progress {
  revision: number
  readonly end: number
}

function responseOf(result: OpResult, progress: Progress): rpc.ResponseOp {
  if (result.type !== 'txn' && hasWritten(result)) progress.revision = progress.end
  const header = { revision: progress.revision }
  switch (result.type) {
    case 'range':
      return { responseRange: { header, ...result } }
    case 'put':
      return { responsePut: { header, prevKv: result.prevKv } }
    case 'delete': {
      const { deleted, prevKvs = [] } = result
      return { responseDeleteRange: { header, deleted, prevKvs } }
    }
    case 'txn': {
      const responses = result.results.map(nested => responseOf(nested, progress))
      return { responseTxn: { header: {}, succeeded: result.succeeded, responses } }
    }
  }
}

function hasWritten(result: OpResult): boolean {
  if (result.type === 'txn') return result.results.some(hasWritten)
  return result.type === 'put' || (result.type === 'delete' && result.deleted > 0)
}
