import type { History, Version } from './history.ts'
import type { OrderedMap } from './ordered.ts'
import { firstKept } from './sweep.ts'

/** Which revisions are of interest. */
interface Span {
  readonly revision: number
  readonly floor: number
}

/** The order in which versions were written. */
export function byRevision(left: Version, right: Version): number {
  return left.mod - right.mod || left.sub - right.sub
}

/** Versions sorted at once: a millisecond or two. */
export const runLength = 4_096
const sliceLength = 256

/**
 * The versions of a frozen index from `floor` up to `revision`, by (mod, sub), in slices; an empty
 * slice only lets others run. The index is in key order: a million rows sorted at once would stop
 * the thread for a second, so runs are sorted one by one and then merged.
 */
export function* inRevisionOrder(
  index: OrderedMap<History>,
  { revision, floor }: Span,
): Generator<readonly Version[]> {
  const runs: Version[][] = []
  let from: string | undefined = ''
  while (from !== undefined) {
    const run: Version[] = []
    from = fillRun(index, from, { revision, floor }, run)
    run.sort(byRevision)
    if (run.length > 0) runs.push(run)
    yield []
  }
  yield* merge(runs)
}

/** Fills `run`; returns the key to go on with, or undefined at the end. */
function fillRun(
  index: OrderedMap<History>,
  from: string,
  { revision, floor }: Span,
  run: Version[],
): string | undefined {
  let next: string | undefined
  index.scan(from, undefined, (history, key) => {
    if (run.length >= runLength) {
      next = key
      return false
    }
    const { versions } = history
    for (let at = firstKept(versions, floor); at < versions.length; at++) {
      const version = versions[at]!
      if (version.mod > revision) break
      run.push(version)
    }
    return true
  })
  return next
}

interface Head {
  readonly run: readonly Version[]
  at: number
}

/** Merges runs that are sorted, in slices. */
export function* merge(runs: readonly Version[][]): Generator<readonly Version[]> {
  const heap: Head[] = runs.map(run => ({ run, at: 0 }))
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) siftDown(heap, at)
  let slice: Version[] = []
  while (heap.length > 0) {
    const head = heap[0]!
    slice.push(head.run[head.at++]!)
    if (head.at === head.run.length) {
      const last = heap.pop()!
      if (heap.length > 0) heap[0] = last
    }
    siftDown(heap, 0)
    if (slice.length < sliceLength) continue
    yield slice
    slice = []
  }
  if (slice.length > 0) yield slice
}

function siftDown(heap: Head[], from: number): void {
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

function isBefore(left: Head, right: Head): boolean {
  return byRevision(left.run[left.at]!, right.run[right.at]!) < 0
}
