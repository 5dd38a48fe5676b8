import { pageBytes } from './format.ts'

/** Pages go out in chunks of this many bytes; no chunk is longer. */
export const chunkBytes = 64 * pageBytes

/** Gathers pages, which come in the order of the file, into chunks. */
export class Chunks {
  #ready: Buffer[] = []
  #open: Buffer | undefined
  #used = 0

  /** Zeroed bytes for `count` pages in a row. */
  pages(count: number): Buffer {
    const bytes = count * pageBytes
    if (bytes > chunkBytes) return this.#large(bytes)
    if (this.#used + bytes > chunkBytes) this.#close()
    this.#open ??= Buffer.alloc(chunkBytes)
    const from = this.#used
    this.#used += bytes
    return this.#open.subarray(from, this.#used)
  }

  /** What may leave; all pages handed out before the last call of `pages` have been written. */
  take(): Buffer[] {
    const ready = this.#ready
    this.#ready = []
    return ready
  }

  /** The rest. */
  end(): Buffer[] {
    this.#close()
    return this.take()
  }

  #large(bytes: number): Buffer {
    this.#close()
    const whole = Buffer.alloc(bytes)
    for (let at = 0; at < bytes; at += chunkBytes) {
      this.#ready.push(whole.subarray(at, at + chunkBytes))
    }
    return whole
  }

  #close(): void {
    if (this.#open === undefined) return
    this.#ready.push(this.#open.subarray(0, this.#used))
    this.#open = undefined
    this.#used = 0
  }
}
