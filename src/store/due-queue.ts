import { heapify, popFirst, siftDown, siftUp } from '../kernel/heap.ts'

/** One thing that is due at a time, which may be put off while it is queued. */
export interface Timer {
  readonly id: number
  dueAt: number
  /** The time it stands in the queue for; never later than `dueAt` once it was put off. */
  queuedFor: number
}

/** More of what is not wanted any more than this, and as much as what is: the queue is rebuilt. */
const staleMin = 1_024

/**
 * Timers, the soonest first: a binary heap. One that was put off stays where it is and is queued
 * anew when its old time comes, so that renewing costs nothing.
 * Source: etcd server/lease/lease_queue.go.
 */
export class DueQueue {
  #heap: Timer[] = []
  readonly #isWanted: (timer: Timer) => boolean
  #checkAt = staleMin

  /** `isWanted`: false of timers that were given up. */
  constructor(isWanted: (timer: Timer) => boolean) {
    this.#isWanted = isWanted
  }

  get size(): number {
    return this.#heap.length
  }

  add(timer: Timer): void {
    timer.queuedFor = timer.dueAt
    if (this.#heap.length >= this.#checkAt) this.#dropUnwanted()
    this.#heap.push(timer)
    siftUp(this.#heap, this.#heap.length - 1, isSooner)
  }

  /** Takes a timer that is due at `now`, the soonest; undefined when there is none. */
  takeDue(now: number): Timer | undefined {
    for (;;) {
      const [first] = this.#heap
      if (first === undefined || first.queuedFor > now) return undefined
      const isPutOff = first.dueAt > now && this.#isWanted(first)
      if (isPutOff) {
        first.queuedFor = first.dueAt
        siftDown(this.#heap, 0, isSooner)
        continue
      }
      popFirst(this.#heap, isSooner)
      if (this.#isWanted(first)) return first
    }
  }

  clear(): void {
    this.#heap = []
    this.#checkAt = staleMin
  }

  #dropUnwanted(): void {
    this.#heap = this.#heap.filter(this.#isWanted)
    heapify(this.#heap, isSooner)
    this.#checkAt = 2 * this.#heap.length + staleMin
  }
}

function isSooner(left: Timer, right: Timer): boolean {
  return left.queuedFor < right.queuedFor
}
