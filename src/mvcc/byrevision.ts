import type { HistoryView } from './history.ts'
import type { OrderedMap } from './ordered.ts'
import type { RowId, Rows } from './rows.ts'
import { mergeRuns, runLength } from './runs.ts'
import type { Slot } from './slots.ts'

/** Which revisions are of interest. */
interface Span {
  readonly revision: number
  readonly floor: number
}

/** Sorts in the order in which versions were written. */
export function sortByRevision(rows: Rows, ids: RowId[]): void {
  ids.sort((left, right) => difference(rows, left, right))
}

function difference(rows: Rows, left: RowId, right: RowId): number {
  return rows.mod(left) - rows.mod(right) || rows.sub(left) - rows.sub(right)
}

/**
 * The rows of a frozen index from `floor` up to `revision`, by (mod, sub), in slices; an empty
 * slice only lets others run. The index is in key order: a million rows sorted at once would stop
 * the thread for a second, so runs are sorted one by one and then merged.
 */
export function* inRevisionOrder(
  index: OrderedMap<Slot>,
  histories: HistoryView,
  span: Span,
): Generator<readonly RowId[]> {
  const runs: RowId[][] = []
  let from: string | undefined = ''
  while (from !== undefined) {
    const run: RowId[] = []
    from = fillRun(index, histories, from, span, run)
    sortByRevision(histories.rows, run)
    if (run.length > 0) runs.push(run)
    yield []
  }
  yield* merge(histories.rows, runs)
}

/** Fills `run`; returns the key to go on with, or undefined at the end. */
function fillRun(
  index: OrderedMap<Slot>,
  histories: HistoryView,
  from: string,
  { revision, floor }: Span,
  run: RowId[],
): string | undefined {
  let next: string | undefined
  index.scan(from, undefined, (slot, key) => {
    if (run.length >= runLength) {
      next = key
      return false
    }
    for (const id of histories.kept(slot, floor, revision)) run.push(id)
    return true
  })
  return next
}

/** Merges runs that are sorted, in slices. */
export function merge(rows: Rows, runs: readonly RowId[][]): Generator<readonly RowId[]> {
  return mergeRuns(runs, (left, right) => difference(rows, left, right))
}
