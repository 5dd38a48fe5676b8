import type { Mvcc } from '../mvcc/mvcc.ts'

/** Versions looked at in one turn: about a millisecond. */
const sliceLength = 500

/**
 * Drives the removal of what was compacted, a slice a turn. No entry of the log is behind it, and
 * readers go by the floor alone: a slice that throws must not end the member, which would come back
 * to the same slice. Removing ends instead, for what a half done slice has left is not to be
 * touched again; memory grows until the member starts anew and builds its state from the disk.
 */
export class Sweeper {
  readonly #mvcc: () => Mvcc
  readonly #defer: (callback: () => void) => void
  readonly #onFailed: (error: unknown) => void
  #scheduled = false
  #waiting: { readonly resolve: () => void; readonly reject: (error: unknown) => void }[] = []
  /** The state whose removal has failed. */
  #failed: { readonly mvcc: Mvcc; readonly error: unknown } | undefined

  /** `mvcc` is asked each time, for a snapshot replaces it. */
  constructor(
    mvcc: () => Mvcc,
    defer: (callback: () => void) => void,
    onFailed: (error: unknown) => void,
  ) {
    this.#mvcc = mvcc
    this.#defer = defer
    this.#onFailed = onFailed
  }

  /** Goes on until nothing is left; costs nothing when there is nothing. */
  wake(): void {
    const mvcc = this.#mvcc()
    if (this.#scheduled || mvcc.isSwept || this.#failed?.mvcc === mvcc) return
    this.#scheduled = true
    this.#defer(() => this.#step())
  }

  /** Resolves when nothing is left, or when the store ends. @throws what a slice has thrown. */
  async idle(): Promise<void> {
    const mvcc = this.#mvcc()
    if (this.#failed?.mvcc === mvcc) throw this.#failed.error
    if (mvcc.isSwept) return
    this.wake()
    await new Promise<void>((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  /** Nobody is left waiting. */
  end(): void {
    for (const { resolve } of this.#waiting.splice(0)) resolve()
  }

  #step(): void {
    this.#scheduled = false
    const mvcc = this.#mvcc()
    try {
      mvcc.sweep(sliceLength)
    } catch (error) {
      this.#failed = { mvcc, error }
      for (const { reject } of this.#waiting.splice(0)) reject(error)
      this.#onFailed(error)
      return
    }
    if (mvcc.isSwept) this.end()
    else this.wake()
  }
}
