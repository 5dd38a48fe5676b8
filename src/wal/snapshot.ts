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

/** Bytes that are given to the disk at a time. */
const unsyncedBytesMax = 4 << 20

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
  #syncing: Promise<void> | undefined
  #error: unknown
  #abandoned = false
  #closed = false

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
    if (this.#unsynced >= unsyncedBytesMax && this.#syncing === undefined) this.#sync()
  }

  /** Calls back when the disk can take more: at once, or after the sync that is under way. */
  whenReady(callback: () => void): void {
    if (this.#syncing === undefined || this.#unsynced < unsyncedBytesMax) callback()
    else void this.#syncing.then(callback)
  }

  /**
   * Calls back when the snapshot is whole and durable, with the error when it is not; never once it
   * was abandoned. A disk that does everything at once calls back before this returns.
   */
  finish(done: (error?: unknown) => void): void {
    const { syncSoon } = this.#file
    const { syncDirectorySoon } = this.#disk
    if (syncSoon === undefined || syncDirectorySoon === undefined) {
      done(this.#finishNow())
      return
    }
    const settle = (error: unknown) => {
      if (!this.#abandoned) done(error)
    }
    this.#finishSoon(syncSoon, syncDirectorySoon).then(() => settle(this.#error), settle)
  }

  /** Finishes while the thread waits, for those who can't call back. @throws when it fails. */
  finishAtOnce(): void {
    const error = this.#finishNow()
    if (error !== undefined) throw error
  }

  abandon(): void {
    this.#abandoned = true
    this.#close()
    this.#disk.remove(this.#temporary)
  }

  #finishNow(): unknown {
    try {
      this.write(endMark)
      this.#file.sync()
      this.#rename()
      this.#disk.syncDirectory()
      return undefined
    } catch (error) {
      return error
    }
  }

  async #finishSoon(sync: () => Promise<void>, syncDirectory: () => Promise<void>) {
    this.write(endMark)
    await this.#syncing
    if (this.#abandoned) return
    this.#syncing = sync()
    await this.#syncing
    this.#syncing = undefined
    if (this.#abandoned) return
    this.#rename()
    await syncDirectory()
  }

  /** A failure shows at the end. */
  #sync(): void {
    this.#unsynced = 0
    if (this.#file.syncSoon === undefined) {
      this.#file.sync()
      return
    }
    this.#syncing = this.#file
      .syncSoon()
      .catch((error: unknown) => {
        this.#error = error
      })
      .finally(() => {
        this.#syncing = undefined
      })
  }

  #rename(): void {
    this.#close()
    if (this.#error === undefined) this.#disk.rename(this.#temporary, this.#name)
  }

  #close(): void {
    if (this.#closed) return
    this.#closed = true
    // The number of a closed file is soon another one's: not while a sync still uses it.
    if (this.#syncing === undefined) this.#file.close()
    else void this.#syncing.catch(() => {}).then(() => this.#file.close())
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
  const names = listSnapshots(disk)
    .slice(0, -1)
    .map(({ name }) => name)
  if (disk.removeSoon !== undefined) disk.removeSoon(names)
  else for (const name of names) disk.remove(name)
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
