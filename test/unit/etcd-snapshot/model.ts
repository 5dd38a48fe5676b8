import { appendFileSync } from 'node:fs'
import { writeEtcdSnapshot } from '../../../src/etcd/snapshot/write.ts'
import type { Prng } from '../../../src/kernel/prng.ts'
import type { KeyValue, Revision, RevisionRow } from '../../../src/mvcc/types.ts'
import type { AuthRole, AuthUser, AuthView } from '../../../src/store/auth/types.ts'
import type { FrozenStore } from '../../../src/store/embedded-types.ts'

/** One change of a transaction; without a value it is a delete. */
export interface Change {
  readonly key: string
  readonly value?: Uint8Array
  readonly lease?: number
}

const nothing = new Uint8Array(0)

/** A store made of rows, with our rules of compaction. */
export class Model {
  rows: RevisionRow[] = []
  revision = 1
  compactRevision = 0
  leases: { id: number; ttlSeconds: number }[] = []
  readonly #live = new Map<string, KeyValue>()

  /** Deletes of what is not there change nothing, as in etcd. */
  txn(changes: readonly Change[]): void {
    const mod = (this.revision + 1) as Revision
    let sub = 0
    for (const change of changes) {
      const before = this.#live.get(change.key)
      if (change.value === undefined && before === undefined) continue
      const row = rowOf(change, before, mod, sub++)
      this.rows.push(row)
      if (row.deleted) this.#live.delete(change.key)
      else this.#live.set(change.key, row.kv)
    }
    if (sub > 0) this.revision = mod
  }

  compact(revision: number): void {
    const last = new Map<string, RevisionRow>()
    for (const row of this.rows) if (row.kv.modRevision <= revision) last.set(row.kv.key, row)
    this.rows = this.rows.filter(row => {
      const { key, modRevision } = row.kv
      if (modRevision > revision) return true
      return last.get(key) === row && (!row.deleted || modRevision === revision)
    })
    this.compactRevision = revision
  }

  liveKeys(): string[] {
    return [...this.#live.keys()]
  }

  /** What a range over everything says at `revision`, by key. */
  at(revision: number): KeyValue[] {
    const found = new Map<string, KeyValue>()
    for (const { kv, deleted } of this.rows) {
      if (kv.modRevision > revision) break
      if (deleted) found.delete(kv.key)
      else found.set(kv.key, kv)
    }
    return [...found.values()].sort((left, right) => (left.key < right.key ? -1 : 1))
  }

  frozen(rest: Partial<FrozenStore> = {}): FrozenStore {
    const { rows } = this
    return {
      revision: this.revision as Revision,
      compactRevision: this.compactRevision as Revision,
      appliedIndex: this.revision + 5,
      term: 3,
      leases: this.leases,
      members: [],
      alarms: [],
      auth: authView(),
      async *rows() {
        for (let at = 0; at < rows.length; at += 256) yield rows.slice(at, at + 256)
      },
      ...rest,
    }
  }
}

function rowOf(
  { key, value, lease }: Change,
  before: KeyValue | undefined,
  modRevision: Revision,
  sub: number,
): RevisionRow {
  if (value === undefined) {
    const kv = { key, value: nothing, createRevision: 0 as Revision, modRevision, version: 0 }
    return { kv: { ...kv, lease: 0 }, sub, deleted: true }
  }
  const createRevision = before?.createRevision ?? modRevision
  const version = (before?.version ?? 0) + 1
  const kv = { key, value, createRevision, modRevision, version, lease: lease ?? 0 }
  return { kv, sub, deleted: false }
}

export function authView(
  enabled = false,
  users: readonly AuthUser[] = [],
  roles: readonly AuthRole[] = [],
): AuthView {
  return {
    enabled,
    revision: 7,
    tokenSecret: '',
    users: () => users,
    user: name => users.find(user => user.name === name),
    roles: () => roles,
    role: name => roles.find(role => role.name === name),
    refuses: () => undefined,
    isAdmin: () => false,
  }
}

/** Puts, deletes, re-creations, several changes a revision; binary keys, empty and large values. */
export function randomWorkload(model: Model, prng: Prng, txns: number, keys: number): void {
  for (let txn = 0; txn < txns; txn++) {
    const changes = new Map<string, Change>()
    for (let left = prng.below(3) === 0 ? 1 + prng.below(8) : 1; left > 0; left--) {
      const change = randomChange(prng, keys)
      changes.set(change.key, change)
    }
    model.txn([...changes.values()])
  }
}

function randomChange(prng: Prng, keys: number): Change {
  const number = prng.below(keys)
  const key =
    number % 10 === 0 ? `\xff\0${String.fromCharCode(number % 256)}${number}` : `/k/${number}`
  if (prng.below(5) === 0) return { key }
  return { key, value: randomValue(prng) }
}

function randomValue(prng: Prng): Uint8Array {
  const kind = prng.below(100)
  const length = kind < 5 ? 0 : kind < 90 ? prng.below(300) : kind < 99 ? prng.below(9000) : 70_000
  const value = new Uint8Array(length)
  for (let at = 0; at < length; at += 7) value[at] = prng.below(256)
  return value
}

/** All that comes in slices. */
export async function collect<T>(slices: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = []
  for await (const slice of slices) all.push(...slice)
  return all
}

/** Writes a snapshot file, and sees to the sizes that were promised. */
export async function saveSnapshot(frozen: FrozenStore, path: string): Promise<void> {
  const stream = await writeEtcdSnapshot(frozen)
  let bytes = 0
  for await (const chunk of stream.chunks) {
    appendFileSync(path, chunk)
    bytes += chunk.length
  }
  const wanted = stream.totalBytes
  if (bytes !== wanted || stream.databaseBytes + 32 !== wanted) {
    throw new Error(`${bytes} bytes, not ${wanted}`)
  }
}
