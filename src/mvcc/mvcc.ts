import { assert, must } from '../kernel/assert.ts'
import { byRevision, merge, runLength } from './byrevision.ts'
import { ChangeLog, changedKeys, type EventPage, type EventQuery, readEvents } from './changes.ts'
import * as check from './check.ts'
import { holds } from './compare.ts'
import { finish, mixInteger, SetHash } from './hash.ts'
import { type History, liveAt, noBytes, Version, type VersionRow } from './history.ts'
import { KeyMap } from './keymap.ts'
import { Leases } from './lease.ts'
import { OrderedMap } from './ordered.ts'
import { liveIn, readRange } from './range.ts'
import { Slabs } from './slab.ts'
import { FrozenView, type MvccSlice } from './snapshot.ts'
import { firstKept, Sweep } from './sweep.ts'
import type {
  Compare,
  DeleteOp,
  DeleteResult,
  Key,
  LeaseId,
  Op,
  OpResult,
  PutOp,
  PutResult,
  RangeOp,
  RangeResult,
  Revision,
  TxnOp,
} from './types.ts'

/** What a transaction did. `revision` is the store's after it. */
export interface TxnDone {
  readonly ok: true
  readonly succeeded: boolean
  readonly results: readonly OpResult[]
  readonly revision: Revision
}

/** Changes above which it is not worth the while to tell whose keys they are. */
const changedMax = 4_096

/** What a version weighs beside its key and value. */
const versionBytes = 64

/** A transaction's two branches, as TxnRequest of the store. */
type Txn = Pick<TxnOp, 'compares' | 'success' | 'failure'>

/** Which branch each transaction of a tree takes, decided before the first write. */
interface Path {
  readonly succeeded: boolean
  readonly nested: readonly (Path | undefined)[]
}

/**
 * etcd's key-value state: pure, deterministic, in memory. One main revision for each transaction
 * that writes. As in etcd an empty store is at revision 1. Every method that changes something is
 * to be called in log order.
 * Expected failures are results; nothing is changed by a request that fails.
 */
export class Mvcc {
  readonly #index = new OrderedMap<History>()
  readonly #histories = new KeyMap<History>()
  readonly #changes = new ChangeLog()
  readonly #slabs = new Slabs()
  readonly #hash = new SetHash()
  readonly leases = new Leases(this.#hash)
  #revision = 1
  #floor = 0
  #liveKeys = 0
  #overhead = 0
  readonly #sweep = new Sweep({
    changes: this.#changes,
    slabs: this.#slabs,
    index: this.#index,
    floor: () => this.#floor,
    forget: (key, max) => this.#forget(key, max),
  })
  /** While a snapshot comes in: versions above its floor, the last run not yet sorted. */
  #imported: Version[][] = []
  #historyOf = (key: Key): History | undefined => this.#histories.get(key)

  /** The last revision; 1 in an empty store. */
  get revision(): Revision {
    return this.#revision as Revision
  }

  /** Revisions below can't be read any more. */
  get floor(): Revision {
    return this.#floor as Revision
  }

  /** Keys that exist now. */
  get liveKeys(): number {
    return this.#liveKeys
  }

  /** About what the kept versions weigh: keys, values, and a fixed part for each. */
  get bytes(): number {
    return this.#slabs.live + this.#overhead
  }

  /** Bytes of the slabs: kept values and what is not yet given back. */
  get heldBytes(): number {
    return this.#slabs.held
  }

  /** Equal on replicas at one revision: live keys, values, revisions, leases, floor. */
  hash(): string {
    const sum = new SetHash()
    sum.add(this.#hash.low, this.#hash.high)
    sum.add(
      finish(mixInteger(mixInteger(3, this.#revision), this.#floor)),
      finish(mixInteger(mixInteger(4, this.#revision), this.#floor)),
    )
    return sum.toString()
  }

  /**
   * Reads at `op.revision`, or now.
   * @returns `invalid` without a key, `compacted` with the floor, `future` with the present one
   */
  range(op: RangeOp): check.MvccFailure | { readonly ok: true; readonly range: RangeResult } {
    const wrong = this.#checkRange(op)
    if (wrong !== undefined) return wrong
    const at = op.revision || this.#revision
    return { ok: true, range: readRange(this.#index, this.#historyOf, op, at) }
  }

  /**
   * Compares, then runs one branch. All compares of nested transactions see the state before the
   * first write; ranges see the writes before them. Source: etcd server/etcdserver/txn/txn.go.
   */
  txn(txn: Txn): check.MvccFailure | TxnDone {
    const malformed = check.checkTxn(txn.compares, txn.success, txn.failure)
    if (malformed !== undefined) return malformed
    const path = this.#pathOf(txn)
    const wrong = this.#checkPath(txn, path)
    if (wrong !== undefined) return wrong
    const writing = new Writing(this.#revision + 1)
    const results = this.#run(txn, path, writing)
    this.#close(writing)
    return { ok: true, succeeded: path.succeeded, results, revision: this.revision }
  }

  /** @returns `compacted` when `query.from` is below the floor. `from` may lie in the future. */
  events(query: EventQuery): check.MvccFailure | ({ readonly ok: true } & EventPage) {
    if (query.from < this.#floor) return check.compacted(this.floor)
    const span = { present: this.#revision, floor: this.#floor }
    return { ok: true, ...readEvents(this.#changes, this.#historyOf, query, span) }
  }

  /** The keys changed at or after `from`, sorted; undefined when it was much. */
  changedKeys(from: number): Key[] | undefined {
    return changedKeys(this.#changes, from, changedMax)
  }

  /** @returns `invalid` when the lease exists or its numbers are out of range. */
  grant(id: LeaseId, ttlSeconds: number): check.MvccFailure | { readonly ok: true } {
    const wrong = check.checkLease(id, ttlSeconds)
    if (wrong !== undefined) return wrong
    if (this.leases.get(id) !== undefined) return check.invalid(check.messages.leaseExists)
    this.leases.grant(id, ttlSeconds)
    return { ok: true }
  }

  /**
   * Ends a lease and deletes its keys in one revision; with `renewals` only if it was not renewed
   * since, for a renewal may stand before this in the log.
   */
  revoke(id: LeaseId, renewals?: number): check.MvccFailure | { readonly ok: true } {
    const lease = this.leases.get(id)
    if (lease === undefined) return check.invalid(check.messages.leaseNotFound)
    if (renewals !== undefined && renewals !== lease.renewals) {
      return check.invalid(check.messages.leaseRenewed)
    }
    const writing = new Writing(this.#revision + 1)
    for (const key of [...lease.keys].sort()) this.#delete(key, writing)
    this.leases.remove(id)
    this.#close(writing)
    return { ok: true }
  }

  /**
   * Forgets what only revisions below `revision` could see: for readers at once, in memory by and
   * by, with `sweep`. Deletes at `revision` itself stay, so that a watch from the floor misses
   * nothing.
   */
  compact(revision: number): check.MvccFailure | { readonly ok: true } {
    if (revision <= this.#floor) return check.compacted(this.floor)
    if (revision > this.#revision) return check.future(this.revision)
    const before = this.#floor
    this.#floor = revision
    this.#sweep.floorMoved(before)
    return { ok: true }
  }

  /** Gives back what old values still hold, by and by, with `sweep`. */
  defragment(): void {
    this.#sweep.repack()
  }

  /** Nothing is left to `sweep`. */
  get isSwept(): boolean {
    return this.#sweep.isDone
  }

  /** Looks at about `max` of the versions that compact and defragment have to look at. */
  sweep(max: number): void {
    this.#sweep.step(max)
  }

  /** A view of this moment that may be read in slices while writes go on. */
  freeze(): FrozenView {
    return new FrozenView(this.#index.freeze(), this.leases.all(), this.#revision, this.#floor)
  }

  /** Adds slices of a FrozenView to an empty store, in their order. */
  import(slice: MvccSlice): void {
    if (slice.type === 'head') {
      assert(this.#revision === 1 && this.leases.size === 0, 'snapshot into a store in use')
      this.#revision = slice.revision
      this.#floor = slice.floor
      for (const lease of slice.leases) this.leases.grant(...lease)
      return
    }
    for (const row of slice.rows) this.#importRow(row)
  }

  /** Ends an import at once; see importSteps. */
  importDone(): void {
    for (const _ of this.importSteps());
  }

  /**
   * Ends an import: the change log is put in order, a slice each time. Sorting a million versions
   * at once would stop the thread for most of a second.
   */
  *importSteps(): Generator<void> {
    const runs = this.#imported
    this.#imported = []
    runs.at(-1)?.sort(byRevision)
    for (const slice of merge(runs)) {
      for (const version of slice) this.#changes.append(version)
      yield
    }
  }

  #checkRange(op: RangeOp): check.MvccFailure | undefined {
    if (op.key === '') return check.invalid(check.messages.noKey)
    return this.#checkRevision(op)
  }

  #checkRevision(op: RangeOp): check.MvccFailure | undefined {
    const revision = op.revision ?? 0
    if (revision > this.#revision) return check.future(this.revision)
    if (revision > 0 && revision < this.#floor) return check.compacted(this.floor)
    return undefined
  }

  #pathOf(txn: Txn): Path {
    const succeeded = txn.compares.every(compare => holds(compare, this.#compared(compare)))
    const ops = succeeded ? txn.success : txn.failure
    const nested = ops.map(op => (op.type === 'txn' ? this.#pathOf(op) : undefined))
    return { succeeded, nested }
  }

  #compared(compare: Compare): Version[] {
    if (compare.rangeEnd !== undefined && compare.rangeEnd !== '') {
      return liveIn(this.#index, compare.key, compare.rangeEnd, this.#revision)
    }
    const version = liveAt(this.#histories.get(compare.key), this.#revision)
    return version === undefined ? [] : [version]
  }

  /** What needs the state to be checked, on the branches that will run. */
  #checkPath(txn: Txn, path: Path): check.MvccFailure | undefined {
    const ops = path.succeeded ? txn.success : txn.failure
    for (const [at, op] of ops.entries()) {
      let wrong: check.MvccFailure | undefined
      if (op.type === 'txn') wrong = this.#checkPath(op, must(path.nested[at], 'path'))
      if (op.type === 'range') wrong = this.#checkRevision(op)
      if (op.type === 'put') wrong = this.#checkPut(op)
      if (wrong !== undefined) return wrong
    }
    return undefined
  }

  #checkPut(op: PutOp): check.MvccFailure | undefined {
    const lease = op.lease ?? 0
    if (lease !== 0 && this.leases.get(lease) === undefined) {
      return check.invalid(check.messages.leaseNotFound)
    }
    if (!op.ignoreValue && !op.ignoreLease) return undefined
    const found = liveAt(this.#histories.get(op.key), this.#revision)
    return found === undefined ? check.invalid(check.messages.keyNotFound) : undefined
  }

  #run(txn: Txn, path: Path, writing: Writing): OpResult[] {
    const ops = path.succeeded ? txn.success : txn.failure
    return ops.map((op, at) => this.#runOp(op, path.nested[at], writing))
  }

  #runOp(op: Op, path: Path | undefined, writing: Writing): OpResult {
    switch (op.type) {
      case 'range': {
        const at = op.revision || writing.readRevision
        return readRange(this.#index, this.#historyOf, op, at)
      }
      case 'put':
        return this.#put(op, writing)
      case 'delete':
        return this.#deleteRange(op, writing)
      case 'txn': {
        const taken = must(path, 'path')
        const results = this.#run(op, taken, writing)
        return { type: 'txn', succeeded: taken.succeeded, results }
      }
    }
  }

  #put(op: PutOp, writing: Writing): PutResult {
    const previous = liveAt(this.#histories.get(op.key), writing.revision)
    const lease = op.ignoreLease && previous ? previous.lease : (op.lease ?? 0)
    const value = op.ignoreValue && previous ? previous.value() : op.value
    this.#write(writing, previous, {
      key: op.key,
      value,
      mod: writing.revision,
      sub: writing.nextSub(),
      create: previous?.create ?? writing.revision,
      version: (previous?.version ?? 0) + 1,
      lease,
    })
    if (previous === undefined) this.#liveKeys++
    else this.leases.detach(previous.lease, op.key)
    this.leases.attach(lease, op.key)
    return op.prevKv && previous ? { type: 'put', prevKv: previous.toKeyValue() } : { type: 'put' }
  }

  #deleteRange(op: DeleteOp, writing: Writing): DeleteResult {
    const single = op.rangeEnd === undefined || op.rangeEnd === ''
    const only = single ? liveAt(this.#histories.get(op.key), writing.revision) : undefined
    const found = single
      ? only === undefined
        ? []
        : [only]
      : liveIn(this.#index, op.key, op.rangeEnd, writing.revision)
    for (const version of found) this.#delete(version.key, writing)
    const result: DeleteResult = { type: 'delete', deleted: found.length }
    return op.prevKv ? { ...result, prevKvs: found.map(row => row.toKeyValue()) } : result
  }

  #delete(key: Key, writing: Writing): void {
    const previous = liveAt(this.#histories.get(key), writing.revision)
    if (previous === undefined) return
    this.#write(writing, previous, {
      ...{ key, value: noBytes, mod: writing.revision, sub: writing.nextSub() },
      ...{ create: 0, version: 0, lease: 0 },
    })
    this.#liveKeys--
    this.leases.detach(previous.lease, key)
  }

  #write(writing: Writing, previous: Version | undefined, row: VersionRow): void {
    const version = this.#add(row)
    this.#changes.append(version)
    if (previous !== undefined) this.#hash.remove(previous.hashLow, previous.hashHigh)
    if (!version.deleted) this.#hash.add(version.hashLow, version.hashHigh)
    writing.changed = true
  }

  #add(row: VersionRow): Version {
    const version = new Version(this.#slabs, row)
    this.#overhead += row.key.length + versionBytes
    const history = this.#histories.get(row.key)
    if (history === undefined) this.#setHistory({ key: row.key, versions: [version] })
    else history.versions.push(version)
    return version
  }

  /** Runs are sorted as they fill up, and merged at the end. */
  #noteImported(version: Version): void {
    const last = this.#imported.at(-1)
    if (last !== undefined && last.length < runLength) {
      last.push(version)
      return
    }
    last?.sort(byRevision)
    this.#imported.push([version])
  }

  #setHistory(history: History): void {
    this.#histories.set(history.key, history)
    this.#index.set(history.key, history)
  }

  #close(writing: Writing): void {
    if (writing.changed) this.#revision = writing.revision
  }

  /** Forgets at most `max` versions of `key` that can't be read any more; returns how many. */
  #forget(key: Key, max: number): number {
    const history = this.#histories.get(key)
    if (history === undefined) return 0
    const { versions } = history
    const first = Math.min(firstKept(versions, this.#floor), max)
    if (first === 0) return 0
    for (let at = 0; at < first; at++) this.#slabs.release(versions[at]!)
    this.#overhead -= first * (key.length + versionBytes)
    if (first < versions.length) this.#setHistory({ key, versions: versions.slice(first) })
    else {
      this.#histories.delete(key)
      this.#index.delete(key)
    }
    return first
  }

  #importRow(row: VersionRow): void {
    const previous = this.#histories.get(row.key)?.versions.at(-1)
    // Snapshots of format 1 have no sub revisions.
    const version = this.#add({ ...row, sub: row.sub ?? 0 })
    if (version.mod >= this.#floor) this.#noteImported(version)
    if (previous !== undefined && !previous.deleted) {
      this.#hash.remove(previous.hashLow, previous.hashHigh)
      this.#liveKeys--
      this.leases.detach(previous.lease, row.key)
    }
    if (version.deleted) return
    this.#hash.add(version.hashLow, version.hashHigh)
    this.#liveKeys++
    this.leases.attach(version.lease, row.key)
  }
}

/** The transaction under way. */
class Writing {
  readonly revision: number
  changed = false
  #subs = 0

  constructor(revision: number) {
    this.revision = revision
  }

  nextSub(): number {
    return this.#subs++
  }

  /** A range inside a transaction sees its own writes once there are any. */
  get readRevision(): number {
    return this.changed ? this.revision : this.revision - 1
  }
}
