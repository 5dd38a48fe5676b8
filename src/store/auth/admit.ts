import type { Key, LeaseId, Op, TxnOp } from '../../mvcc/types.ts'
import type { Action } from '../action.ts'
import { authTexts as texts } from './texts.ts'
import type { AuthView, Caller } from './types.ts'

/** The keys of a lease: who attaches or revokes must be allowed to write them all. */
export type KeysOfLease = (id: LeaseId) => Iterable<Key>

/** Keys whose permissions are looked up in one step. */
const stepKeys = 500

/**
 * etcd's refusal of an action when it is applied, or undefined. On every member, whoever accepted
 * the request: what a follower passes on is judged by the same state. In steps, for a lease may
 * have very many keys.
 * Source: etcd server/etcdserver/apply_auth.go.
 */
export function* refusalSteps(
  auth: AuthView,
  caller: Caller,
  action: Action,
  keysOfLease: KeysOfLease,
): Generator<void, string | undefined> {
  if (!auth.enabled) return undefined
  if (caller.authRevision < auth.revision) return texts.oldRevision
  if (caller.user === '') return texts.userEmpty
  switch (action.type) {
    case 'txn':
      return yield* refusalOfTxn(auth, caller.user, action, keysOfLease)
    case 'revoke':
      return yield* refusalOfKeys(auth, caller.user, 'write', keysOfLease(action.id))
    case 'grant':
    case 'keep-alive':
      return undefined
    // Compacting is among the rest since etcd 3.4.42, 3.5.28 and 3.6.9 (CVE-2026-33413).
    default:
      return auth.isAdmin(caller.user) ? undefined : texts.denied
  }
}

/** As refusalSteps, for a transaction: also what its other branch would read and write. */
export function* refusalOfTxn(
  auth: AuthView,
  user: string,
  txn: Pick<TxnOp, 'compares' | 'success' | 'failure'>,
  keysOfLease: KeysOfLease,
): Generator<void, string | undefined> {
  for (const { key, rangeEnd } of txn.compares) {
    const refused = auth.refuses(user, 'read', key, rangeEnd)
    if (refused !== undefined) return refused
  }
  for (const op of [...txn.success, ...txn.failure]) {
    const refused = yield* refusalOfOp(auth, user, op, keysOfLease)
    if (refused !== undefined) return refused
  }
  return undefined
}

function* refusalOfOp(
  auth: AuthView,
  user: string,
  op: Op,
  keysOfLease: KeysOfLease,
): Generator<void, string | undefined> {
  if (op.type === 'txn') return yield* refusalOfTxn(auth, user, op, keysOfLease)
  if (op.type === 'range') return auth.refuses(user, 'read', op.key, op.rangeEnd)
  const rangeEnd = op.type === 'delete' ? op.rangeEnd : undefined
  const reads = op.prevKv ? auth.refuses(user, 'read', op.key, rangeEnd) : undefined
  const refused = auth.refuses(user, 'write', op.key, rangeEnd) ?? reads
  const lease = op.type === 'put' ? (op.lease ?? 0) : 0
  if (refused !== undefined || lease === 0) return refused
  return yield* refusalOfKeys(auth, user, 'write', keysOfLease(lease))
}

/** Unless the user may do `type` with every one of `keys`. */
export function* refusalOfKeys(
  auth: AuthView,
  user: string,
  type: 'read' | 'write',
  keys: Iterable<Key>,
): Generator<void, string | undefined> {
  if (auth.isAdmin(user)) return undefined
  let left = stepKeys
  for (const key of keys) {
    const refused = auth.refuses(user, type, key)
    if (refused !== undefined) return refused
    if (--left > 0) continue
    yield
    left = stepKeys
  }
  return undefined
}
