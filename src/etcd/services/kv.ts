import type { Op } from '../../mvcc/types.ts'
import * as rpc from '../../store/etcd/rpc/kv.ts'
import type { TxnRequest } from '../../store/types.ts'
import { type Context, granted, must, proposal, timeoutOf, unary } from '../context.ts'
import { etcdError } from '../errors.ts'
import type { Call, Method } from '../grpc/types.ts'
import { deleteOp, isReadOnly, putOp, rangeOp, responseOps, txnOf } from './ops.ts'
import { encodeRange } from './range-response.ts'

/** The KV service. Source: etcd server/etcdserver/api/v3rpc/key.go. */
export function kvMethods(context: Context): Record<string, Method> {
  return {
    Range: unary(context, {
      request: rpc.rangeRequest,
      response: rpc.rangeResponse,
      learner: request => request.serializable,
      encode: encodeRange,
      handle: (request, call) => range(context, request, call),
    }),
    Put: unary(context, {
      request: rpc.putRequest,
      response: rpc.putResponse,
      async handle(request, call) {
        const done = await write(context, call, putOp(request))
        const prevKv = done.result.type === 'put' ? done.result.prevKv : undefined
        return { header: context.header(done.revision), prevKv }
      },
    }),
    DeleteRange: unary(context, {
      request: rpc.deleteRangeRequest,
      response: rpc.deleteRangeResponse,
      async handle(request, call) {
        const { result, revision } = await write(context, call, deleteOp(request))
        return { header: context.header(revision), ...(result.type === 'delete' && result) }
      },
    }),
    Txn: unary(context, {
      request: rpc.txnRequest,
      response: rpc.txnResponse,
      handle: (request, call) => transact(context, request, call),
    }),
    Compact: unary(context, {
      request: rpc.compactionRequest,
      response: rpc.compactionResponse,
      async handle({ revision }, call) {
        const options = proposal(context, call)
        context.admission.checkAdmin(options.caller)
        const done = await must(context.options.store.compact(revision, options))
        return { header: context.header(done.revision) }
      },
    }),
  }
}

async function range(context: Context, request: rpc.RangeRequest, call: Call) {
  const op = rangeOp(request)
  if (op.key === '') throw etcdError('etcdserver: key is not provided')
  const { admission, options } = context
  const caller = admission.callerOf(call)
  const { serializable } = request
  const read = await options.store.range(op, { serializable, ...timeoutOf(call) })
  // Permissions are looked at after the read permit: a linearizable read obeys the latest ones.
  admission.checkRead(caller, request.key, request.rangeEnd)
  const { range: found, revision } = granted(read)
  return { header: context.header(revision), ...found }
}

/** One operation as a transaction. */
async function write(context: Context, call: Call, op: Op) {
  const done = await propose(context, { compares: [], success: [op], failure: [] }, call)
  return { result: done.results[0]!, revision: done.revision }
}

async function propose(context: Context, txn: TxnRequest, call: Call) {
  const done = await must(context.options.store.txn(txn, proposal(context, call)))
  return done
}

/**
 * A transaction that only reads goes through the log as well: the store has no local one, and the
 * result is the same.
 */
async function transact(context: Context, request: rpc.TxnRequestMessage, call: Call) {
  const txn = txnOf(request)
  const only = isReadOnly(txn) ? singleRange(txn) : undefined
  const { succeeded, results, revision } = only
    ? await readTxn(context, txn, only, call)
    : await propose(context, txn, call)
  return {
    header: context.header(revision),
    succeeded,
    responses: responseOps(results, revision),
  }
}

/** A transaction that is nothing but one read, as some clients write it. */
function singleRange(txn: TxnRequest): (Op & { type: 'range' }) | undefined {
  const [op, ...more] = txn.success
  const single = txn.compares.length === 0 && more.length === 0 && op?.type === 'range'
  return single && op.key !== '' ? op : undefined
}

async function readTxn(context: Context, txn: TxnRequest, op: Op & { type: 'range' }, call: Call) {
  const { admission, options } = context
  const caller = admission.callerOf(call)
  const read = await options.store.range(op, timeoutOf(call))
  admission.checkReads(caller, txn)
  const { range: found, revision } = granted(read)
  return { succeeded: true, results: [found], revision }
}
