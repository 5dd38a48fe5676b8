import type { FileHandle } from 'node:fs/promises'
import { BoltDamagedError } from './damaged.ts'

/** Pages are read in blocks: one page at a time, a file of 300 MB takes 70,000 reads. */
const blockBytes = 256 * 1024
/** Blocks kept: 4 MiB. A walk needs the pages on its way down and the leaves that follow. */
const blocksMax = 16

/** Reads at any place of a file, through a bounded cache. The file must not change meanwhile. */
export class Blocks {
  readonly path: string
  /** Bytes that may be read: those of the database, without what follows it. */
  readonly bytes: number
  readonly #file: FileHandle
  /** In the order of use, the latest last. */
  readonly #cache = new Map<number, Promise<Buffer>>()

  constructor(path: string, file: FileHandle, bytes: number) {
    this.path = path
    this.#file = file
    this.bytes = bytes
  }

  /** Exactly `length` bytes, as a view that stays valid. The caller keeps within `bytes`. */
  async read(offset: number, length: number): Promise<Buffer> {
    const index = Math.floor(offset / blockBytes)
    const at = offset - index * blockBytes
    if (at + length > blockBytes) return this.#load(offset, length)
    return (await this.#block(index)).subarray(at, at + length)
  }

  #block(index: number): Promise<Buffer> {
    const found = this.#cache.get(index)
    if (found !== undefined) {
      this.#cache.delete(index)
      this.#cache.set(index, found)
      return found
    }
    const from = index * blockBytes
    const block = this.#load(from, Math.min(blockBytes, this.bytes - from))
    this.#cache.set(index, block)
    for (const oldest of this.#cache.keys()) {
      if (this.#cache.size <= blocksMax) break
      this.#cache.delete(oldest)
    }
    return block
  }

  async #load(offset: number, length: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafeSlow(length)
    for (let filled = 0; filled < length; ) {
      const { bytesRead } = await this.#file.read(buffer, filled, length - filled, offset + filled)
      if (bytesRead === 0) {
        throw new BoltDamagedError(this.path, undefined, `it ends at ${offset + filled} bytes`)
      }
      filled += bytesRead
    }
    return buffer
  }
}
