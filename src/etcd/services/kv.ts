import type { Op, PartListener } from '../../mvcc/types.ts'
import type { Caller } from '../../store/auth/types.ts'
import * as rpc from '../../store/etcd/rpc/kv.ts'
import type { TxnRequest } from '../../store/types.ts'
import { type Context, Encoded, must, proposal, unary } from '../context.ts'
import { etcdError } from '../errors.ts'
import type { Call, Method } from '../grpc/types.ts'
import { read } from '../read.ts'
import { transact } from '../transact.ts'
import { deleteOp, isReadOnly, putOp, rangeOp, responseOps, txnOf } from './ops.ts'

/** The KV service. Source: etcd server/etcdserver/api/v3rpc/key.go. */
export function kvMethods(context: Context): Record<string, Method> {
  return {
    Range: unary(context, {
      request: rpc.rangeRequest,
      response: rpc.rangeResponse,
      learner: request => request.serializable,
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
      handle: (request, call) => txn(context, request, call),
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
  const check = (caller: Caller) =>
    context.admission.checkRead(caller, request.key, request.rangeEnd)
  const first = new FirstPart()
  const { serializable } = request
  const more = { serializable, onPart: first.add }
  const { range: found, revision } = await read(context, op, call, check, more)
  return first.andThen({ header: context.header(revision), ...found })
}

/**
 * The first keys of a long range, encoded as they are read. Fields of a message may stand apart:
 * what is repeated is put together by whoever reads it, in order.
 * Source: protobuf encoding, "Last One Wins", merging of repeated fields.
 */
class FirstPart {
  #parts: Buffer[] = []

  readonly add: PartListener = (kvs, at) => {
    if (at === 0) this.#parts = []
    for (const part of rpc.rangeResponse.encodeParts({ kvs })) this.#parts.push(part)
  }

  andThen({ header, ...rest }: Partial<rpc.RangeResponse>) {
    if (this.#parts.length === 0) return { header, ...rest }
    const { rangeResponse: type } = rpc
    return new Encoded([...type.encodeParts({ header }), ...this.#parts, ...type.encodeParts(rest)])
  }
}

/** One operation as a transaction. */
async function write(context: Context, call: Call, op: Op) {
  const done = await transact(context, { success: [op] }, call)
  return { result: done.results[0]!, revision: done.revision }
}

/**
 * A transaction that only reads goes through the log as well: the store has no local one, and the
 * result is the same.
 */
async function txn(context: Context, request: rpc.TxnRequestMessage, call: Call) {
  const asked = txnOf(request)
  const only = isReadOnly(asked) ? singleRange(asked) : undefined
  const { succeeded, results, revision } = only
    ? await readTxn(context, asked, only, call)
    : await transact(context, asked, call)
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
  const check = (caller: Caller) => context.admission.checkReads(caller, txn)
  const { range: found, revision } = await read(context, op, call, check)
  return { succeeded: true, results: [found], revision }
}
