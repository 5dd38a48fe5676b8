import { elementBytes, pageBytes, pageHeaderBytes } from './format.ts'

/**
 * Decides which elements share a page: as many as fit, and one that is larger than a page alone.
 * Both passes of a writer ask it, so that they divide the same rows in the same way.
 */
export class PageFill {
  readonly #countMin: number
  bytes = pageHeaderBytes
  count = 0

  /** `countMin`: elements that share a page however large they are; 2 in branches, or they grow. */
  constructor(countMin: 1 | 2) {
    this.#countMin = countMin
  }

  /** True when an element with this many bytes of key and value still belongs to this page. */
  takes(bytes: number): boolean {
    return this.count < this.#countMin || this.bytes + elementBytes + bytes <= pageBytes
  }

  add(bytes: number): void {
    this.bytes += elementBytes + bytes
    this.count++
  }

  /** Pages that the contents take, overflow included. */
  get pages(): number {
    return Math.ceil(this.bytes / pageBytes)
  }

  clear(): void {
    this.bytes = pageHeaderBytes
    this.count = 0
  }
}
