import type { TxnOutcome, TxnRequest } from '../store/types.ts'
import { type Context, must, proposal } from './context.ts'
import type { Call } from './grpc/types.ts'

/** A transaction in the name of the caller. @throws RpcError */
export function transact(
  context: Context,
  { compares = [], success = [], failure = [] }: Partial<TxnRequest>,
  call: Call,
): Promise<TxnOutcome> {
  const txn = { compares, success, failure }
  return must(context.options.store.txn(txn, proposal(context, call)))
}
