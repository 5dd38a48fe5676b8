import { must } from '../kernel/assert.ts'
import * as check from './check.ts'
import { holds } from './compare.ts'
import type { Leases } from './lease.ts'
import { liveIn, type Readable } from './range.ts'
import type { Compare, PutOp, RangeOp, Revision, TxnOp } from './types.ts'

/** A transaction's two branches, as TxnRequest of the store. */
export type Txn = Pick<TxnOp, 'compares' | 'success' | 'failure'>

/** Which branch each transaction of a tree takes, decided before the first write. */
export interface Path {
  readonly succeeded: boolean
  readonly nested: readonly (Path | undefined)[]
}

/** The state before a transaction. */
export interface Before {
  readonly readable: Readable
  readonly leases: Leases
  readonly revision: Revision
  readonly floor: Revision
}

/**
 * Makes all compares, nested ones too, on the state before the first write; in steps.
 * Source: etcd server/etcdserver/txn/txn.go compareToPath.
 */
export function* decide(before: Before, txn: Txn): Generator<void, Path> {
  let succeeded = true
  for (const compare of txn.compares) succeeded &&= yield* isMet(before, compare)
  const nested: (Path | undefined)[] = []
  for (const op of succeeded ? txn.success : txn.failure) {
    nested.push(op.type === 'txn' ? yield* decide(before, op) : undefined)
  }
  return { succeeded, nested }
}

function* isMet({ readable, revision }: Before, compare: Compare): Generator<void, boolean> {
  const { key, rangeEnd } = compare
  const found = yield* liveIn(readable, key, rangeEnd, revision)
  return holds(compare, readable.histories.rows, found)
}

/** What needs the state to be checked, on the branches that will run. */
export function refusalOf(before: Before, txn: Txn, path: Path): check.MvccFailure | undefined {
  for (const [at, op] of (path.succeeded ? txn.success : txn.failure).entries()) {
    let wrong: check.MvccFailure | undefined
    if (op.type === 'txn') wrong = refusalOf(before, op, must(path.nested[at], 'path'))
    if (op.type === 'range') wrong = refusalOfRevision(before, op)
    if (op.type === 'put') wrong = refusalOfPut(before, op)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

/** @returns `future` or `compacted`, where the revision asked for can't be read */
export function refusalOfRevision(
  now: Pick<Before, 'revision' | 'floor'>,
  op: RangeOp,
): check.MvccFailure | undefined {
  const revision = op.revision ?? 0
  if (revision > now.revision) return check.future(now.revision)
  if (revision > 0 && revision < now.floor) return check.compacted(now.floor)
  return undefined
}

function refusalOfPut(
  { readable, leases, revision }: Before,
  { key, lease = 0, ignoreValue, ignoreLease }: PutOp,
): check.MvccFailure | undefined {
  if (lease !== 0 && leases.get(lease) === undefined) {
    return check.invalid(check.messages.leaseNotFound)
  }
  if (!ignoreValue && !ignoreLease) return undefined
  const { histories } = readable
  const isThere = histories.liveAt(histories.slotOf(key), revision) !== 0
  return isThere ? undefined : check.invalid(check.messages.keyNotFound)
}
