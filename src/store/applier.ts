import type { Entry } from '../raft/types.ts'
import { EntryNotAppliedError } from './not-applied.ts'

/** What an applier works for. */
export interface ApplierHost {
  /** Applies an entry; every step may be in a turn of its own. */
  steps(entry: Entry): Generator<void, void>
  /** The entry is applied as a whole. */
  onApplied(entry: Entry): void
  /** Applying the entry threw: nothing more is applied. */
  onFailed(error: EntryNotAppliedError): void
  /** What was to be done in this turn is done: some entries, or a part of one. */
  onTurn(): void
  /** Runs a callback in a later turn. */
  defer(callback: () => void): void
  /** Milliseconds, monotonic. */
  now(): number
}

/** A turn goes on to further entries for this long. */
const turnMsMax = 8

/**
 * Applies committed entries in their order. An entry that touches very many keys is applied in
 * steps, a step a turn, and a turn that has taken long leaves the rest to the next: heartbeats and
 * reads go on meanwhile, later entries wait. How it is cut has no influence on what comes out.
 */
export class Applier {
  readonly #host: ApplierHost
  #queue: Entry[] = []
  /** Of the first of the queue, once it was begun. */
  #steps: Generator<void, void> | undefined
  #isDeferred = false
  #waiting: (() => void)[] = []

  constructor(host: ApplierHost) {
    this.#host = host
  }

  /** An entry is half applied. */
  get isMidEntry(): boolean {
    return this.#steps !== undefined
  }

  /** Nothing waits to be applied. */
  get isIdle(): boolean {
    return this.#queue.length === 0
  }

  add(entries: readonly Entry[]): void {
    if (entries.length === 0) return
    this.#queue.push(...entries)
    if (!this.#isDeferred) this.#turn()
  }

  /** Resolves when nothing waits, or nothing will be applied any more. */
  idle(): Promise<void> {
    if (this.isIdle) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** A snapshot has taken the place of what waits, or the member ends. */
  clear(): void {
    this.#queue = []
    this.#steps = undefined
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #turn(): void {
    const until = this.#host.now() + turnMsMax
    let done = 0
    while (done < this.#queue.length) {
      if (done > 0 && this.#host.now() > until) break
      const isWhole = this.#advance(this.#queue[done]!)
      if (isWhole === undefined) return
      if (!isWhole) break
      done++
    }
    this.#queue.splice(0, done)
    this.#host.onTurn()
    if (this.#queue.length > 0) this.#later()
    else for (const resolve of this.#waiting.splice(0)) resolve()
  }

  /** One step: whether the entry is applied now; undefined when it never will be. */
  #advance(entry: Entry): boolean | undefined {
    this.#steps ??= this.#host.steps(entry)
    try {
      if (!this.#steps.next().done) return false
    } catch (error) {
      this.clear()
      this.#host.onFailed(new EntryNotAppliedError(entry, error))
      return undefined
    }
    this.#steps = undefined
    this.#host.onApplied(entry)
    return true
  }

  #later(): void {
    if (this.#isDeferred) return
    this.#isDeferred = true
    this.#host.defer(() => {
      this.#isDeferred = false
      this.#turn()
    })
  }
}
