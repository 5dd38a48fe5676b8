import { anything, count, flag, integer, type Shape } from '../kernel/shape.ts'
import { decodeMembership } from '../raft/membership.ts'
import type { Entry, EntryKind, MemberId, Message } from '../raft/types.ts'
import { membershipShape } from './member-shape.ts'

/** Far above what elections reach; a snapshot's ID carries a term beside 20 bits of its own. */
export const termMax = 2 ** 32

const term = integer(0, termMax)
const index = count

/**
 * Raft's messages as rows, for frames between members: a number for the type, then the fields in
 * the order below. Who sends and to whom is what the connection says, and is not repeated.
 */
const fields = {
  append: { term, prevIndex: index, prevTerm: term, entries: anything, commit: index },
  'append-answer': { term, ok: flag, index, hintIndex: index, hintTerm: term },
  commit: { term, commit: index },
  heartbeat: { term, commit: index, round: count, late: count },
  'heartbeat-answer': { term, round: count, late: count },
  vote: { term, pre: flag, lastIndex: index, lastTerm: term, force: flag },
  'vote-answer': { term, pre: flag, granted: flag },
  snapshot: {
    ...{ term, index, snapshotTerm: term },
    membership: membershipShape,
  },
  'timeout-now': { term },
  read: { term, id: count },
  'read-answer': { term, id: count, index: integer(-1, Number.MAX_SAFE_INTEGER) },
} as const satisfies { readonly [T in Message['type']]: Readonly<Record<string, Shape>> }

const types = Object.keys(fields) as Message['type'][]
const rows = new Map(types.map((type, at) => [type, { number: at, fields: fieldsOf(type) }]))
const kinds: readonly EntryKind[] = ['noop', 'command', 'config']

/** [type, ...fields] */
export type MessageRow = readonly unknown[]

export function rowOfMessage(message: Message): MessageRow {
  const { number, fields: known } = rows.get(message.type)!
  const row: unknown[] = [number]
  for (const [field] of known) {
    const value = message[field as keyof Message] as unknown
    row.push(field === 'entries' ? rowOfEntries(value as readonly Entry[]) : value)
  }
  return row
}

/** @throws RangeError when it is no row of a message, or a field is not what it has to be. */
export function messageOfRow(row: MessageRow, from: MemberId, to: MemberId): Message {
  const type = types[row[0] as number]
  if (type === undefined) throw new RangeError(`message type ${String(row[0])}`)
  const message: Record<string, unknown> & { entries?: unknown } = { type, from, to }
  let at = 1
  for (const [field, shape] of rows.get(type)!.fields) {
    const value = row[at++]
    const wrong = value === undefined ? 'missing' : shape(value)
    if (wrong !== undefined) throw new RangeError(`${type}: ${field}: ${wrong}`)
    message[field] = value
  }
  if (type === 'append') message.entries = entriesOfRow(message as unknown as AppendRow)
  return message as unknown as Message
}

function fieldsOf(type: Message['type']): readonly (readonly [string, Shape])[] {
  return Object.entries(fields[type])
}

/**
 * Entries follow each other, and nearly always are of one term:
 * [first index, term, kind, data, term, kind, data, ...].
 */
type EntriesRow = readonly (number | Uint8Array)[]

interface AppendRow {
  readonly term: number
  readonly prevIndex: number
  readonly prevTerm: number
  readonly entries: unknown
}

function rowOfEntries(entries: readonly Entry[]): EntriesRow {
  const row: (number | Uint8Array)[] = [entries[0]?.index ?? 0]
  for (const { term, kind, data } of entries) row.push(term, kinds.indexOf(kind), data)
  return row
}

/** Entries of an append follow prevIndex, and terms neither fall nor pass the sender's. */
function entriesOfRow({ term, prevIndex, prevTerm, entries: row }: AppendRow): Entry[] {
  if (!Array.isArray(row) || row.length % 3 !== 1) throw new RangeError('append: no entries')
  if (row.length > 1 && row[0] !== prevIndex + 1) throw new RangeError('append: a gap')
  const entries: Entry[] = []
  let index = prevIndex + 1
  let before = prevTerm
  for (let at = 1; at < row.length; at += 3) {
    const entry = entryOf(index++, row[at], row[at + 1], row[at + 2])
    if (entry.term < before || entry.term > term) throw new RangeError('append: terms fall')
    before = entry.term
    entries.push(entry)
  }
  return entries
}

function entryOf(index: number, term: unknown, number: unknown, data: unknown): Entry {
  const kind = kinds[number as number]
  if (kind === undefined) throw new RangeError(`entry kind ${String(number)}`)
  if (!Number.isSafeInteger(term)) throw new RangeError('entry without a term')
  if (!(data instanceof Uint8Array)) throw new RangeError('entry without data')
  // It counts as soon as it is appended: too late to find out that it can't be read.
  if (kind === 'config') decodeMembership(data)
  return { index, term: term as number, kind, data }
}
