import { Buffer } from 'node:buffer'
import { updateCrc32c } from './crc32c.ts'
import {
  type BackendRow,
  backendKeyBytes,
  keyValueBytes,
  writeBackendKey,
  writeKeyValue,
} from './kvproto.ts'
import type { Key } from './types.ts'

/** What a hash is over: changes up to `revision`, of a store compacted at `compactRevision`. */
export interface HashKvSpan {
  readonly revision: number
  /** 0 or less: never compacted. */
  readonly compactRevision: number
}

/**
 * Which rows at or below the compaction a hash takes in: those of keys that still have the same
 * value at the hashed revision. Members compact in the background and each at its own time, so what
 * a compaction may have removed must not count. All rows are to be added, by (main, sub), before
 * the first question; what is kept here are only the keys changed since the compaction.
 *
 *     compacted at 10, hashed at 20      a: put 5               -> kept
 *                                        b: put 6, put 12       -> 12 is hashed, 6 is not
 *                                        c: put 7, delete 15    -> 15 is hashed, 7 is not
 *
 * One rule is odd and has to be followed: when no key at all has a value at the hashed revision,
 * nothing is left out. Source: etcd server/mvcc/kvstore.go HashByRev, index.go Keep.
 */
export class KeptRows {
  readonly #span: HashKvSpan
  readonly #replaced = new Set<Key>()
  #liveKeys = 0

  constructor(span: HashKvSpan) {
    this.#span = span
  }

  add({ kv, deleted }: BackendRow): void {
    const { revision, compactRevision } = this.#span
    if (kv.modRevision > revision) return
    if (kv.modRevision <= compactRevision) {
      if (!deleted) this.#liveKeys++
      return
    }
    if (deleted) this.#liveKeys--
    else if (kv.version === 1) this.#liveKeys++
    if (deleted || kv.createRevision <= compactRevision) this.#replaced.add(kv.key)
  }

  /**
   * True when `row` is hashed. A tombstone at the compaction never is: etcd up to 3.4.33 and 3.5.15
   * removes it when it compacts, later ones and we keep it, so that a watch from the compacted
   * revision is complete; those that keep it leave it out of the hash, so that all agree.
   */
  has({ kv, deleted }: BackendRow): boolean {
    const { revision, compactRevision } = this.#span
    if (kv.modRevision > compactRevision) return kv.modRevision <= revision
    return !deleted && (this.#liveKeys === 0 || !this.#replaced.has(kv.key))
  }
}

/**
 * etcd's HashKV: CRC-32C over the name of the bucket, then key and value of each row as they stand
 * in the backend. Rows are added by (main, sub).
 */
export class HashKv {
  readonly #kept: KeptRows
  #scratch = Buffer.alloc(4096)
  #view = viewOf(this.#scratch)
  #sum: number

  constructor(kept: KeptRows) {
    this.#kept = kept
    this.#scratch.write('key', 0, 'latin1')
    this.#sum = updateCrc32c(0, this.#view, 0, 3)
  }

  add(row: BackendRow): void {
    if (!this.#kept.has(row)) return
    const size = backendKeyBytes(row) + keyValueBytes(row)
    if (size > this.#scratch.length) {
      this.#scratch = Buffer.alloc(size * 2)
      this.#view = viewOf(this.#scratch)
    }
    writeKeyValue(row, this.#scratch, writeBackendKey(row, this.#scratch, 0))
    this.#sum = updateCrc32c(this.#sum, this.#view, 0, size)
  }

  /** Unsigned, 32 bits. */
  get sum(): number {
    return this.#sum
  }
}

/**
 * The hash of rows that can be read twice: the first time for what counts, which an uncompacted
 * store can do without. `rest` is awaited after each slice, so that others may run.
 * What etcd 3.4 and 3.5 refuse is the caller's to refuse: a revision other than 0 at or below the
 * compacted one, and a future one. A store that was never compacted says compact_revision -1.
 */
export async function hashKvOf(
  rows: () => AsyncIterable<readonly BackendRow[]>,
  span: HashKvSpan,
  rest: () => Promise<void> = async () => {},
): Promise<number> {
  const kept = new KeptRows(span)
  if (span.compactRevision > 0) {
    for await (const slice of rows()) {
      for (const row of slice) kept.add(row)
      await rest()
    }
  }
  const hash = new HashKv(kept)
  for await (const slice of rows()) {
    for (const row of slice) hash.add(row)
    await rest()
  }
  return hash.sum
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}
