import type { HistoryView } from './history.ts'
import type { OrderedMap } from './ordered.ts'
import type { RowId, Rows } from './rows.ts'
import type { Slot } from './slots.ts'

/** Which revisions are of interest. */
interface Span {
  readonly revision: number
  readonly floor: number
}

/** Rows sorted at once: a millisecond or two. */
export const runLength = 4_096
const sliceLength = 256

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

interface Head {
  readonly run: readonly RowId[]
  at: number
}

/** Merges runs that are sorted, in slices. */
export function* merge(rows: Rows, runs: readonly RowId[][]): Generator<readonly RowId[]> {
  const heap: Head[] = runs.map(run => ({ run, at: 0 }))
  const isBefore = (left: Head, right: Head) =>
    difference(rows, left.run[left.at]!, right.run[right.at]!) < 0
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) siftDown(heap, at, isBefore)
  let slice: RowId[] = []
  while (heap.length > 0) {
    const head = heap[0]!
    slice.push(head.run[head.at++]!)
    if (head.at === head.run.length) {
      const last = heap.pop()!
      if (heap.length > 0) heap[0] = last
    }
    siftDown(heap, 0, isBefore)
    if (slice.length < sliceLength) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

function siftDown(
  heap: Head[],
  from: number,
  isBefore: (left: Head, right: Head) => boolean,
): void {
  let at = from
  for (;;) {
    let least = at
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child
    }
    if (least === at) return
    const moved = heap[at]!
    heap[at] = heap[least]!
    heap[least] = moved
    at = least
  }
}
