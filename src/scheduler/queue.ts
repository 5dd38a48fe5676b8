import type { Pod } from '../api/objects.ts'
import type { Cancel, Clock } from '../kernel/clock.ts'

/** Source: DefaultPodInitialBackoffDuration, DefaultPodMaxBackoffDuration. */
const backoffFirstMs = 1_000
const backoffMaxMs = 10_000
/** Source: DefaultPodMaxInUnschedulablePodsDuration. */
const unschedulableMaxMs = 300_000

interface Waiting {
  readonly key: string
  readonly priority: number
  readonly since: number
  readonly order: number
  readonly attempts: number
}

/**
 * Pods that wait for a node, in three places.
 * ```
 * active         by priority, then by age
 * back-off       1 s, 2 s ... 10 s after a failed attempt
 * unschedulable  until something in the cluster changes, at most 5 minutes
 * ```
 * Source: pkg/scheduler/backend/queue/scheduling_queue.go.
 */
export class SchedulingQueue {
  readonly #clock: Clock
  readonly #active: Waiting[] = []
  readonly #backoff = new Map<string, { readonly waiting: Waiting; readonly cancel: Cancel }>()
  readonly #unschedulable = new Map<string, { readonly waiting: Waiting; readonly at: number }>()
  #order = 0
  #moves = 0
  #wake: (() => void) | undefined
  #closed = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get lengths(): {
    readonly active: number
    readonly backoff: number
    readonly unschedulable: number
  } {
    return {
      active: this.#active.length,
      backoff: this.#backoff.size,
      unschedulable: this.#unschedulable.size,
    }
  }

  /** Counts `moveAll`: an attempt that began before a move must not sleep through it. */
  get moves(): number {
    return this.#moves
  }

  add(key: string, pod: Pod): void {
    if (this.#closed || this.#has(key)) return
    this.#push({
      key,
      priority: pod.spec.priority ?? 0,
      since: this.#clock.now(),
      order: this.#order++,
      attempts: 0,
    })
  }

  /** The pod is bound or gone. */
  remove(key: string): void {
    const at = this.#active.findIndex(waiting => waiting.key === key)
    if (at >= 0) this.#active.splice(at, 1)
    this.#backoff.get(key)?.cancel()
    this.#backoff.delete(key)
    this.#unschedulable.delete(key)
  }

  /** The next pod, or undefined when the queue is closed. */
  async pop(): Promise<Waiting | undefined> {
    while (!this.#closed) {
      const next = this.#active.shift()
      if (next) return { ...next, attempts: next.attempts + 1 }
      await new Promise<void>(resolve => {
        this.#wake = resolve
      })
    }
    return undefined
  }

  /** After a failed attempt that began when `moves` was `movesBefore`. */
  retry(waiting: Waiting, movesBefore: number): void {
    if (this.#closed || this.#has(waiting.key)) return
    if (movesBefore !== this.#moves) this.#delay(waiting)
    else this.#unschedulable.set(waiting.key, { waiting, at: this.#clock.now() })
  }

  /** An error that is not the pod's: try again after the back-off. */
  retryLater(waiting: Waiting): void {
    if (!this.#closed && !this.#has(waiting.key)) this.#delay(waiting)
  }

  /** Something changed in the cluster that may let waiting pods fit. */
  moveAll(): void {
    this.#moves++
    for (const { waiting, at } of this.#unschedulable.values()) this.#delay(waiting, at)
    this.#unschedulable.clear()
  }

  /** Moves those that have waited for five minutes whatever happened. */
  flushOld(): void {
    const now = this.#clock.now()
    for (const [key, { waiting, at }] of this.#unschedulable) {
      if (now - at < unschedulableMaxMs) continue
      this.#unschedulable.delete(key)
      this.#push(waiting)
    }
  }

  close(): void {
    this.#closed = true
    for (const { cancel } of this.#backoff.values()) cancel()
    this.#backoff.clear()
    this.#active.length = 0
    this.#unschedulable.clear()
    this.#wake?.()
  }

  #has(key: string): boolean {
    return (
      this.#backoff.has(key) ||
      this.#unschedulable.has(key) ||
      this.#active.some(waiting => waiting.key === key)
    )
  }

  /** `failedAt`: time spent waiting counts towards the back-off. */
  #delay(waiting: Waiting, failedAt = this.#clock.now()): void {
    const exponent = Math.max(waiting.attempts - 1, 0)
    const backoffMs = Math.min(backoffFirstMs * 2 ** exponent, backoffMaxMs)
    const leftMs = failedAt + backoffMs - this.#clock.now()
    if (leftMs <= 0) {
      this.#push(waiting)
      return
    }
    const cancel = this.#clock.after(leftMs, () => {
      this.#backoff.delete(waiting.key)
      this.#push(waiting)
    })
    this.#backoff.set(waiting.key, { waiting, cancel })
  }

  #push(waiting: Waiting): void {
    const before = (a: Waiting, b: Waiting) =>
      a.priority !== b.priority ? a.priority > b.priority : a.order < b.order
    let low = 0
    let high = this.#active.length
    while (low < high) {
      const middle = (low + high) >> 1
      const other = this.#active[middle]
      if (other && before(other, waiting)) low = middle + 1
      else high = middle
    }
    this.#active.splice(low, 0, waiting)
    this.#wake?.()
  }
}
