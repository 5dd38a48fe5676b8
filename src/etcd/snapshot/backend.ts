import { type BackendRow, readBackendKey, readKeyValue } from '../../mvcc/kvproto.ts'
import type { Revision } from '../../mvcc/types.ts'
import { BoltDamagedError } from '../bolt/damaged.ts'
import type { BoltEntry } from '../bolt/pages.ts'
import type { BoltBucket, BoltFile } from '../bolt/read.ts'
import { createRest } from '../bolt/rest.ts'
import { buckets } from './buckets.ts'
import { SnapshotRefusedError } from './types.ts'

/** etcd's buckets in an open file; damage is named with its page. */
export class Backend {
  readonly path: string
  readonly #file: BoltFile
  readonly #buckets: ReadonlyMap<string, BoltBucket>

  private constructor(path: string, file: BoltFile, found: ReadonlyMap<string, BoltBucket>) {
    this.path = path
    this.#file = file
    this.#buckets = found
  }

  /** @throws SnapshotRefusedError when it is a database of something else. */
  static async of(path: string, file: BoltFile): Promise<Backend> {
    const found = new Map<string, BoltBucket>()
    for await (const slice of file.buckets()) {
      for (const bucket of slice) found.set(bucket.name, bucket)
    }
    for (const name of [buckets.key, buckets.meta]) {
      if (found.has(name)) continue
      const what = `a bbolt database, but not etcd's: it has no bucket '${name}'`
      throw new SnapshotRefusedError(`${path}: ${what}. Give a file that 'snapshot save' made.`)
    }
    return new Backend(path, file, found)
  }

  /** What `read` makes of each entry of a small bucket; nothing when it is not there. */
  async records<T>(name: string, read: (entry: BoltEntry) => T): Promise<T[]> {
    const entries = (await this.#buckets.get(name)?.entries()) ?? []
    return entries.map(entry => {
      try {
        return read(entry)
      } catch (error) {
        const what = error instanceof Error ? error.message : String(error)
        throw this.damaged(entry, `bucket ${name}: not what etcd writes (${what})`)
      }
    })
  }

  /** The values of a bucket with fixed keys. */
  async values(name: string): Promise<ReadonlyMap<string, Buffer>> {
    const entries = await this.records(name, ({ key, value }) => [key.toString(), value] as const)
    return new Map(entries)
  }

  /** All revisions as they stand, by (main, sub). */
  async *rows(): AsyncGenerator<BackendRow[]> {
    const bucket = this.#buckets.get(buckets.key)!
    for await (const slice of bucket.slices(createRest())) {
      yield slice.map(entry => this.#row(entry))
    }
  }

  close(): Promise<void> {
    return this.#file.close()
  }

  damaged(entry: BoltEntry, what: string): BoltDamagedError {
    return new BoltDamagedError(this.path, entry.page, what)
  }

  #row(entry: BoltEntry): BackendRow {
    const revision = readBackendKey(entry.bytes, entry.keyFrom, entry.valueFrom)
    const kv = readKeyValue(entry.bytes, entry.valueFrom, entry.end)
    if (revision === undefined || kv === undefined || kv.key === '') {
      throw this.damaged(entry, `'${entry.key.toString('hex')}' in bucket key is not a revision`)
    }
    const { main, sub, deleted } = revision
    if (deleted) return { kv: { ...kv, modRevision: main as Revision }, sub, deleted }
    if (kv.modRevision === main) return { kv, sub, deleted }
    throw this.damaged(entry, `revision ${main} has a value of revision ${kv.modRevision}`)
  }
}
