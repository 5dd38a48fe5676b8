import type { Key, LeaseId, Op, OpResult } from '../../mvcc/types.ts'
import * as rpc from '../../store/etcd/rpc/concurrency.ts'
import { clientRow } from '../concurrency/client-row.ts'
import { keyOf, prefixOf, sessionOf, waitForTurn } from '../concurrency/session.ts'
import type { Context } from '../context.ts'
import { RpcError } from '../grpc/status.ts'
import type { Call, Method } from '../grpc/types.ts'
import { transact } from '../transact.ts'

/** The Lock service. Source: etcd server/etcdserver/api/v3lock/lock.go. */
export function lockMethods(context: Context): Record<string, Method> {
  return {
    Lock: clientRow(context, {
      request: rpc.lockRequest,
      response: rpc.lockResponse,
      async handle({ name, lease }, call) {
        const session = await sessionOf(context, lease, call)
        const key = keyOf(name, session)
        return { header: context.header(await lock(context, name, key, session, call)), key }
      },
    }),
    Unlock: clientRow(context, {
      request: rpc.unlockRequest,
      response: rpc.unlockResponse,
      async handle({ key }, call) {
        const { revision } = await transact(context, { success: [{ type: 'delete', key }] }, call)
        return { header: context.header(revision) }
      },
    }),
  }
}

/**
 * Takes a place in the row, and waits until it is the first. A session that has a place already
 * keeps it. Returns the revision at which it was seen to hold the lock.
 * Source: etcd client/v3/concurrency/mutex.go Lock.
 */
async function lock(
  context: Context,
  name: Key,
  key: Key,
  lease: LeaseId,
  call: Call,
): Promise<number> {
  const own: Op = { type: 'range', key }
  const byCreate = { by: 'create', descending: false } as const
  const owner: Op = { type: 'range', ...prefixOf(name), sort: byCreate, limit: 1 }
  const taken = await transact(
    context,
    {
      compares: [{ key, target: 'create', op: '=', operand: 0 }],
      success: [{ type: 'put', key, value: Buffer.alloc(0), lease }, owner],
      failure: [own, owner],
    },
    call,
  )
  const place = taken.succeeded ? taken.revision : firstOf(taken.results[0])!.createRevision
  const first = firstOf(taken.results[1])
  if (first === undefined || first.createRevision === place) return taken.revision
  try {
    await waitForTurn(context, name, place - 1, call)
  } catch (error) {
    await transact(context, { success: [{ type: 'delete', key }] }, call).catch(() => {})
    throw error
  }
  const held = await transact(context, { success: [own] }, call)
  if (firstOf(held.results[0]) !== undefined) return held.revision
  throw new RpcError('unknown', 'mutex: session is expired')
}

function firstOf(result: OpResult | undefined) {
  return result?.type === 'range' ? result.kvs[0] : undefined
}
