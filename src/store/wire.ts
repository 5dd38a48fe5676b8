import type { Entry, EntryKind, MemberId, Message } from '../raft/types.ts'

/**
 * Raft's messages as rows, for frames between members: a number for the type, then the fields in
 * the order below. Who sends and to whom is what the connection says, and is not repeated.
 */
const fields = {
  append: ['term', 'prevIndex', 'prevTerm', 'entries', 'commit'],
  'append-answer': ['term', 'ok', 'index', 'hintIndex', 'hintTerm'],
  commit: ['term', 'commit'],
  heartbeat: ['term', 'commit', 'round'],
  'heartbeat-answer': ['term', 'round'],
  vote: ['term', 'pre', 'lastIndex', 'lastTerm', 'force'],
  'vote-answer': ['term', 'pre', 'granted'],
  snapshot: ['term', 'index', 'snapshotTerm', 'membership'],
  'timeout-now': ['term'],
  read: ['term', 'id'],
  'read-answer': ['term', 'id', 'index'],
} as const satisfies Record<Message['type'], readonly string[]>

const types = Object.keys(fields) as Message['type'][]
const numbers = new Map(types.map((type, at) => [type, at]))
const kinds: readonly EntryKind[] = ['noop', 'command', 'config']

/** [type, ...fields] */
export type MessageRow = readonly unknown[]

export function rowOfMessage(message: Message): MessageRow {
  const row: unknown[] = [numbers.get(message.type)]
  for (const field of fields[message.type]) {
    const value = message[field as keyof Message] as unknown
    row.push(field === 'entries' ? rowOfEntries(value as readonly Entry[]) : value)
  }
  return row
}

/** @throws RangeError when it is no row of a message. */
export function messageOfRow(row: MessageRow, from: MemberId, to: MemberId): Message {
  const type = types[row[0] as number]
  if (type === undefined) throw new RangeError(`message type ${String(row[0])}`)
  const message: Record<string, unknown> = { type, from, to }
  for (const [at, field] of fields[type].entries()) {
    const value = row[at + 1]
    if (value === undefined) throw new RangeError(`${type} without ${field}`)
    message[field] = field === 'entries' ? entriesOfRow(value as EntriesRow) : value
  }
  return message as unknown as Message
}

/**
 * Entries follow each other, and nearly always are of one term:
 * [first index, term, kind, data, term, kind, data, ...].
 */
type EntriesRow = readonly (number | Uint8Array)[]

function rowOfEntries(entries: readonly Entry[]): EntriesRow {
  const row: (number | Uint8Array)[] = [entries[0]?.index ?? 0]
  for (const { term, kind, data } of entries) row.push(term, kinds.indexOf(kind), data)
  return row
}

function entriesOfRow(row: EntriesRow): Entry[] {
  const entries: Entry[] = []
  let index = row[0] as number
  for (let at = 1; at < row.length; at += 3) {
    const kind = kinds[row[at + 1] as number]
    if (kind === undefined) throw new RangeError(`entry kind ${String(row[at + 1])}`)
    entries.push({ index: index++, term: row[at] as number, kind, data: row[at + 2] as Uint8Array })
  }
  return entries
}
