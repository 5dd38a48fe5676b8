import { type Cancel, type Clock, systemClock } from '../kernel/clock.ts'

/** Delays of a key that keeps failing. Source: client-go DefaultTypedControllerRateLimiter. */
export const queueBackoff = { firstMs: 5, maxMs: 1_000_000 } as const

/**
 * A queue of keys for workers that converge. Fair (first in, first out), stingy (a key is in it at
 * most once, and no two workers have it at the same time) and safe (a key added while it is being
 * worked on comes again after `done`).
 *
 *   add a   add b   get -> a   add a      done a
 *   [a]     [a b]   [b] {a}    [b] {a*}   [b a]       {} in work, * dirty
 *
 * Source: client-go util/workqueue.
 */
export class WorkQueue<K extends string = string> {
  readonly #clock: Clock
  readonly #queue = new Set<K>()
  readonly #working = new Set<K>()
  readonly #dirty = new Set<K>()
  readonly #failures = new Map<K, number>()
  readonly #delayed = new Map<K, { readonly at: number; readonly cancel: Cancel }>()
  readonly #takers: ((key: K | undefined) => void)[] = []
  #shut = false

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  /** Keys that wait, without those in work and those delayed. */
  get length(): number {
    return this.#queue.size
  }

  get shuttingDown(): boolean {
    return this.#shut
  }

  add(key: K): void {
    if (this.#shut) return
    if (this.#working.has(key)) {
      this.#dirty.add(key)
      return
    }
    if (this.#queue.has(key)) return
    const taker = this.#takers.shift()
    if (!taker) {
      this.#queue.add(key)
      return
    }
    this.#working.add(key)
    taker(key)
  }

  /** Adds after `ms`; of several delays of one key the earliest holds. */
  addAfter(key: K, ms: number): void {
    if (this.#shut) return
    if (ms <= 0) {
      this.add(key)
      return
    }
    const at = this.#clock.now() + ms
    const waiting = this.#delayed.get(key)
    if (waiting && waiting.at <= at) return
    waiting?.cancel()
    const cancel = this.#clock.after(ms, () => {
      this.#delayed.delete(key)
      this.add(key)
    })
    this.#delayed.set(key, { at, cancel })
  }

  /** Adds after 5 ms, doubled for each time since `forget`, at most 1,000 s. */
  addRateLimited(key: K): void {
    const failures = this.#failures.get(key) ?? 0
    this.#failures.set(key, failures + 1)
    this.addAfter(key, Math.min(queueBackoff.firstMs * 2 ** failures, queueBackoff.maxMs))
  }

  /** Times `addRateLimited` was called since `forget`. */
  retries(key: K): number {
    return this.#failures.get(key) ?? 0
  }

  /** The key did well: its next failure starts at 5 ms again. */
  forget(key: K): void {
    this.#failures.delete(key)
  }

  /** The next key, or undefined once the queue is shut down. Call `done` afterwards. */
  get(): Promise<K | undefined> {
    if (this.#shut) return Promise.resolve(undefined)
    for (const key of this.#queue) {
      this.#queue.delete(key)
      this.#working.add(key)
      return Promise.resolve(key)
    }
    return new Promise(resolve => this.#takers.push(resolve))
  }

  done(key: K): void {
    this.#working.delete(key)
    if (this.#dirty.delete(key)) this.add(key)
  }

  /** Drops what waits and releases every `get`. Work in hand goes on; idempotent. */
  shutDown(): void {
    this.#shut = true
    for (const { cancel } of this.#delayed.values()) cancel()
    this.#delayed.clear()
    this.#queue.clear()
    this.#dirty.clear()
    for (const taker of this.#takers.splice(0)) taker(undefined)
  }
}

/**
 * Runs `workers` loops over the queue until it is shut down: `work` that throws puts its key back
 * with back-off, else the key is forgotten. Resolves when the last loop has ended.
 */
export async function runWorkers<K extends string>(
  queue: WorkQueue<K>,
  workers: number,
  work: (key: K) => Promise<void>,
  onError: (key: K, error: unknown) => void,
): Promise<void> {
  const loop = async () => {
    for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
      await runOne(queue, key, work, onError)
    }
  }
  await Promise.all(Array.from({ length: workers }, loop))
}

/**
 * As `runWorkers`, with a worker for each key: one that takes long holds up nobody else. For keys
 * that are few by themselves, such as the pods of a node.
 */
export async function runEach<K extends string>(
  queue: WorkQueue<K>,
  work: (key: K) => Promise<void>,
  onError: (key: K, error: unknown) => void,
): Promise<void> {
  const running = new Set<Promise<void>>()
  for (let key = await queue.get(); key !== undefined; key = await queue.get()) {
    const one = runOne(queue, key, work, onError)
    running.add(one)
    void one.finally(() => running.delete(one))
  }
  await Promise.all(running)
}

async function runOne<K extends string>(
  queue: WorkQueue<K>,
  key: K,
  work: (key: K) => Promise<void>,
  onError: (key: K, error: unknown) => void,
): Promise<void> {
  try {
    await work(key)
    queue.forget(key)
  } catch (error) {
    onError(key, error)
    queue.addRateLimited(key)
  } finally {
    queue.done(key)
  }
}
