import { heapify, popFirst, siftDown } from '../kernel/heap.ts'

/** Rows sorted at once: a millisecond or two. */
export const runLength = 4_096
const sliceLength = 256

interface Head<T> {
  readonly run: readonly T[]
  /** Which run it is: of equal ones the earlier run's comes first. */
  readonly number: number
  at: number
}

type Compare<T> = (left: T, right: T) => number

/** Merges runs that are sorted, in slices. Stable: of equal ones the earlier run's comes first. */
export function* mergeRuns<T>(
  runs: readonly (readonly T[])[],
  compare: Compare<T>,
): Generator<readonly T[]> {
  const heap: Head<T>[] = runs.map((run, number) => ({ run, number, at: 0 }))
  const isBefore = (left: Head<T>, right: Head<T>) => {
    const sign = compare(left.run[left.at]!, right.run[right.at]!)
    return sign < 0 || (sign === 0 && left.number < right.number)
  }
  heapify(heap, isBefore)
  let slice: T[] = []
  while (heap.length > 0) {
    const head = heap[0]!
    slice.push(head.run[head.at++]!)
    if (head.at === head.run.length) popFirst(heap, isBefore)
    else siftDown(heap, 0, isBefore)
    if (slice.length < sliceLength) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

/** Sorts in slices, stably; gives back the sorted ones. */
export function* sortSteps<T>(items: T[], compare: Compare<T>): Generator<void, T[]> {
  if (items.length <= runLength) return items.sort(compare)
  const runs: T[][] = []
  for (let at = 0; at < items.length; at += runLength) {
    runs.push(items.slice(at, at + runLength).sort(compare))
    yield
  }
  const sorted: T[] = []
  for (const slice of mergeRuns(runs, compare)) {
    sorted.push(...slice)
    yield
  }
  return sorted
}
