import type { Entry, EntryKind, HardState, Index } from './types.ts'

/** What a frame's payload consists of, one after the other. Integers of 48 bits are enough. */
export type WalRecord =
  | { readonly type: 'entry'; readonly entry: Entry }
  | { readonly type: 'hard-state'; readonly hardState: HardState }
  /** The log before this is void: a snapshot at `index` took its place. */
  | { readonly type: 'reset'; readonly index: Index; readonly term: number }

const kinds: readonly EntryKind[] = ['noop', 'command', 'config']
const entryHeaderBytes = 1 + 1 + 6 + 6 + 4
const tags = { entry: 1, 'hard-state': 2, reset: 3 } as const

/** Bytes that `record` takes in a payload. */
export function recordBytes(record: WalRecord): number {
  if (record.type === 'entry') return entryHeaderBytes + record.entry.data.length
  if (record.type === 'reset') return 1 + 6 + 6
  return 1 + 6 + 6 + 2 + Buffer.byteLength(record.hardState.vote ?? '')
}

/** Writes `record` at `offset`; returns the offset after it. */
export function writeRecord(buffer: Buffer, offset: number, record: WalRecord): number {
  let at = buffer.writeUInt8(tags[record.type], offset)
  switch (record.type) {
    case 'entry': {
      const { index, term, kind, data } = record.entry
      at = buffer.writeUInt8(kinds.indexOf(kind), at)
      at = buffer.writeUIntLE(index, at, 6)
      at = buffer.writeUIntLE(term, at, 6)
      at = buffer.writeUInt32LE(data.length, at)
      buffer.set(data, at)
      return at + data.length
    }
    case 'hard-state': {
      const { term, vote, commit } = record.hardState
      at = buffer.writeUIntLE(term, at, 6)
      at = buffer.writeUIntLE(commit, at, 6)
      at = buffer.writeUInt16LE(vote === null ? 0xffff : Buffer.byteLength(vote), at)
      return at + buffer.write(vote ?? '', at)
    }
    case 'reset':
      at = buffer.writeUIntLE(record.index, at, 6)
      return buffer.writeUIntLE(record.term, at, 6)
  }
}

/**
 * The records of a payload. Entries' data are views into it.
 * @throws RangeError for a payload that is none: its checksum was right, and who wrote it was not.
 */
export function* readRecords(payload: Buffer): Generator<WalRecord> {
  let at = 0
  while (at < payload.length) {
    const { record, next } = readRecord(payload, at)
    yield record
    at = next
  }
}

function readRecord(payload: Buffer, offset: number): { record: WalRecord; next: number } {
  const tag = payload.readUInt8(offset)
  const at = offset + 1
  if (tag === tags.entry) {
    const kind = kinds[payload.readUInt8(at)]
    if (kind === undefined) throw new RangeError('an entry of an unknown kind')
    const index = payload.readUIntLE(at + 1, 6)
    const term = payload.readUIntLE(at + 7, 6)
    const start = at + 17
    const next = end(payload, start, payload.readUInt32LE(at + 13))
    const entry = { index, term, kind, data: payload.subarray(start, next) }
    return { record: { type: 'entry', entry }, next }
  }
  if (tag !== tags.reset && tag !== tags['hard-state']) throw new RangeError('an unknown record')
  const first = payload.readUIntLE(at, 6)
  const second = payload.readUIntLE(at + 6, 6)
  if (tag === tags.reset) {
    return { record: { type: 'reset', index: first, term: second }, next: at + 12 }
  }
  const length = payload.readUInt16LE(at + 12)
  const start = at + 14
  const next = end(payload, start, length === 0xffff ? 0 : length)
  const vote = length === 0xffff ? null : payload.toString('utf8', start, next)
  const hardState = { term: first, vote, commit: second }
  return { record: { type: 'hard-state', hardState }, next }
}

function end(payload: Buffer, start: number, length: number): number {
  if (start + length > payload.length) throw new RangeError('a record is longer than its frame')
  return start + length
}
