/** Bytes of a block; a key longer than that gets one of its own. */
const blockBytes = 64 * 1024

/** Keys packed into blocks: about 40 bytes a key, where a Buffer each takes over a hundred. */
export class KeyColumn {
  readonly #blocks: Buffer[] = []
  readonly #blockOf: number[] = []
  readonly #from: number[] = []
  readonly #end: number[] = []
  #used = 0

  get length(): number {
    return this.#end.length
  }

  push(key: Uint8Array): void {
    if (this.#blocks.length === 0 || this.#used + key.length > blockBytes) {
      this.#blocks.push(Buffer.allocUnsafe(Math.max(blockBytes, key.length)))
      this.#used = 0
    }
    const block = this.#blocks.length - 1
    this.#blocks[block]!.set(key, this.#used)
    this.#blockOf.push(block)
    this.#from.push(this.#used)
    this.#used += key.length
    this.#end.push(this.#used)
  }

  /** A view, valid as long as the column. */
  at(index: number): Buffer {
    const block = this.#blocks[this.#blockOf[index]!]!
    return block.subarray(this.#from[index], this.#end[index])
  }
}
