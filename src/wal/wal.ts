import { assert } from '../kernel/assert.ts'
import type { Disk, DiskFile } from './disk.ts'
import { findLaterFrame, framedBytes, frameHeaderBytes, readFrame, sealFrame } from './frame.ts'
import { readRecords, recordBytes, type WalRecord, writeRecord } from './record.ts'
import type { Entry, HardState, Index } from './types.ts'

/** The log is damaged where a crash can't have done it: this member's disk is not to be trusted. */
export class WalDamagedError extends Error {
  override readonly name = 'WalDamagedError'
  readonly file: string
  readonly offset: number

  constructor(file: string, offset: number, what: string) {
    super(`write-ahead log ${file} is damaged at offset ${offset}: ${what}`)
    this.file = file
    this.offset = offset
  }
}

/** What was found on the disk. */
export interface Recovered {
  readonly hardState: HardState
  /** In order, without gaps; older ones than the snapshot may be among them. */
  readonly entries: Entry[]
  /** The last reset, when there was one. */
  readonly reset?: { readonly index: Index; readonly term: number }
  /** Bytes of an unfinished last write that were dropped. */
  readonly tornBytes: number
  /** Where the next frame goes. */
  readonly end: { readonly file: string; readonly offset: number }
}

export interface WalOptions {
  /** Size of a segment file; one is preallocated with zeros, as that makes fdatasync cheaper. */
  readonly segmentBytes?: number
}

type Found = { entries: Entry[]; reset: Recovered['reset'] }

interface Segment {
  readonly name: string
  readonly sequence: number
  bytes: number
  /** The highest entry in it; segments are removed when a snapshot holds all of theirs. */
  lastIndex: Index
}

const segmentBytesDefault = 8 * 1024 * 1024
/** The next segment, made ahead: zeros. */
const spareName = 'spare.log'

const segmentPattern = /^wal-(\d{12})\.log$/

/**
 * The write-ahead log: segments of frames. One `append` is one frame, one write, one fdatasync,
 * whatever it holds. So each frame was durable before the next was written, and an unreadable frame
 * is a torn last write exactly when no readable one follows it. Everything else is damage.
 */
export class Wal {
  readonly #disk: Disk
  readonly #segmentBytes: number
  #segments: Segment[] = []
  #file: DiskFile | undefined
  #offset = 0
  #frame = 0
  #hardState: HardState = { term: 0, vote: null, commit: 0 }
  #buffer = Buffer.alloc(64 * 1024)
  /** Fsyncs done. */
  fsyncs = 0

  private constructor(disk: Disk, options: WalOptions) {
    this.#disk = disk
    this.#segmentBytes = options.segmentBytes ?? segmentBytesDefault
  }

  /**
   * Opens the log of a directory, or begins one.
   * @throws WalDamagedError with file and offset.
   */
  static open(disk: Disk, options: WalOptions = {}): { wal: Wal; recovered: Recovered } {
    const wal = new Wal(disk, options)
    return { wal, recovered: wal.#recover() }
  }

  /** Bytes of all segments. */
  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0)
  }

  /** Makes a hard state and entries durable. An entry replaces those at its index and above. */
  append(hardState: HardState | undefined, entries: readonly Entry[]): void {
    const records: WalRecord[] = entries.map(entry => ({ type: 'entry', entry }))
    if (hardState !== undefined) records.push({ type: 'hard-state', hardState })
    this.#write(records)
  }

  /** A snapshot at `index`, durable already, took the place of the log. */
  reset(index: Index, term: number, hardState: HardState | undefined): void {
    const records: WalRecord[] = [{ type: 'reset', index, term }]
    if (hardState !== undefined) records.push({ type: 'hard-state', hardState })
    this.#write(records)
    // All entries so far are void, whatever their index.
    for (const segment of this.#segments) segment.lastIndex = Math.min(segment.lastIndex, index)
    this.compact(index)
  }

  /** Removes segments that hold nothing above `index`. */
  compact(index: Index): void {
    const names: string[] = []
    while (this.#segments.length > 1 && this.#segments[0]!.lastIndex <= index) {
      names.push(this.#segments.shift()!.name)
    }
    if (names.length === 0) return
    if (this.#disk.removeSoon !== undefined) {
      this.#disk.removeSoon(names)
      return
    }
    for (const name of names) this.#disk.remove(name)
    this.#disk.syncDirectory()
  }

  close(): void {
    this.#file?.close()
    this.#file = undefined
  }

  #write(records: readonly WalRecord[]): void {
    const payload = records.reduce((sum, record) => sum + recordBytes(record), 0)
    const size = framedBytes(payload)
    const { bytes } = this.#segments.at(-1)!
    if (this.#offset + size > bytes) {
      this.#beginSegment(size)
    }
    for (const record of records) this.#note(record)
    this.#writeFrame(records, payload, size)
  }

  #note(record: WalRecord): void {
    const segment = this.#segments.at(-1)!
    if (record.type === 'hard-state') this.#hardState = record.hardState
    if (record.type === 'entry') segment.lastIndex = Math.max(segment.lastIndex, record.entry.index)
  }

  #writeFrame(records: readonly WalRecord[], payload: number, size: number): void {
    if (this.#buffer.length < size) this.#buffer = Buffer.alloc(size * 2)
    const buffer = this.#buffer.subarray(0, size)
    let at = frameHeaderBytes
    for (const record of records) at = writeRecord(buffer, at, record)
    assert(at === frameHeaderBytes + payload, 'record sizes')
    buffer.fill(0, at)
    const { sequence } = this.#segments.at(-1)!
    sealFrame(buffer, payload, this.#frame, sequence)
    assert(this.#file !== undefined, 'the log is closed')
    this.#file.write(buffer, this.#offset)
    this.#file.sync()
    this.fsyncs++
    this.#offset += size
    this.#frame++
  }

  /** Opens a new segment with room for `needed`; it begins with the hard state. */
  #beginSegment(needed: number): void {
    this.#file?.close()
    const sequence = (this.#segments.at(-1)?.sequence ?? 0) + 1
    const name = `wal-${String(sequence).padStart(12, '0')}.log`
    const head: WalRecord = { type: 'hard-state', hardState: this.#hardState }
    const headBytes = framedBytes(recordBytes(head))
    const bytes = Math.max(this.#segmentBytes, needed + headBytes)
    this.#file = this.#newFile(name, bytes)
    this.#segments.push({ name, sequence, bytes, lastIndex: 0 })
    this.#offset = 0
    this.#frame = 0
    this.#writeFrame([head], recordBytes(head), headBytes)
    this.#disk.syncDirectory()
    this.#disk.prepare?.(spareName, this.#segmentBytes)
  }

  /**
   * The spare that was made in the background. While it is not ready, a file that grows with what
   * is written: its syncs cost more, but filling one with zeros stops this thread for tens of ms.
   */
  #newFile(name: string, bytes: number): DiskFile {
    const hasSpare = bytes === this.#segmentBytes && this.#disk.list().includes(spareName)
    if (hasSpare) this.#disk.rename(spareName, name)
    const file = this.#disk.open(name)
    const isAhead = this.#disk.prepare !== undefined && this.#segments.length > 0
    // A spare of an earlier start may be of another size.
    if (file.size() !== bytes && !isAhead) preallocate(file, bytes)
    return file
  }

  #recover(): Recovered {
    const names = this.#disk
      .list()
      .filter(name => segmentPattern.test(name))
      .sort()
    const found: Found = { entries: [], reset: undefined }
    let tornBytes = 0
    for (const [at, name] of names.entries()) {
      const last = at === names.length - 1
      tornBytes = this.#recoverSegment(name, last, found)
    }
    if (this.#segments.length === 0) this.#beginSegment(0)
    const end = { file: this.#segments.at(-1)!.name, offset: this.#offset }
    return { ...found, hardState: this.#hardState, tornBytes, end }
  }

  /** Returns how many bytes of a torn write were dropped. */
  #recoverSegment(name: string, last: boolean, found: Found): number {
    const sequence = Number(segmentPattern.exec(name)![1])
    const before = this.#segments.at(-1)
    if (before !== undefined && before.sequence + 1 !== sequence) {
      throw new WalDamagedError(name, 0, `segment ${before.sequence + 1} is missing`)
    }
    const file = this.#disk.open(name)
    const data = Buffer.from(file.read(0, file.size()))
    this.#segments.push({ name, sequence, bytes: data.length, lastIndex: 0 })
    let offset = 0
    let frame = 0
    for (;;) {
      const payload = readFrame(data, offset, frame, sequence)
      if (payload === undefined) break
      this.#replayFrame(payload, found, name, offset)
      offset += framedBytes(payload.length)
      frame++
    }
    this.#checkEnd(name, data, offset, frame, sequence)
    const torn = tornLength(data, offset)
    if (!last) {
      if (torn > 0) throw new WalDamagedError(name, offset, 'an unreadable frame')
      file.close()
      return 0
    }
    if (frame === 0) this.#dropUnborn(name, file, torn)
    else this.#continueSegment(file, offset, frame, torn)
    return torn
  }

  #replayFrame(payload: Buffer, found: Found, name: string, offset: number): void {
    try {
      for (const record of readRecords(payload)) this.#replay(record, found, name, offset)
    } catch (error) {
      if (error instanceof RangeError) throw new WalDamagedError(name, offset, error.message)
      throw error
    }
  }

  #replay(record: WalRecord, found: Found, name: string, offset: number): void {
    this.#note(record)
    if (record.type === 'reset') {
      found.entries = []
      found.reset = { index: record.index, term: record.term }
    }
    if (record.type !== 'entry') return
    const { entries } = found
    const { index } = record.entry
    const next = (entries.at(-1)?.index ?? found.reset?.index ?? index - 1) + 1
    if (index > next) throw new WalDamagedError(name, offset, `entry ${index} follows ${next - 1}`)
    const first = entries[0]?.index ?? index
    entries.length = Math.max(0, index - first)
    entries.push(record.entry)
  }

  #checkEnd(name: string, data: Buffer, offset: number, frame: number, sequence: number): void {
    const later = findLaterFrame(data, offset, frame, sequence)
    if (later === undefined) return
    throw new WalDamagedError(name, offset, `an unreadable frame before the one at ${later}`)
  }

  /**
   * The crash came while the segment was made: nothing but its head was ever written to it. Where
   * more is, it held frames, and may be another one's file.
   */
  #dropUnborn(name: string, file: DiskFile, torn: number): void {
    file.close()
    const head = recordBytes({ type: 'hard-state', hardState: this.#hardState })
    if (torn > framedBytes(head)) throw new WalDamagedError(name, 0, 'no frame can be read')
    this.#disk.remove(name)
    this.#segments.pop()
    const before = this.#segments.at(-1)
    if (before === undefined) return
    this.#beginSegment(0)
  }

  #continueSegment(file: DiskFile, offset: number, frame: number, torn: number): void {
    this.#file = file
    this.#offset = offset
    this.#frame = frame
    if (torn === 0) return
    file.write(Buffer.alloc(torn), offset)
    file.sync()
  }
}

/**
 * Bytes from `offset` to the last one that is not zero. None when the file ends within the padding
 * of its last whole frame: `offset` then lies beyond its end.
 */
function tornLength(data: Buffer, offset: number): number {
  let end = data.length
  while (end > offset && data[end - 1] === 0) end--
  return Math.max(end - offset, 0)
}

function preallocate(file: DiskFile, bytes: number): void {
  const zeros = Buffer.alloc(Math.min(bytes, 1 << 20))
  for (let at = 0; at < bytes; at += zeros.length) {
    file.write(zeros.subarray(0, Math.min(zeros.length, bytes - at)), at)
  }
}
