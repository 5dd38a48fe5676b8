import type { Disk, DiskFile } from './disk.ts'
import { framedBytes, frameHeaderBytes, readFrame, sealFrame } from './frame.ts'
import type { Index } from './types.ts'
import { WalDamagedError } from './wal.ts'

/** A snapshot file that is complete. */
export interface SnapshotFile {
  readonly name: string
  readonly index: Index
  readonly term: number
}

const pattern = /^snapshot-(\d{16})-(\d{12})\.snap$/
const endMark = Buffer.from('quorate snapshot end')

/**
 * Writes a snapshot in slices to a temporary file, which gets its name when it is whole and on the
 * disk: a file with that name is complete or damaged, never half-written.
 */
export class SnapshotWriter {
  readonly #disk: Disk
  readonly #file: DiskFile
  readonly #temporary: string
  readonly #name: string
  #offset = 0
  #frame = 0
  #unsynced = 0

  /** `purpose` keeps two that are written at one time apart. */
  constructor(disk: Disk, index: Index, term: number, purpose: 'own' | 'received' = 'own') {
    this.#disk = disk
    this.#name = `snapshot-${pad(index, 16)}-${pad(term, 12)}.snap`
    this.#temporary = `${this.#name}.${purpose}.tmp`
    disk.remove(this.#temporary)
    this.#file = disk.open(this.#temporary)
  }

  /** Bytes written. */
  get bytes(): number {
    return this.#offset
  }

  write(slice: Uint8Array): void {
    const size = framedBytes(slice.length)
    const buffer = Buffer.alloc(size)
    buffer.set(slice, frameHeaderBytes)
    sealFrame(buffer, slice.length, this.#frame, 0)
    this.#file.write(buffer, this.#offset)
    this.#offset += size
    this.#frame++
    this.#unsynced += size
    // A sync of everything at the end would hold up the log's own for as long.
    if (this.#unsynced < 4 << 20) return
    this.#file.sync()
    this.#unsynced = 0
  }

  finish(): void {
    this.write(endMark)
    this.#file.sync()
    this.#file.close()
    this.#disk.rename(this.#temporary, this.#name)
    this.#disk.syncDirectory()
  }

  abandon(): void {
    this.#file.close()
    this.#disk.remove(this.#temporary)
  }
}

/** Complete snapshots, oldest first. */
export function listSnapshots(disk: Disk): SnapshotFile[] {
  const found: SnapshotFile[] = []
  for (const name of disk.list().sort()) {
    const match = pattern.exec(name)
    if (match !== null) found.push({ name, index: Number(match[1]), term: Number(match[2]) })
  }
  return found
}

/** Removes all complete snapshots but the newest. */
export function removeOldSnapshots(disk: Disk): void {
  for (const { name } of listSnapshots(disk).slice(0, -1)) disk.remove(name)
}

/** Removes what a crash left unfinished; only while nothing is being written. */
export function removeUnfinishedSnapshots(disk: Disk): void {
  for (const name of disk.list()) {
    if (name.startsWith('snapshot-') && name.endsWith('.tmp')) disk.remove(name)
  }
}

/**
 * The slices of a snapshot.
 * @throws WalDamagedError when one is unreadable or the end is missing.
 */
export function* readSnapshot(disk: Disk, name: string): Generator<Uint8Array> {
  const file = disk.open(name)
  try {
    const size = file.size()
    let offset = 0
    for (let frame = 0; offset < size; frame++) {
      const payload = readSlice(file, offset, frame)
      if (payload === undefined) throw new WalDamagedError(name, offset, 'an unreadable slice')
      if (payload.equals(endMark)) return
      yield payload
      offset += framedBytes(payload.length)
    }
    throw new WalDamagedError(name, offset, 'the end is missing')
  } finally {
    file.close()
  }
}

function readSlice(file: DiskFile, offset: number, frame: number): Buffer | undefined {
  const head = Buffer.from(file.read(offset, frameHeaderBytes))
  if (head.length < frameHeaderBytes) return undefined
  const size = framedBytes(head.readUInt32LE(4))
  if (offset + size > file.size()) return undefined
  return readFrame(Buffer.from(file.read(offset, size)), 0, frame, 0)
}

function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0')
}
