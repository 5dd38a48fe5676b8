import { Packr } from 'msgpackr'
import type { LeaseId } from '../mvcc/types.ts'
import type { TxnRequest } from './types.ts'

/** What the log tells the state machine to do. */
export type Action =
  | ({ readonly type: 'txn' } & TxnRequest)
  | { readonly type: 'compact'; readonly revision: number }
  | { readonly type: 'grant'; readonly id: LeaseId; readonly ttlSeconds: number }
  | { readonly type: 'keep-alive'; readonly id: LeaseId }
  | { readonly type: 'revoke'; readonly id: LeaseId }

/**
 * A proposal. (origin, incarnation, sequence) is its identity: however often it reaches the log, it
 * is applied once. `settledBelow`: the origin waits for none below, so the table may forget them.
 */
export interface Command {
  readonly origin: string
  readonly incarnation: number
  readonly sequence: number
  readonly settledBelow: number
  /** Refused unless the entry's own term equals this; 0: any. */
  readonly fence: number
  readonly action: Action
}

const packr = new Packr({ useRecords: false })

/** A command as bytes; the leader passes them on without looking inside. */
export function packCommand(command: Command): Uint8Array {
  const { origin, incarnation, sequence, settledBelow, fence, action } = command
  return packr.pack([origin, incarnation, sequence, settledBelow, fence, action])
}

export function unpackCommand(data: Uint8Array): Command {
  const row = packr.unpack(data) as [string, number, number, number, number, Action]
  const [origin, incarnation, sequence, settledBelow, fence, action] = row
  return { origin, incarnation, sequence, settledBelow, fence, action }
}

/** Several commands as one entry's data: each with its length before it. */
export function joinCommands(commands: readonly Uint8Array[]): Uint8Array {
  const bytes = commands.reduce((sum, command) => sum + 4 + command.length, 0)
  const data = Buffer.allocUnsafe(bytes)
  let at = 0
  for (const command of commands) {
    at = data.writeUInt32LE(command.length, at)
    data.set(command, at)
    at += command.length
  }
  return data
}

/** The commands of an entry. */
export function* splitCommands(data: Uint8Array): Generator<Uint8Array> {
  const view = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  let at = 0
  while (at < view.length) {
    const end = at + 4 + view.readUInt32LE(at)
    yield view.subarray(at + 4, end)
    at = end
  }
}
