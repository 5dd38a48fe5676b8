import type { Compare, Key, LeaseId, Op, Revision } from './types.ts'

/** Why the store refuses a request. The messages are etcd's: clients compare them. */
export type MvccFailure =
  | { readonly ok: false; readonly why: 'invalid'; readonly message: string }
  | {
      readonly ok: false
      readonly why: 'compacted' | 'future'
      readonly message: string
      readonly revision: Revision
    }

/** etcd's `--max-txn-ops`. */
export const txnOpsMax = 128

/** Nested transactions deeper than this are refused. */
export const txnDepthMax = 8

/** Texts of etcd's errors. Source: etcd api/v3rpc/rpctypes/error.go. */
export const messages = {
  noKey: 'etcdserver: key is not provided',
  keyNotFound: 'etcdserver: key not found',
  duplicateKey: 'etcdserver: duplicate key given in txn request',
  tooManyOps: 'etcdserver: too many operations in txn request',
  tooDeep: 'etcdserver: txn is nested too deep',
  valueProvided: 'etcdserver: value is provided',
  leaseProvided: 'etcdserver: lease is provided',
  leaseNotFound: 'etcdserver: requested lease not found',
  leaseRenewed: 'the lease was renewed meanwhile',
  leaseExists: 'etcdserver: lease already exists',
  badLease: 'etcdserver: lease id or ttl is out of range',
  compacted: 'etcdserver: mvcc: required revision has been compacted',
  future: 'etcdserver: mvcc: required revision is a future revision',
} as const

export function invalid(message: string): MvccFailure {
  return { ok: false, why: 'invalid', message }
}

export function compacted(floor: Revision): MvccFailure {
  return { ok: false, why: 'compacted', message: messages.compacted, revision: floor }
}

export function future(revision: Revision): MvccFailure {
  return { ok: false, why: 'future', message: messages.future, revision }
}

/** The end of a range in OrderedMap's terms: undefined is "to the end". */
export function endOf(key: Key, rangeEnd: Key | undefined): Key | undefined {
  if (rangeEnd === undefined || rangeEnd === '') return `${key}\0`
  return rangeEnd === '\0' ? undefined : rangeEnd
}

/** True when `key` lies in [from, rangeEnd) as RangeOp means it. */
export function inRange(key: Key, from: Key, rangeEnd: Key | undefined): boolean {
  if (rangeEnd === undefined || rangeEnd === '') return key === from
  return key >= from && (rangeEnd === '\0' || key < rangeEnd)
}

/**
 * What can be said of a transaction without the store: keys given, size, no key written twice.
 * Source: etcd server/etcdserver/api/v3rpc/key.go checkTxnRequest, checkIntervals.
 */
export function checkTxn(
  compares: readonly Compare[],
  success: readonly Op[],
  failure: readonly Op[],
  depth = 0,
  opsMax = txnOpsMax,
): MvccFailure | undefined {
  if (depth > txnDepthMax) return invalid(messages.tooDeep)
  // A nested transaction has what its outer one leaves.
  const opsLeft = opsMax - Math.max(compares.length, success.length, failure.length)
  if (opsLeft < 0) return invalid(messages.tooManyOps)
  if (compares.some(compare => compare.key === '')) return invalid(messages.noKey)
  for (const ops of [success, failure]) {
    for (const op of ops) {
      const wrong = checkOp(op, depth, opsLeft)
      if (wrong !== undefined) return wrong
    }
    // One operation can't name a key twice, unless it is a transaction.
    if (ops.length === 1 && ops[0]!.type !== 'txn') continue
    if (writesOf(ops) === undefined) return invalid(messages.duplicateKey)
  }
  return undefined
}

function checkOp(op: Op, depth: number, opsLeft: number): MvccFailure | undefined {
  if (op.type === 'txn') return checkTxn(op.compares, op.success, op.failure, depth + 1, opsLeft)
  if (op.key === '') return invalid(messages.noKey)
  if (op.type !== 'put') return undefined
  if (op.ignoreValue && op.value.length > 0) return invalid(messages.valueProvided)
  if (op.ignoreLease && (op.lease ?? 0) !== 0) return invalid(messages.leaseProvided)
  return undefined
}

interface Writes {
  readonly puts: Set<Key>
  readonly deletes: { readonly key: Key; readonly rangeEnd: Key | undefined }[]
}

/** What `ops` may write, or undefined when a key may be written twice. */
function writesOf(ops: readonly Op[]): Writes | undefined {
  const sum: Writes = { puts: new Set(), deletes: [] }
  for (const op of ops) {
    if (op.type === 'range') continue
    const own = ownWrites(op)
    if (own === undefined || overlap(sum, own) || overlap(own, sum)) return undefined
    for (const key of own.puts) sum.puts.add(key)
    sum.deletes.push(...own.deletes)
  }
  return sum
}

function ownWrites(op: Exclude<Op, { type: 'range' }>): Writes | undefined {
  if (op.type === 'put') return { puts: new Set([op.key]), deletes: [] }
  if (op.type === 'delete') return { puts: new Set(), deletes: [op] as Writes['deletes'] }
  const success = writesOf(op.success)
  const failure = writesOf(op.failure)
  if (success === undefined || failure === undefined) return undefined
  return {
    puts: new Set([...success.puts, ...failure.puts]),
    deletes: [...success.deletes, ...failure.deletes],
  }
}

function overlap(left: Writes, right: Writes): boolean {
  for (const key of left.puts) {
    if (right.puts.has(key)) return true
    if (right.deletes.some(range => inRange(key, range.key, range.rangeEnd))) return true
  }
  return false
}

/** A lease's ID must survive a double, and its time etcd's bound (9,000,000,000 s). */
export function checkLease(id: LeaseId, ttlSeconds: number): MvccFailure | undefined {
  const good = Number.isSafeInteger(id) && id > 0 && ttlSeconds > 0 && ttlSeconds <= 9_000_000_000
  return good ? undefined : invalid(messages.badLease)
}
