import type { LeaseId, Op, TxnOp } from '../../mvcc/types.ts'
import type { Action } from '../action.ts'
import { authTexts as texts } from './texts.ts'
import type { AuthView, Caller } from './types.ts'

/** The keys of a lease: who attaches or revokes must be allowed to write them all. */
export type KeysOfLease = (id: LeaseId) => Iterable<string>

/**
 * etcd's refusal of an action when it is applied, or undefined. On every member, whoever accepted
 * the request: what a follower passes on is judged by the same state.
 * Source: etcd server/etcdserver/apply_auth.go.
 */
export function refusalOf(
  auth: AuthView,
  caller: Caller,
  action: Action,
  keysOfLease: KeysOfLease,
): string | undefined {
  if (!auth.enabled) return undefined
  if (caller.authRevision < auth.revision) return texts.oldRevision
  if (caller.user === '') return texts.userEmpty
  switch (action.type) {
    case 'txn':
      return refusalOfTxn(auth, caller.user, action, keysOfLease)
    case 'revoke':
      return refusalOfLease(auth, caller.user, action.id, keysOfLease)
    case 'grant':
    case 'keep-alive':
      return undefined
    // Compacting is among the rest since etcd 3.4.42, 3.5.28 and 3.6.9 (CVE-2026-33413).
    default:
      return auth.isAdmin(caller.user) ? undefined : texts.denied
  }
}

/** As refusalOf, for a transaction: also what its other branch would read and write. */
export function refusalOfTxn(
  auth: AuthView,
  user: string,
  txn: Pick<TxnOp, 'compares' | 'success' | 'failure'>,
  keysOfLease: KeysOfLease,
): string | undefined {
  for (const { key, rangeEnd } of txn.compares) {
    const refused = auth.refuses(user, 'read', key, rangeEnd)
    if (refused !== undefined) return refused
  }
  for (const op of [...txn.success, ...txn.failure]) {
    const refused = refusalOfOp(auth, user, op, keysOfLease)
    if (refused !== undefined) return refused
  }
  return undefined
}

function refusalOfOp(
  auth: AuthView,
  user: string,
  op: Op,
  keysOfLease: KeysOfLease,
): string | undefined {
  if (op.type === 'txn') return refusalOfTxn(auth, user, op, keysOfLease)
  if (op.type === 'range') return auth.refuses(user, 'read', op.key, op.rangeEnd)
  const rangeEnd = op.type === 'delete' ? op.rangeEnd : undefined
  const reads = op.prevKv ? auth.refuses(user, 'read', op.key, rangeEnd) : undefined
  const lease = op.type === 'put' ? (op.lease ?? 0) : 0
  return (
    auth.refuses(user, 'write', op.key, rangeEnd) ??
    reads ??
    (lease === 0 ? undefined : refusalOfLease(auth, user, lease, keysOfLease))
  )
}

function refusalOfLease(
  auth: AuthView,
  user: string,
  id: LeaseId,
  keysOfLease: KeysOfLease,
): string | undefined {
  for (const key of keysOfLease(id)) {
    const refused = auth.refuses(user, 'write', key)
    if (refused !== undefined) return refused
  }
  return undefined
}
