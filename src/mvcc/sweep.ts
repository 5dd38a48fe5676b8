import type { ChangeLog } from './changes.ts'
import type { History, Version } from './history.ts'
import type { OrderedMap } from './ordered.ts'
import type { Slabs } from './slab.ts'
import type { Key } from './types.ts'

/** What a sweep works on. */
export interface SweepHost {
  readonly changes: ChangeLog
  readonly slabs: Slabs
  readonly index: OrderedMap<History>
  floor(): number
  /** Forgets at most `max` old versions of a key; returns how many. */
  forget(key: Key, max: number): number
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
    const { changes, slabs, forget } = this.#host
    const floor = this.#host.floor()
    let left = max
    let at = from
    for (; left > 0; left--) {
      const version = changes.at(at)
      if (version === undefined || version.mod > floor) {
        this.#cursor = undefined
        changes.trim(floor)
        if (slabs.wasteful) this.repack()
        return left
      }
      const forgotten = forget(version.key, forgottenMax)
      left -= forgotten
      if (forgotten < forgottenMax) at++
    }
    this.#cursor = at
    changes.trim(Math.min(floor, changes.at(at)?.mod ?? floor))
    return 0
  }

  #move(from: Key, max: number): void {
    const { index, slabs } = this.#host
    let left = max
    let next: Key | undefined
    index.scan(from, undefined, (history, key) => {
      if (left <= 0) {
        next = key
        return false
      }
      for (const version of history.versions) slabs.repack(version)
      left -= history.versions.length
      return true
    })
    this.#repackFrom = next
  }
}

/**
 * The first version that can still be read, or watched, at `floor` and above. A delete before the
 * floor says nothing any more; one at the floor is still to be watched.
 */
export function firstKept(versions: readonly Version[], floor: number): number {
  let low = 0
  let high = versions.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (versions[middle]!.mod > floor) high = middle
    else low = middle + 1
  }
  const last = versions[low - 1]
  if (last === undefined) return 0
  return last.deleted && last.mod < floor ? low : low - 1
}
