/**
 * Chunks of a table that a frozen view shares with the table until they are written: the first
 * write after a freeze copies the chunk.
 */
export class CowChunks<Chunk> {
  #chunks: Chunk[] = []
  /** In which epoch a chunk was made: one of an older epoch may be shared. */
  #epochs: number[] = []
  #epoch = 0
  /** Chunks that were copied since this was made. */
  copies = 0
  readonly #copy: (chunk: Chunk) => Chunk

  constructor(copy: (chunk: Chunk) => Chunk) {
    this.#copy = copy
  }

  get length(): number {
    return this.#chunks.length
  }

  /** To be read only. */
  at(index: number): Chunk {
    return this.#chunks[index]!
  }

  writable(index: number): Chunk {
    if (this.#epochs[index] !== this.#epoch) {
      this.#chunks[index] = this.#copy(this.#chunks[index]!)
      this.#epochs[index] = this.#epoch
      this.copies++
    }
    return this.#chunks[index]!
  }

  push(chunk: Chunk): void {
    this.#chunks.push(chunk)
    this.#epochs.push(this.#epoch)
  }

  /** A view that later writes don't change: O(chunks). It is not to be written. */
  freeze(): CowChunks<Chunk> {
    const view = new CowChunks<Chunk>(this.#copy)
    view.#chunks = this.#chunks.slice()
    this.#epoch++
    return view
  }
}
