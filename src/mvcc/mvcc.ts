import { assert, must } from '../kernel/assert.ts'
import { runAtOnce } from '../kernel/long-work.ts'
import { Arrivals } from './arrivals.ts'
import { ChangeLog, changedKeys, type EventPage, type EventQuery, readEvents } from './changes.ts'
import * as check from './check.ts'
import { type Before, decide, type Path, refusalOf, refusalOfRevision, type Txn } from './decide.ts'
import { finish, mixInteger, SetHash } from './hash.ts'
import { Histories, noBytes } from './history.ts'
import { Leases } from './lease.ts'
import { OrderedMap } from './ordered.ts'
import { liveIn, type Readable, readRange, stepRowsDefault } from './range.ts'
import type { RowId } from './rows.ts'
import { sortSteps } from './runs.ts'
import type { Secret } from './siphash.ts'
import type { Slot } from './slots.ts'
import { FrozenView, type MvccSlice } from './snapshot.ts'
import { Sweep } from './sweep.ts'
import type {
  DeleteOp,
  DeleteResult,
  Key,
  KeyValue,
  LeaseId,
  Op,
  OpResult,
  PartListener,
  PutOp,
  PutResult,
  RangeOp,
  RangeResult,
  Revision,
  VersionRow,
} from './types.ts'
import { Writing } from './writing.ts'

/** What was read; `revision` is the store's when the read began. */
export interface RangeDone {
  readonly ok: true
  readonly range: RangeResult
  readonly revision: Revision
}

export type EventsDone = { readonly ok: true } & EventPage

/** What doesn't change what a store is, only how it is held; members may differ. */
export interface MvccOptions {
  /** Bytes of a block of values; default slabBytesDefault. */
  readonly slabBytes?: number
  /**
   * Of the table of keys: who can guess it can choose keys that make it slow. Default: none, for
   * stores that nobody else writes.
   */
  readonly secret?: Secret
  /** Keys or versions between two steps of a long operation; default stepRowsDefault. */
  readonly stepRows?: number
}

/** What a transaction did. `revision` is the store's after it. */
export interface TxnDone {
  readonly ok: true
  readonly succeeded: boolean
  readonly results: readonly OpResult[]
  readonly revision: Revision
}

/** Changes above which it is not worth the while to tell whose keys they are. */
const changedMax = 4_096

/** Chunks of rows and slots that a step copies, 50 kB on the average: a millisecond or two. */
const copiesPerStep = 32

/** What a version weighs beside its key and value. */
const versionBytes = 64

/**
 * etcd's key-value state: pure, deterministic, in memory. One main revision for each transaction
 * that writes. As in etcd an empty store is at revision 1. Every method that changes something is
 * to be called in log order.
 * Expected failures are results; nothing is changed by a request that fails.
 */
export class Mvcc {
  readonly #index = new OrderedMap<Slot>()
  readonly #histories: Histories
  readonly #readable: Readable
  readonly #changes = new ChangeLog()
  readonly #hash = new SetHash()
  readonly leases = new Leases(this.#hash)
  #revision = 1
  #floor = 0
  #liveKeys = 0
  #overhead = 0
  /** Chunks that had been copied when this step began. */
  #copiesBefore = 0
  readonly #sweep: Sweep
  /** The transaction under way, if it is one in steps. */
  #writing: Writing | undefined
  /** While a snapshot comes in: rows above its floor. */
  readonly #arrivals: Arrivals

  /** Small values of the options let a test see slabs die, and many steps. */
  constructor({ slabBytes, stepRows = stepRowsDefault, secret }: MvccOptions = {}) {
    this.#histories = new Histories(slabBytes, secret)
    this.#readable = { index: this.#index, histories: this.#histories, stepRows }
    this.#arrivals = new Arrivals(this.#histories.rows)
    this.#sweep = new Sweep({
      ...this.#readable,
      changes: this.#changes,
      floor: () => this.#floor,
      forget: (slot, max) => this.#forget(slot, max),
    })
  }

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
    return this.#histories.rows.slabs.live + this.#overhead
  }

  /** Bytes of the slabs: kept values and what is not yet given back. */
  get heldBytes(): number {
    return this.#histories.rows.slabs.held
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
  range(op: RangeOp): check.MvccFailure | RangeDone {
    return runAtOnce(this.rangeSteps(op))
  }

  /**
   * As range, in steps: between two of them others may write, compact and sweep.
   * @returns `compacted` also when what is read was compacted meanwhile
   */
  *rangeSteps(op: RangeOp, onPart?: PartListener): Generator<void, check.MvccFailure | RangeDone> {
    if (op.key === '') return check.invalid(check.messages.noKey)
    const wrong = refusalOfRevision(this, op)
    if (wrong !== undefined) return wrong
    const { revision } = this
    const at = op.revision || revision
    // Counts are of the index as it is, which may hold a part of the next revision.
    const isPresent = at === revision && this.#writing === undefined
    const steps = readRange(this.#readable, op, { revision: at, isPresent }, onPart)
    for (;;) {
      const step = steps.next()
      if (step.done) return { ok: true, range: step.value, revision }
      yield
      if (at < this.#floor) return check.compacted(this.floor)
    }
  }

  /**
   * Compares, then runs one branch. All compares of nested transactions see the state before the
   * first write; ranges see the writes before them. Source: etcd server/etcdserver/txn/txn.go.
   */
  txn(txn: Txn): check.MvccFailure | TxnDone {
    return runAtOnce(this.txnSteps(txn))
  }

  /**
   * As txn, in steps. Until the last one readers see the state before it; nothing else that is to
   * be called in log order may be called between, nor `hash` and the leases be looked at.
   */
  *txnSteps(txn: Txn): Generator<void, check.MvccFailure | TxnDone> {
    const malformed = check.checkTxn(txn.compares, txn.success, txn.failure)
    if (malformed !== undefined) return malformed
    const before = this.#before()
    const path = yield* decide(before, txn)
    const wrong = refusalOf(before, txn, path)
    if (wrong !== undefined) return wrong
    const writing = this.#open()
    const results = yield* this.#run(txn, path, writing)
    this.#close(writing)
    return { ok: true, succeeded: path.succeeded, results, revision: this.revision }
  }

  /** @returns `compacted` when `query.from` is below the floor. `from` may lie in the future. */
  events(query: EventQuery): check.MvccFailure | EventsDone {
    return runAtOnce(this.eventsSteps(query))
  }

  /**
   * As events, in steps, between which others may write, compact and sweep.
   * @returns `compacted` also when what is read, or was before it, was compacted meanwhile
   */
  *eventsSteps(query: EventQuery): Generator<void, check.MvccFailure | EventsDone> {
    if (query.from < this.#floor) return check.compacted(this.floor)
    const span = { present: this.#revision, floor: this.#floor }
    const steps = readEvents(this.#changes, this.#histories, query, span)
    for (;;) {
      const step = steps.next()
      if (step.done) return { ok: true, ...step.value }
      yield
      const { floor } = this
      if (floor !== span.floor && floor >= query.from) return check.compacted(floor)
    }
  }

  /** The keys changed at or after `from`, sorted; undefined when it was much. */
  changedKeys(from: number): Key[] | undefined {
    const span = { from, present: this.#revision }
    return changedKeys(this.#changes, this.#histories, span, changedMax)
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
    return runAtOnce(this.revokeSteps(id, renewals))
  }

  /** As revoke, in steps; see txnSteps. */
  *revokeSteps(
    id: LeaseId,
    renewals?: number,
  ): Generator<void, check.MvccFailure | { readonly ok: true }> {
    const lease = this.leases.get(id)
    if (lease === undefined) return check.invalid(check.messages.leaseNotFound)
    if (renewals !== undefined && renewals !== lease.renewals) {
      return check.invalid(check.messages.leaseRenewed)
    }
    const writing = this.#open()
    const keys = yield* sortSteps([...lease.keys], compareKeys)
    for (const key of keys) {
      this.#delete(this.#live(key, writing.revision), writing)
      if (this.#isStepDone(writing)) yield
    }
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
    const index = this.#index.freeze()
    const histories = this.#histories.freeze()
    return new FrozenView(index, histories, this.leases, this.#revision, this.#floor)
  }

  /** Adds slices of a FrozenView to an empty store, in their order. */
  import(slice: MvccSlice): void {
    if (slice.type === 'head') {
      assert(this.#revision === 1 && this.leases.size === 0, 'snapshot into a store in use')
      this.#revision = slice.revision
      this.#floor = slice.floor
    }
    if (slice.type !== 'rows') {
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
  importSteps(): Generator<void> {
    return this.#arrivals.drainTo(this.#changes)
  }

  /** The state as it is between two transactions. */
  #before(): Before {
    const { revision, floor } = this
    return { readable: this.#readable, leases: this.leases, revision, floor }
  }

  /** The live version of `key`; 0 when there is none. */
  #live(key: Key, revision: number): RowId {
    return this.#histories.liveAt(this.#histories.slotOf(key), revision)
  }

  *#run(txn: Txn, path: Path, writing: Writing): Generator<void, OpResult[]> {
    const results: OpResult[] = []
    for (const [at, op] of (path.succeeded ? txn.success : txn.failure).entries()) {
      if (op.type === 'put') results.push(this.#put(op, writing))
      else results.push(yield* this.#runOp(op, path.nested[at], writing))
    }
    return results
  }

  *#runOp(
    op: Exclude<Op, PutOp>,
    path: Path | undefined,
    writing: Writing,
  ): Generator<void, OpResult> {
    switch (op.type) {
      case 'range': {
        const revision = op.revision || writing.readRevision
        const isPresent = revision === writing.readRevision
        return yield* readRange(this.#readable, op, { revision, isPresent })
      }
      case 'delete':
        return yield* this.#deleteRange(op, writing)
      case 'txn': {
        const taken = must(path, 'path')
        const results = yield* this.#run(op, taken, writing)
        return { type: 'txn', succeeded: taken.succeeded, results }
      }
    }
  }

  #put(op: PutOp, writing: Writing): PutResult {
    const { rows } = this.#histories
    const previous = this.#live(op.key, writing.revision)
    const isNew = previous === 0
    const oldLease = isNew ? 0 : rows.lease(previous)
    const lease = op.ignoreLease ? oldLease : (op.lease ?? 0)
    this.#write(writing, previous, {
      key: op.key,
      value: op.ignoreValue && !isNew ? rows.value(previous) : op.value,
      mod: writing.revision,
      sub: writing.nextSub(),
      create: isNew ? writing.revision : rows.create(previous),
      version: isNew ? 1 : rows.version(previous) + 1,
      lease,
    })
    if (isNew) this.#liveKeys++
    else this.leases.detach(oldLease, op.key)
    this.leases.attach(lease, op.key)
    if (!op.prevKv || isNew) return { type: 'put' }
    return { type: 'put', prevKv: this.#histories.toKeyValue(previous) }
  }

  *#deleteRange(op: DeleteOp, writing: Writing): Generator<void, DeleteResult> {
    const found = yield* liveIn(this.#readable, op.key, op.rangeEnd, writing.revision)
    const prevKvs: KeyValue[] = []
    for (const id of found) {
      if (op.prevKv) prevKvs.push(this.#histories.toKeyValue(id))
      this.#delete(id, writing)
      if (this.#isStepDone(writing)) yield
    }
    const result: DeleteResult = { type: 'delete', deleted: found.length }
    return op.prevKv ? { ...result, prevKvs } : result
  }

  /** `previous`: what is live of the key; 0 does nothing. */
  #delete(previous: RowId, writing: Writing): void {
    if (previous === 0) return
    const key = this.#histories.keyOf(previous)
    const lease = this.#histories.rows.lease(previous)
    this.#write(writing, previous, {
      ...{ key, value: noBytes, mod: writing.revision, sub: writing.nextSub() },
      ...{ create: 0, version: 0, lease: 0 },
    })
    this.#liveKeys--
    this.leases.detach(lease, key)
  }

  #write(writing: Writing, previous: RowId, row: VersionRow): void {
    const id = this.#add(row)
    const isDelete = row.version === 0
    if (isDelete || previous === 0) this.#index.setCounted(row.key, !isDelete)
    this.#changes.append(row.mod, id)
    this.#hashReplaced(previous, id)
    writing.changed = true
  }

  /** The state's hash after `id` has taken the place of `previous`. */
  #hashReplaced(previous: RowId, id: RowId): void {
    const { rows } = this.#histories
    if (previous !== 0) this.#hash.remove(rows.hashLow(previous), rows.hashHigh(previous))
    if (!rows.isDelete(id)) this.#hash.add(rows.hashLow(id), rows.hashHigh(id))
  }

  #add(row: VersionRow): RowId {
    this.#overhead += row.key.length + versionBytes
    const { id, slot, isNew } = this.#histories.append(row)
    if (isNew) this.#index.set(row.key, slot)
    return id
  }

  /** After so many changes, or chunks copied for them: each costs more after a freeze. */
  #isStepDone(writing: Writing): boolean {
    const { copies } = this.#histories
    const isCopying = copies - this.#copiesBefore >= copiesPerStep
    if (isCopying) this.#copiesBefore = copies
    return isCopying || writing.isStepDone
  }

  #open(): Writing {
    this.#copiesBefore = this.#histories.copies
    const writing = new Writing(this.#revision + 1, this.#readable.stepRows)
    this.#writing = writing
    return writing
  }

  #close(writing: Writing): void {
    this.#writing = undefined
    if (writing.changed) this.#revision = writing.revision
  }

  /** Forgets at most `max` versions of a key that can't be read any more; returns how many. */
  #forget(slot: Slot, max: number): number {
    const { slots } = this.#histories
    const key = slots.key(slot)
    const forgotten = this.#histories.forget(slot, this.#floor, max)
    this.#overhead -= forgotten * (key.length + versionBytes)
    if (forgotten > 0 && slots.newest(slot) === 0) this.#index.delete(key)
    return forgotten
  }

  #importRow(row: VersionRow): void {
    const previous = this.#live(row.key, row.mod)
    // Snapshots of format 1 have no sub revisions.
    const id = this.#add({ ...row, sub: row.sub ?? 0 })
    const isDelete = row.version === 0
    if (isDelete || previous === 0) this.#index.setCounted(row.key, !isDelete)
    if (row.mod >= this.#floor) this.#arrivals.add(id)
    this.#hashReplaced(previous, id)
    if (previous !== 0) {
      this.#liveKeys--
      this.leases.detach(this.#histories.rows.lease(previous), row.key)
    }
    if (row.version === 0) return
    this.#liveKeys++
    this.leases.attach(row.lease, row.key)
  }
}

function compareKeys(left: Key, right: Key): number {
  return left < right ? -1 : left > right ? 1 : 0
}
