import { Packr } from 'msgpackr'
import type { Action } from './action.ts'
import { type ActionRow, actionOfRow, rowOfAction } from './action-row.ts'
import type { Caller } from './auth/types.ts'

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
  /** Whose permissions count; absent for what the cluster itself does. */
  readonly caller?: Caller
  readonly action: Action
}

type CommandRow = [string, number, number, number, number, ActionRow, string?, number?]

const packr = new Packr({ useRecords: false })

/** A command as bytes; the leader passes them on without looking inside. */
export function packCommand(command: Command): Uint8Array {
  const { origin, incarnation, sequence, settledBelow, fence, action, caller } = command
  const row = [origin, incarnation, sequence, settledBelow, fence, rowOfAction(action)]
  return packr.pack(caller === undefined ? row : [...row, caller.user, caller.authRevision])
}

export function unpackCommand(data: Uint8Array): Command {
  const row = packr.unpack(data) as CommandRow
  const [origin, incarnation, sequence, settledBelow, fence, action, user, authRevision = 0] = row
  const caller = user === undefined ? undefined : { user, authRevision }
  return { origin, incarnation, sequence, settledBelow, fence, caller, action: actionOfRow(action) }
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
