import { txnBytesMax } from '../kernel/limits.ts'
import type { Compare, Op } from '../mvcc/types.ts'
import type { StoreFailure, TxnRequest } from './types.ts'

/** Bytes of a transaction's keys and values: what txnBytesMax limits. */
export function txnBytes(request: TxnRequest): number {
  let bytes = 0
  for (const compare of request.compares) bytes += compareBytesOf(compare)
  for (const ops of [request.success, request.failure]) {
    for (const op of ops) bytes += opBytes(op)
  }
  return bytes
}

/** A failure when the transaction is above txnBytesMax. */
export function checkSize(request: TxnRequest): StoreFailure | undefined {
  const bytes = txnBytes(request)
  if (bytes <= txnBytesMax) return undefined
  const message = `etcdserver: request is too large: ${bytes} bytes, at most ${txnBytesMax}`
  return { ok: false, why: 'too-large', message }
}

function compareBytesOf(compare: Compare): number {
  const operand = typeof compare.operand === 'number' ? 8 : compare.operand.length
  return compare.key.length + (compare.rangeEnd?.length ?? 0) + operand + 8
}

function opBytes(op: Op): number {
  if (op.type === 'txn') return txnBytes(op)
  const value = op.type === 'put' ? op.value.length : (op.rangeEnd?.length ?? 0)
  return op.key.length + value + 8
}
