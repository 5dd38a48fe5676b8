import type { Prng } from '../../src/kernel/prng.ts'
import type { Disk, DiskFile } from '../../src/wal/disk.ts'

/** Thrown where the process dies in the middle of a turn: in an fsync. */
export class SimCrash extends Error {
  override readonly name = 'SimCrash'
}

/** How an fsync goes: called before it takes effect; may throw SimCrash. */
export type OnSync = () => void

interface Write {
  readonly position: number
  readonly before: Buffer
  readonly after: Buffer
  readonly sizeBefore: number
}

interface SimFile {
  data: Buffer
  size: number
  unsynced: Write[]
}

type DirectoryChange =
  | { readonly type: 'create'; readonly name: string; readonly file: SimFile }
  | { readonly type: 'rename'; readonly from: string; readonly to: string }
  | { readonly type: 'remove'; readonly name: string }

/** Plans what the disk does in the background; it may not happen, for the process may die first. */
export type Background = (run: () => void) => void

/**
 * A directory whose unsynced writes are lost, kept or torn at a crash, in any combination, and
 * whose
 * unsynced creations, renames and removals are kept up to a random point, as a journal does it.
 * What it does in the background takes time, a step each, and a crash may come between any two.
 */
export class SimDisk implements Disk {
  readonly #prng: Prng
  /** Lives of the process: what one has begun in the background ends with it. */
  #epoch = 0
  /** Syncs of the directory, so that a late one doesn't count what a former has done. */
  #directorySyncs = 0
  /** Files that are being made, as the real one knows them. */
  readonly #prepared = new Set<string>()
  background: Background = run => run()
  #files = new Map<string, SimFile>()
  #durable = new Map<string, SimFile>()
  #changes: DirectoryChange[] = []
  onSync: OnSync = () => {}

  constructor(prng: Prng) {
    this.#prng = prng
  }

  list(): string[] {
    return [...this.#files.keys()]
  }

  open(name: string): DiskFile {
    let file = this.#files.get(name)
    if (file === undefined) {
      file = { data: Buffer.alloc(4096), size: 0, unsynced: [] }
      this.#change({ type: 'create', name, file })
    }
    return this.#handle(file)
  }

  rename(from: string, to: string): void {
    this.#change({ type: 'rename', from, to })
  }

  remove(name: string): void {
    if (this.#files.has(name)) this.#change({ type: 'remove', name })
  }

  syncDirectory(): void {
    this.onSync()
    this.#directorySyncs++
    this.#durable = new Map(this.#files)
    this.#changes = []
  }

  /** Called without its disk, as those of node are. */
  readonly syncDirectorySoon = async (): Promise<void> => {
    const count = this.#changes.length
    const syncs = this.#directorySyncs
    await this.#later()
    // The whole directory was synced meanwhile.
    if (syncs !== this.#directorySyncs) return
    this.#directorySyncs++
    for (const change of this.#changes.splice(0, count)) applyChange(this.#durable, change)
  }

  removeSoon(names: readonly string[]): void {
    void this.#removeAll(names)
  }

  prepare(name: string, bytes: number): void {
    if (this.#prepared.has(name)) return
    this.#prepared.add(name)
    void this.#prepare(name, bytes)
  }

  /** Nothing runs on by itself here: what is under way ends with the process. */
  settle(): Promise<void> {
    this.#epoch++
    this.#prepared.clear()
    return Promise.resolve()
  }

  /** The machine stops: what was not synced is in the hands of chance. */
  crash(): void {
    this.#epoch++
    this.#prepared.clear()
    this.#directorySyncs++
    const kept = this.#prng.below(this.#changes.length + 1)
    const files = new Map(this.#durable)
    for (const change of this.#changes.slice(0, kept)) applyChange(files, change)
    this.#files = files
    this.#durable = new Map(files)
    this.#changes = []
    for (const file of files.values()) this.#tear(file)
  }

  async #removeAll(names: readonly string[]): Promise<void> {
    for (const name of names) {
      await this.#later()
      this.remove(name)
    }
  }

  async #prepare(name: string, bytes: number): Promise<void> {
    const file: SimFile = { data: Buffer.alloc(bytes), size: 0, unsynced: [] }
    const temporary = `${name}.tmp`
    this.#change({ type: 'create', name: temporary, file })
    const half = bytes >> 1
    for (const position of [0, half]) {
      await this.#later()
      write(file, Buffer.alloc(position === 0 ? half : bytes - half), position)
    }
    await this.#later()
    file.unsynced = []
    await this.#later()
    this.#prepared.delete(name)
    this.rename(temporary, name)
  }

  /** Resolves after a while, unless the process dies before. */
  #later(): Promise<void> {
    const epoch = this.#epoch
    return new Promise(resolve => {
      this.background(() => {
        if (this.#epoch === epoch) resolve()
      })
    })
  }

  #change(change: DirectoryChange): void {
    this.#changes.push(change)
    applyChange(this.#files, change)
  }

  #handle(file: SimFile): DiskFile {
    return {
      size: () => file.size,
      read: (position, length) =>
        Buffer.from(file.data.subarray(position, Math.min(file.size, position + length))),
      write: (data, position) => write(file, Buffer.from(data), position),
      sync: () => {
        this.onSync()
        file.unsynced = []
      },
      syncSoon: async () => {
        const writes = new Set(file.unsynced)
        await this.#later()
        file.unsynced = file.unsynced.filter(each => !writes.has(each))
      },
      close() {},
    }
  }

  #tear(file: SimFile): void {
    const writes = file.unsynced
    file.unsynced = []
    for (const { position, before, sizeBefore } of [...writes].reverse()) {
      before.copy(file.data, position)
      file.size = sizeBefore
    }
    for (const { position, after } of writes) {
      const fate = this.#prng.next()
      if (fate < 0.4) continue
      const kept = fate < 0.6 ? after.length : this.#prng.below(after.length + 1)
      write(file, after.subarray(0, kept), position)
    }
    file.unsynced = []
  }
}

function applyChange(files: Map<string, SimFile>, change: DirectoryChange): void {
  if (change.type === 'create') files.set(change.name, change.file)
  if (change.type === 'remove') files.delete(change.name)
  if (change.type !== 'rename') return
  const file = files.get(change.from)
  if (file === undefined) return
  files.delete(change.from)
  files.set(change.to, file)
}

function write(file: SimFile, data: Buffer, position: number): void {
  const end = position + data.length
  if (end > file.data.length) {
    const grown = Buffer.alloc(Math.max(end, file.data.length * 2))
    file.data.copy(grown)
    file.data = grown
  }
  const before = Buffer.from(file.data.subarray(position, end))
  file.unsynced.push({ position, before, after: Buffer.from(data), sizeBefore: file.size })
  data.copy(file.data, position)
  file.size = Math.max(file.size, end)
}
