import { inRevisionOrder } from './byrevision.ts'
import type { HistoryView } from './history.ts'
import type { Leases } from './lease.ts'
import type { OrderedMap } from './ordered.ts'
import type { RowId } from './rows.ts'
import type { Slot } from './slots.ts'
import type { Key, LeaseId, RevisionRow, VersionRow } from './types.ts'

/** ID, time in seconds, renewals. */
export type LeaseRow = readonly [LeaseId, number, number?]

/** Leases of one slice. */
const sliceLeases = 2_000

/**
 * A part of a snapshot: the head first, then the leases that it had no room for, then rows in key
 * order, each key's versions oldest first.
 */
export type MvccSlice =
  | {
      readonly type: 'head'
      readonly revision: number
      readonly floor: number
      /** The first ones; the rest follows. */
      readonly leases: readonly LeaseRow[]
    }
  | { readonly type: 'leases'; readonly leases: readonly LeaseRow[] }
  | { readonly type: 'rows'; readonly rows: readonly VersionRow[] }

/**
 * The store as it was when frozen. Reading it in slices takes the time of the slices; the writes
 * between them are not seen, nor what the floor has made unreadable and is still there. Measured:
 * 100 MB packed at once stops the thread for 610-1,109 ms, in slices of 256 rows the worst is
 * 1.2 ms.
 */
export class FrozenView {
  readonly #index: OrderedMap<Slot>
  readonly #histories: HistoryView
  readonly #revision: number
  readonly #floor: number
  /** Three numbers a lease: renewals go on while this is read. */
  readonly #leases: Float64Array

  constructor(
    index: OrderedMap<Slot>,
    histories: HistoryView,
    leases: Leases,
    revision: number,
    floor: number,
  ) {
    this.#index = index
    this.#histories = histories
    this.#revision = revision
    this.#floor = floor
    this.#leases = numbersOf(leases)
  }

  /** As `slices`, in the order of (mod, sub): as etcd's backend has them. */
  *byRevision(): Generator<readonly RevisionRow[]> {
    const span = { revision: this.#revision, floor: this.#floor }
    for (const ids of inRevisionOrder(this.#index, this.#histories, span)) {
      yield ids.map(id => this.#revisionRow(id))
    }
  }

  /** Slices of about `rowsMax` rows and `bytesMax` bytes of values. */
  *slices(rowsMax = 256, bytesMax = 256 * 1024): Generator<MvccSlice> {
    yield { type: 'head', revision: this.#revision, floor: this.#floor, leases: this.#leaseRows(0) }
    for (let at = sliceLeases; at * 3 < this.#leases.length; at += sliceLeases) {
      yield { type: 'leases', leases: this.#leaseRows(at) }
    }
    let from: Key | undefined = ''
    while (from !== undefined) {
      const rows: VersionRow[] = []
      from = this.#fill(from, rows, rowsMax, bytesMax)
      if (rows.length > 0) yield { type: 'rows', rows }
    }
  }

  #leaseRows(from: number): LeaseRow[] {
    const numbers = this.#leases
    const rows: LeaseRow[] = []
    const end = Math.min(numbers.length, (from + sliceLeases) * 3)
    for (let at = from * 3; at < end; at += 3) {
      rows.push([numbers[at]!, numbers[at + 1]!, numbers[at + 2]!])
    }
    return rows
  }

  /** Fills `rows`; returns the key to go on with, or undefined at the end. */
  #fill(from: Key, rows: VersionRow[], rowsMax: number, bytesMax: number): Key | undefined {
    let next: Key | undefined
    let bytes = 0
    const { rows: columns } = this.#histories
    this.#index.scan(from, undefined, (slot, key) => {
      if (rows.length >= rowsMax || bytes >= bytesMax) {
        next = key
        return false
      }
      for (const id of this.#histories.kept(slot, this.#floor, this.#revision)) {
        rows.push(this.#versionRow(id))
        bytes += columns.length(id) + key.length
      }
      return true
    })
    return next
  }

  #versionRow(id: RowId): VersionRow {
    const { rows } = this.#histories
    return {
      key: this.#histories.keyOf(id),
      value: rows.value(id),
      mod: rows.mod(id),
      sub: rows.sub(id),
      create: rows.create(id),
      version: rows.version(id),
      lease: rows.lease(id),
    }
  }

  #revisionRow(id: RowId): RevisionRow {
    const { rows } = this.#histories
    const kv = this.#histories.toKeyValue(id)
    return { kv, sub: rows.sub(id), deleted: rows.isDelete(id) }
  }
}

function numbersOf(leases: Leases): Float64Array {
  const numbers = new Float64Array(leases.size * 3)
  let at = 0
  for (const { id, ttlSeconds, renewals } of leases.values()) {
    numbers[at++] = id
    numbers[at++] = ttlSeconds
    numbers[at++] = renewals
  }
  return numbers
}
