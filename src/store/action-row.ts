import type { Compare, Op, PutOp, TxnOp } from '../mvcc/types.ts'
import type { Action } from './action.ts'

/**
 * Transactions as rows: nearly every command of the log is one, and the names of its fields would
 * take more bytes, and more time, than what they name. Other actions stay as they are.
 * ```
 * txn      [compares, success, failure]          compares as objects
 * put      [1, key, value, lease, flags]         flags: 1 prevKv, 2 ignoreValue, 4 ignoreLease
 * delete   [2, key, rangeEnd, prevKv]
 * txn op   [3, compares, success, failure]
 * range    the object itself
 * ```
 */
export type ActionRow = TxnRow | Action

type TxnRow = readonly [readonly Compare[], readonly OpRow[], readonly OpRow[]]
type OpRow =
  | readonly [1, string, Uint8Array, number, number]
  | readonly [2, string, string | undefined, boolean]
  | readonly [3, ...TxnRow]
  | Op

export function rowOfAction(action: Action): ActionRow {
  return action.type === 'txn' ? rowOfTxn(action) : action
}

/** Of a log of format 1, too: there all actions are objects. */
export function actionOfRow(row: ActionRow): Action {
  return isRow(row) ? txnOfRow(row) : row
}

function isRow<Row extends readonly unknown[]>(row: Row | object): row is Row {
  return Array.isArray(row)
}

function rowOfTxn({ compares, success, failure }: Omit<TxnOp, 'type'>): TxnRow {
  return [compares, success.map(rowOfOp), failure.map(rowOfOp)]
}

function txnOfRow([compares, success, failure]: TxnRow): TxnOp {
  return { type: 'txn', compares, success: success.map(opOfRow), failure: failure.map(opOfRow) }
}

function rowOfOp(op: Op): OpRow {
  if (op.type === 'put') return [1, op.key, op.value, op.lease ?? 0, flagsOf(op)]
  if (op.type === 'delete') return [2, op.key, op.rangeEnd, op.prevKv ?? false]
  return op.type === 'txn' ? [3, ...rowOfTxn(op)] : op
}

function opOfRow(row: OpRow): Op {
  if (!isRow(row)) return row
  switch (row[0]) {
    case 1: {
      const [, key, value, lease, flags] = row
      const put: PutOp = { type: 'put', key, value, lease }
      if (flags === 0) return put
      const [prevKv, ignoreValue, ignoreLease] = [1, 2, 4].map(bit => (flags & bit) !== 0)
      return { ...put, prevKv, ignoreValue, ignoreLease }
    }
    case 2:
      return { type: 'delete', key: row[1], rangeEnd: row[2] ?? undefined, prevKv: row[3] }
    case 3:
      return txnOfRow([row[1], row[2], row[3]])
  }
}

function flagsOf({ prevKv, ignoreValue, ignoreLease }: PutOp): number {
  return (prevKv ? 1 : 0) | (ignoreValue ? 2 : 0) | (ignoreLease ? 4 : 0)
}
