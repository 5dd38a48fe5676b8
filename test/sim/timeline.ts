/** Something that happens at a virtual time. */
interface Happening {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** Virtual time: a heap of what will happen, in order of time and then of planning. */
export class Timeline {
  now = 0
  #heap: Happening[] = []
  #order = 0

  plan(at: number, run: () => void): void {
    const heap = this.#heap
    const item = { at: Math.max(at, this.now), order: this.#order++, run }
    let child = heap.length
    heap.push(item)
    while (child > 0) {
      const parent = (child - 1) >> 1
      if (!isBefore(item, heap[parent]!)) break
      heap[child] = heap[parent]!
      child = parent
    }
    heap[child] = item
  }

  /** Runs the next happening; false when there is none until `end`. */
  next(end: number): boolean {
    const first = this.#heap[0]
    if (first === undefined || first.at > end) {
      this.now = end
      return false
    }
    this.now = first.at
    this.#removeFirst()
    first.run()
    return true
  }

  #removeFirst(): void {
    const heap = this.#heap
    const item = heap.pop()!
    if (heap.length === 0) return
    let parent = 0
    for (;;) {
      let child = parent * 2 + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++
      if (!isBefore(heap[child]!, item)) break
      heap[parent] = heap[child]!
      parent = child
    }
    heap[parent] = item
  }
}

function isBefore(left: Happening, right: Happening): boolean {
  return left.at < right.at || (left.at === right.at && left.order < right.order)
}
