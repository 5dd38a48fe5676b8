import { limits } from '../grpc/types.ts'

/** Buffers that wait to be copied out, first in, first out. They are kept by reference. */
export class ByteQueue {
  #pieces: Buffer[] = []
  /** Pieces before this one are gone. */
  #head = 0
  #bytes = 0

  get bytes(): number {
    return this.#bytes
  }

  /** What the queue takes in memory, about: its bytes, and what each piece costs besides. */
  get weight(): number {
    return this.#bytes + limits.overheadBytes.piece * (this.#pieces.length - this.#head)
  }

  push(piece: Buffer): void {
    if (piece.length === 0) return
    this.#pieces.push(piece)
    this.#bytes += piece.length
  }

  /** Copies the first `count` bytes to `target` at `at`; there must be as many. */
  take(target: Buffer, at: number, count: number): void {
    let to = at
    let left = count
    while (left > 0) {
      const piece = this.#pieces[this.#head]!
      const copied = piece.copy(target, to, 0, left)
      to += copied
      left -= copied
      if (copied === piece.length) this.#head++
      else this.#pieces[this.#head] = piece.subarray(copied)
    }
    this.#bytes -= count
    if (this.#head === this.#pieces.length || this.#head > 1_024) {
      this.#pieces = this.#pieces.slice(this.#head)
      this.#head = 0
    }
  }

  clear(): void {
    this.#pieces = []
    this.#head = 0
    this.#bytes = 0
  }
}
