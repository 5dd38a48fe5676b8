import type { Mvcc } from '../mvcc/mvcc.ts'

/** Versions looked at in one turn: about a millisecond. */
const sliceLength = 500

/** Drives the removal of what was compacted, a slice a turn. */
export class Sweeper {
  readonly #mvcc: () => Mvcc
  readonly #defer: (callback: () => void) => void
  #scheduled = false
  #waiting: (() => void)[] = []

  /** `mvcc` is asked each time, for a snapshot replaces it. */
  constructor(mvcc: () => Mvcc, defer: (callback: () => void) => void) {
    this.#mvcc = mvcc
    this.#defer = defer
  }

  /** Goes on until nothing is left; costs nothing when there is nothing. */
  wake(): void {
    if (this.#scheduled || this.#mvcc().isSwept) return
    this.#scheduled = true
    this.#defer(() => this.#step())
  }

  /** Resolves when nothing is left, or when the store ends. */
  idle(): Promise<void> {
    if (this.#mvcc().isSwept) return Promise.resolve()
    this.wake()
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Nobody is left waiting. */
  end(): void {
    for (const resolve of this.#waiting.splice(0)) resolve()
  }

  #step(): void {
    this.#scheduled = false
    const mvcc = this.#mvcc()
    mvcc.sweep(sliceLength)
    if (mvcc.isSwept) this.end()
    else this.wake()
  }
}
