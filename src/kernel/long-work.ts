interface Job {
  readonly steps: Generator<void, unknown>
  readonly resolve: (value: never) => void
  readonly reject: (error: unknown) => void
}

/** What all together may take of one turn. */
const turnMsMax = 4
const stepsPerTurn = 64

/**
 * Runs work that takes steps, that of all callers in turn: however many there are, and however
 * much each wants, heartbeats and writes come between.
 */
export class LongWork {
  readonly #defer: (callback: () => void) => void
  readonly #now: () => number
  readonly #jobs: Job[] = []

  /** `defer` runs a callback in a later turn, `now` is in milliseconds, monotonic. */
  constructor(defer: (callback: () => void) => void, now: () => number) {
    this.#defer = defer
    this.#now = now
  }

  /** Jobs that are not done. */
  get size(): number {
    return this.#jobs.length
  }

  /** What one step can do is done at once, unless others wait. */
  async run<T>(steps: Generator<void, T>): Promise<T> {
    if (this.#jobs.length === 0) {
      const first = steps.next()
      if (first.done) return first.value
    }
    return new Promise((resolve, reject) => {
      this.#jobs.push({ steps, resolve, reject })
      if (this.#jobs.length === 1) this.#defer(() => this.#turn())
    })
  }

  #turn(): void {
    const until = this.#now() + turnMsMax
    // In a simulated world no time passes within a turn.
    for (let left = stepsPerTurn; left > 0 && this.#jobs.length > 0; left--) {
      const job = this.#jobs.shift()!
      if (!isDone(job)) this.#jobs.push(job)
      if (this.#now() >= until) break
    }
    if (this.#jobs.length > 0) this.#defer(() => this.#turn())
  }
}

function isDone({ steps, resolve, reject }: Job): boolean {
  try {
    const step = steps.next()
    if (step.done) resolve(step.value as never)
    return step.done === true
  } catch (error) {
    reject(error)
    return true
  }
}

/** Runs steps to their end at once. */
export function runAtOnce<T>(steps: Generator<void, T>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
