import { KeyMap } from './keymap.ts'
import { type RowId, Rows } from './rows.ts'
import type { Secret } from './siphash.ts'
import { Slabs } from './slab.ts'
import { type Slot, Slots } from './slots.ts'
import type { Key, KeyValue, Revision, VersionRow } from './types.ts'

/** No bytes: the value of deletes and of keysOnly reads. */
export const noBytes = new Uint8Array(0)

/**
 * The kept versions of each key: a chain of rows, generations divided by deletes.
 *
 *             oldest                        newest
 *     mod      4    <->   7   <->   9   <->  12
 *     version  1          2         0        1
 *     create   4          4      (delete)    12
 *
 * Source: etcd server/mvcc/key_index.go.
 */
export class HistoryView {
  readonly rows: Rows
  readonly slots: Slots

  constructor(rows: Rows, slots: Slots) {
    this.rows = rows
    this.slots = slots
  }

  /** Chunks of either that writes had to copy because of a frozen view. */
  get copies(): number {
    return this.rows.copies + this.slots.copies
  }

  keyOf(id: RowId): Key {
    return this.slots.key(this.rows.slot(id))
  }

  /**
   * The version in force at `revision`, deletes included; 0 before the first. Nearly every read is
   * of the present; etcd walks back as well.
   */
  at(slot: Slot, revision: number): RowId {
    const { rows } = this
    let id = this.slots.newest(slot)
    while (id !== 0 && rows.mod(id) > revision) id = rows.older(id)
    return id
  }

  /** As `at`, without deletes. */
  liveAt(slot: Slot | undefined, revision: number): RowId {
    if (slot === undefined) return 0
    const id = this.at(slot, revision)
    return id !== 0 && this.rows.isDelete(id) ? 0 : id
  }

  /**
   * The versions up to `revision` that can be read, or watched, at `floor` and above, oldest first.
   * A delete before the floor says nothing any more; one at the floor is still to be watched.
   */
  kept(slot: Slot, floor: number, revision: number): RowId[] {
    const { rows } = this
    const found: RowId[] = []
    for (let id = this.at(slot, revision); id !== 0; id = rows.older(id)) {
      if (isSpent(rows, id, floor)) break
      found.push(id)
      if (rows.mod(id) <= floor) break
    }
    return found.reverse()
  }

  toKeyValue(id: RowId, keysOnly = false): KeyValue {
    const { rows } = this
    return {
      key: this.keyOf(id),
      value: keysOnly ? noBytes : rows.value(id),
      createRevision: rows.create(id) as Revision,
      modRevision: rows.mod(id) as Revision,
      version: rows.version(id),
      lease: rows.lease(id),
    }
  }
}

/** The histories of a store that is written. */
export class Histories extends HistoryView {
  readonly #slotOf: KeyMap

  constructor(slabBytes?: number, secret: Secret = [0, 0]) {
    super(new Rows(new Slabs(slabBytes)), new Slots())
    this.#slotOf = new KeyMap(slot => this.slots.key(slot), secret)
  }

  slotOf(key: Key): Slot | undefined {
    return this.#slotOf.get(key)
  }

  /** Appends a version; says whether the key is a new one. */
  append(row: VersionRow): { readonly id: RowId; readonly slot: Slot; readonly isNew: boolean } {
    const { rows, slots } = this
    const found = this.#slotOf.get(row.key)
    const slot = found ?? slots.add(row.key)
    const id = rows.add(row, slot, found === undefined ? 0 : slots.newest(slot))
    slots.setNewest(slot, id)
    if (found !== undefined) return { id, slot, isNew: false }
    slots.setOldest(slot, id)
    this.#slotOf.set(row.key, slot)
    return { id, slot, isNew: true }
  }

  /** Removes at most `max` versions that can't be read at `floor` any more; returns how many. */
  forget(slot: Slot, floor: number, max: number): number {
    const { rows, slots } = this
    const first = slots.oldest(slot)
    let oldest = first
    let left = max
    while (left > 0 && oldest !== 0 && isForgotten(rows, oldest, floor)) {
      oldest = rows.removeOldest(oldest)
      left--
    }
    if (oldest !== first) slots.setOldest(slot, oldest)
    if (oldest === 0 && first !== 0) {
      slots.setNewest(slot, 0)
      this.#slotOf.delete(slots.key(slot))
      slots.remove(slot)
    }
    return max - left
  }

  /** What later writes don't change. */
  freeze(): HistoryView {
    return new HistoryView(this.rows.freeze(), this.slots.freeze())
  }
}

/** A delete before the floor: nobody can read or watch it. */
function isSpent(rows: Rows, id: RowId, floor: number): boolean {
  return rows.isDelete(id) && rows.mod(id) < floor
}

/** Nobody at `floor` and above sees the oldest version of a key. */
function isForgotten(rows: Rows, oldest: RowId, floor: number): boolean {
  const next = rows.newer(oldest)
  return (next !== 0 && rows.mod(next) <= floor) || isSpent(rows, oldest, floor)
}
