import type { RangeOp, RangeResult } from '../mvcc/types.ts'
import type { Caller } from '../store/auth/types.ts'
import type { ReadOptions } from '../store/types.ts'
import { type Context, granted, timeoutOf } from './context.ts'
import type { Call } from './grpc/types.ts'

/**
 * A read in the name of the caller. What he may do is looked at after the read was permitted: a
 * linearizable read obeys the latest permissions.
 * @throws RpcError, or what `check` throws when he may not
 */
export async function read(
  context: Context,
  op: RangeOp,
  call: Call,
  check: (caller: Caller) => void,
  more: Pick<ReadOptions, 'serializable' | 'onPart'> = {},
): Promise<{ readonly range: RangeResult; readonly revision: number }> {
  const { admission, options } = context
  const caller = admission.callerOf(call)
  const found = await options.store.range(op, { ...more, ...timeoutOf(call) })
  check(caller)
  return granted(found)
}
