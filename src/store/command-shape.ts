import { isPlain } from '../kernel/plain.ts'
import { errorMessage } from '../kernel/result.ts'
import * as shape from '../kernel/shape.ts'
import { txnDepthMax } from '../mvcc/check.ts'
import type { Action } from './action.ts'
import { type Command, unpackCommand } from './command.ts'
import { memberShape } from './member-shape.ts'

const { count, flag, list, number, object, oneOf, optional, text } = shape

/** Names and keys: what a request may carry at all, see txnBytesMax. */
const longText = text(2 << 20)
const name = text(4_096)
const value = shape.bytes(2 << 20)
/** Above what --max-txn-ops is ever raised to. */
const opsMax = 1 << 16

const compare = object({
  key: longText,
  rangeEnd: optional(longText),
  target: oneOf('version', 'create', 'mod', 'value', 'lease'),
  op: oneOf('=', '!=', '<', '>'),
  operand: shape.either(number, value),
})
const range = object({
  key: longText,
  rangeEnd: optional(longText),
  ...fields(optional(number), 'limit', 'revision', 'minModRevision', 'maxModRevision'),
  ...fields(optional(number), 'minCreateRevision', 'maxCreateRevision'),
  ...fields(optional(flag), 'keysOnly', 'countOnly'),
  sort: optional(
    object({ by: oneOf('key', 'version', 'create', 'mod', 'value'), descending: flag }),
  ),
})
const put = object({
  key: longText,
  value,
  lease: optional(number),
  ...fields(optional(flag), 'prevKv', 'ignoreValue', 'ignoreLease'),
})
const remove = object({ key: longText, rangeEnd: optional(longText), prevKv: optional(flag) })

/** Transactions in transactions, one deeper than the store takes: that one it refuses itself. */
const txn = txnShape(txnDepthMax + 2)

function txnShape(depth: number): shape.Shape {
  if (depth === 0) return () => 'nested too deep'
  const inner = txnShape(depth - 1)
  const ops = list(shape.tagged('type', { range, put, delete: remove, txn: inner }), opsMax)
  return object({ compares: list(compare, opsMax), success: ops, failure: ops })
}

const permission = object({
  type: oneOf('READ', 'WRITE', 'READWRITE'),
  key: longText,
  rangeEnd: optional(longText),
})

/** What the fields of each action have to be. */
const actions = {
  txn,
  compact: object({ revision: number }),
  grant: object({ id: number, ttlSeconds: number }),
  'keep-alive': object({ id: number }),
  revoke: object({ id: number, renewals: optional(count) }),
  'member-set': object({ id: text(64), change: memberShape }),
  'member-remove': object({ id: text(64) }),
  alarm: object({ raised: flag, memberId: text(64), alarm: oneOf('NOSPACE', 'CORRUPT') }),
  'auth-enable': object({ tokenSecret: name }),
  'auth-disable': object({}),
  'user-add': object({ name, passwordHash: name, noPassword: flag }),
  'user-delete': object({ name }),
  'user-password': object({ name, passwordHash: name }),
  'user-grant': object({ name, role: name }),
  'user-revoke': object({ name, role: name }),
  'role-add': object({ name }),
  'role-delete': object({ name }),
  'role-grant': object({ name, permission }),
  'role-revoke': object({ name, key: longText, rangeEnd: optional(longText) }),
} satisfies Record<Action['type'], shape.Shape>

const action = shape.tagged('type', actions)

const command = object({
  origin: text(64),
  ...fields(count, 'incarnation', 'sequence', 'settledBelow', 'fence'),
  caller: optional(object({ user: name, authRevision: count })),
  action,
})

/**
 * What is wrong with an action, or undefined: every member applies it, and none may throw at it.
 * Asked where a caller's action is accepted.
 */
export function wrongInAction(value: Action): string | undefined {
  return action(value)
}

/** A command that another member has sent, or what is wrong with it. */
export function readCommand(data: Uint8Array): Command | string {
  if (!isPlain(data)) return 'a command is no plain MessagePack'
  try {
    const read = unpackCommand(data)
    return command(read) ?? read
  } catch (error) {
    return errorMessage(error)
  }
}

function fields(of: shape.Shape, ...names: readonly string[]): Record<string, shape.Shape> {
  return Object.fromEntries(names.map(each => [each, of]))
}
