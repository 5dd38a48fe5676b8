import * as fs from 'node:fs'
import * as path from 'node:path'
import { promisify } from 'node:util'

/** An open file. Positions and lengths are in bytes; every call throws on failure. */
export interface DiskFile {
  /** Bytes in the file. */
  size(): number
  write(data: Uint8Array, position: number): void
  /** At most `length` bytes from `position`; fewer at the end of the file. */
  read(position: number, length: number): Uint8Array
  /** Everything written is durable when it returns. */
  sync(): void
  /** As `sync`, without stopping this thread; for files that nobody waits for. */
  syncSoon?(): Promise<void>
  close(): void
}

/**
 * One directory of files. Synchronous on purpose: an fdatasync on the consensus thread measured
 * faster than one handed to another thread. The simulator has its own, which loses unsynced writes.
 */
export interface Disk {
  list(): string[]
  /** Opens for reading and writing; creates the file when it is missing. */
  open(name: string): DiskFile
  rename(from: string, to: string): void
  remove(name: string): void
  /** Makes creations, renames and removals durable. */
  syncDirectory(): void
  /** As `syncDirectory`, without stopping this thread. */
  syncDirectorySoon?(): Promise<void>
  /** Removes files one after the other in the background: a large one takes tens of ms. */
  removeSoon?(names: readonly string[]): void
  /**
   * Makes a file of zeros in the background; it shows under `name` when it is whole. One at a time
   * is made under a name: a second writer would go on in what has been renamed, and is in use.
   */
  prepare?(name: string, bytes: number): void
  /** Gives up what runs in the background, and resolves when nothing does. */
  settle?(): Promise<void>
}

/** A directory of this machine; created when it is missing. */
export function createDisk(directory: string): Disk {
  fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
  const at = (name: string) => path.join(directory, name)
  const stopped = new AbortController()
  const running = new Set<Promise<void>>()
  const prepared = new Set<string>()
  return {
    list: () => fs.readdirSync(directory),
    open: name => openFile(at(name)),
    rename: (from, to) => fs.renameSync(at(from), at(to)),
    remove: name => fs.rmSync(at(name), { force: true }),
    syncDirectory() {
      const descriptor = fs.openSync(directory, 'r')
      try {
        fs.fsyncSync(descriptor)
      } finally {
        fs.closeSync(descriptor)
      }
    },
    async syncDirectorySoon() {
      const handle = await fs.promises.open(directory, 'r')
      await handle.sync().finally(() => handle.close())
    },
    removeSoon(names) {
      const removing = removeAll(names.map(at))
        .catch(() => {})
        .finally(() => running.delete(removing))
      running.add(removing)
    },
    prepare(name, bytes) {
      if (prepared.has(name)) return
      prepared.add(name)
      // Not to be had is no error: the file is then made when it is needed.
      const writing = writeZeros(at(`${name}.tmp`), at(name), bytes, stopped.signal)
        .catch(() => {})
        .finally(() => {
          prepared.delete(name)
          running.delete(writing)
        })
      running.add(writing)
    },
    async settle() {
      stopped.abort()
      await Promise.all(running)
    },
  }
}

/** In order: after a crash a log without its first segments is whole, one with a hole is not. */
async function removeAll(files: readonly string[]): Promise<void> {
  for (const file of files) await fs.promises.rm(file, { force: true })
}

async function writeZeros(
  temporary: string,
  file: string,
  bytes: number,
  signal: AbortSignal,
): Promise<void> {
  const handle = await fs.promises.open(temporary, 'w', 0o600)
  try {
    const zeros = Buffer.alloc(Math.min(bytes, 1 << 20))
    for (let at = 0; at < bytes; at += zeros.length) {
      signal.throwIfAborted()
      await handle.write(zeros, 0, Math.min(zeros.length, bytes - at), at)
    }
    await handle.datasync()
  } finally {
    await handle.close()
  }
  await fs.promises.rename(temporary, file)
}

const fdatasync = promisify(fs.fdatasync)

function openFile(file: string): DiskFile {
  const flags = fs.constants.O_RDWR | fs.constants.O_CREAT
  const descriptor = fs.openSync(file, flags, 0o600)
  return {
    size: () => fs.fstatSync(descriptor).size,
    write(data, position) {
      let done = 0
      while (done < data.length) {
        done += fs.writeSync(descriptor, data, done, data.length - done, position + done)
      }
    },
    read: (position, length) => readAt(descriptor, position, length),
    sync: () => fs.fdatasyncSync(descriptor),
    syncSoon: () => fdatasync(descriptor),
    close: () => fs.closeSync(descriptor),
  }
}

/** Up to `length` bytes of an open file, fewer at its end. */
export function readAt(descriptor: number, position: number, length: number): Buffer {
  const data = Buffer.allocUnsafe(length)
  let done = 0
  while (done < length) {
    const read = fs.readSync(descriptor, data, done, length - done, position + done)
    if (read === 0) break
    done += read
  }
  return data.subarray(0, done)
}
