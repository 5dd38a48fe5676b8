import { merge, sortByRevision } from './byrevision.ts'
import type { ChangeLog } from './changes.ts'
import type { RowId, Rows } from './rows.ts'
import { runLength } from './runs.ts'

/**
 * Rows of a snapshot that comes in, by key, for the change log, which is by revision: runs are
 * sorted as they fill up, and merged at the end.
 */
export class Arrivals {
  readonly #rows: Rows
  /** The last run is not sorted yet. */
  #runs: RowId[][] = []

  constructor(rows: Rows) {
    this.#rows = rows
  }

  add(id: RowId): void {
    const last = this.#runs.at(-1)
    if (last !== undefined && last.length < runLength) {
      last.push(id)
      return
    }
    if (last !== undefined) sortByRevision(this.#rows, last)
    this.#runs.push([id])
  }

  /** Puts all of them into `changes`, a slice each time. */
  *drainTo(changes: ChangeLog): Generator<void> {
    const rows = this.#rows
    const runs = this.#runs
    this.#runs = []
    sortByRevision(rows, runs.at(-1) ?? [])
    for (const slice of merge(rows, runs)) {
      for (const id of slice) changes.append(rows.mod(id), id)
      yield
    }
  }
}
