import type { ChangeLog } from './changes.ts'
import type { Histories } from './history.ts'
import type { OrderedMap } from './ordered.ts'
import type { Slot } from './slots.ts'
import type { Key } from './types.ts'

/** What a sweep works on. */
export interface SweepHost {
  readonly changes: ChangeLog
  readonly index: OrderedMap<Slot>
  readonly histories: Histories
  floor(): number
  /** Forgets at most `max` old versions of the key in `slot`; returns how many. */
  forget(slot: Slot, max: number): number
}

/** Versions of one key that go in one step. */
const forgottenMax = 256

/**
 * Removes what a compaction has made unreadable, and moves values out of slabs that are mostly
 * empty; in slices, for walking over a million versions at once stops the thread for a second.
 * What is readable, and every snapshot and hash, depends on the floor alone, never on how far this
 * has come.
 * ```
 * change log   floor before      cursor          floor
 *       ---------|-----------------|----------------|--------
 *                 forgotten here    still to be looked at
 * ```
 */
export class Sweep {
  readonly #host: SweepHost
  /** Position in the change log; undefined: nothing is to be forgotten. */
  #cursor: number | undefined
  /** The key to go on with; undefined: no value is to be moved. */
  #repackFrom: Key | undefined

  constructor(host: SweepHost) {
    this.#host = host
  }

  get isDone(): boolean {
    return this.#cursor === undefined && this.#repackFrom === undefined
  }

  /**
   * The floor has moved from `before`. Deletes at `before` were kept to be watched, and have to be
   * looked at once more.
   */
  floorMoved(before: number): void {
    const first = this.#host.changes.positionOf(before)
    this.#cursor = Math.min(this.#cursor ?? first, first)
  }

  repack(): void {
    this.#repackFrom ??= ''
  }

  /** Looks at about `max` versions. */
  step(max: number): void {
    let left = max
    if (this.#cursor !== undefined) left = this.#forget(this.#cursor, left)
    if (left > 0 && this.#repackFrom !== undefined) this.#move(this.#repackFrom, left)
  }

  /** Returns how many may still be looked at. */
  #forget(from: number, max: number): number {
    const { changes, histories, forget } = this.#host
    const { rows } = histories
    const floor = this.#host.floor()
    let left = max
    let at = from
    for (; left > 0; left--) {
      if (at === changes.end || changes.modAt(at) > floor) {
        this.#cursor = undefined
        changes.trim(floor)
        if (rows.slabs.wasteful) this.repack()
        return left
      }
      const forgotten = forget(rows.slot(changes.idAt(at)), forgottenMax)
      left -= forgotten
      if (forgotten < forgottenMax) at++
    }
    this.#cursor = at
    changes.trim(at === changes.end ? floor : Math.min(floor, changes.modAt(at)))
    return 0
  }

  #move(from: Key, max: number): void {
    const { index, histories } = this.#host
    const { rows, slots } = histories
    let left = max
    let next: Key | undefined
    index.scan(from, undefined, (slot, key) => {
      if (left <= 0) {
        next = key
        return false
      }
      for (let id = slots.oldest(slot); id !== 0; id = rows.newer(id)) {
        rows.repack(id)
        left--
      }
      return true
    })
    this.#repackFrom = next
  }
}
