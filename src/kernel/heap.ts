/** Whether `left` has to come out before `right`. */
type IsBefore<T> = (left: T, right: T) => boolean

/** Puts the items of an array in the order of a binary heap: the first one comes out first. */
export function heapify<T>(heap: T[], isBefore: IsBefore<T>): void {
  for (let at = (heap.length >> 1) - 1; at >= 0; at--) siftDown(heap, at, isBefore)
}

/** Restores the order where the item at `from` may have to come later than it stands. */
export function siftDown<T>(heap: T[], from: number, isBefore: IsBefore<T>): void {
  for (let at = from; ; ) {
    let least = at
    for (const child of [2 * at + 1, 2 * at + 2]) {
      if (child < heap.length && isBefore(heap[child]!, heap[least]!)) least = child
    }
    if (least === at) return
    swap(heap, at, least)
    at = least
  }
}

/** Restores the order where the item at `from` may have to come sooner than it stands. */
export function siftUp<T>(heap: T[], from: number, isBefore: IsBefore<T>): void {
  for (let at = from; at > 0; ) {
    const parent = (at - 1) >> 1
    if (!isBefore(heap[at]!, heap[parent]!)) return
    swap(heap, at, parent)
    at = parent
  }
}

/** Takes the first item out. */
export function popFirst<T>(heap: T[], isBefore: IsBefore<T>): T | undefined {
  const last = heap.pop()
  const [first] = heap
  if (last === undefined || first === undefined) return last
  heap[0] = last
  siftDown(heap, 0, isBefore)
  return first
}

function swap<T>(heap: T[], left: number, right: number): void {
  const kept = heap[left]!
  heap[left] = heap[right]!
  heap[right] = kept
}
