/** Bytes of a slab; larger values get one of their own. */
const slabBytes = 1 << 20

/** A block of value bytes off the heap. `live` counts the bytes of values that are still kept. */
interface Slab {
  readonly bytes: Uint8Array
  used: number
  live: number
}

/** Where a value lies: the number of its slab, and the offset in it. */
interface Place {
  readonly slab: number
  readonly offset: number
}

/**
 * Values lie in large blocks instead of one small buffer each: a garbage collection over a million
 * small buffers takes 250 ms. A slab goes when nothing in it is kept any more; its bytes are never
 * written a second time, so that what was handed out stays what it is.
 */
export class Slabs {
  #slabs: (Slab | undefined)[] = []
  readonly #free: number[] = []
  #current = -1
  /** Bytes held, kept or not. */
  held = 0
  /** Bytes of values that are kept. */
  live = 0

  /** To read what is there now. */
  freeze(): Slabs {
    const view = new Slabs()
    view.#slabs = this.#slabs.slice()
    return view
  }

  bytesOf(slab: number): Uint8Array {
    return this.#slabs[slab]!.bytes
  }

  store(value: Uint8Array): Place {
    let slab = this.#slabs[this.#current]
    if (slab === undefined || slab.used + value.length > slab.bytes.length) {
      slab = this.#begin(Math.max(slabBytes, value.length))
    }
    const offset = slab.used
    slab.bytes.set(value, offset)
    slab.used += value.length
    slab.live += value.length
    this.live += value.length
    return { slab: this.#current, offset }
  }

  /** `length` bytes of a slab are not kept any more. */
  release(slab: number, length: number): void {
    const released = this.#slabs[slab]!
    released.live -= length
    this.live -= length
    if (released.live === 0 && slab !== this.#current) this.#drop(slab)
  }

  /** True when more than half of what is held is dead, and it is worth a walk over all values. */
  get wasteful(): boolean {
    return this.held > 16 * slabBytes && this.held > 2 * this.live
  }

  /** True when most of a slab is dead: its values are to be moved. */
  isSparse(slab: number): boolean {
    if (slab === this.#current) return false
    const { bytes, live } = this.#slabs[slab]!
    return live * 2 <= bytes.length
  }

  #begin(size: number): Slab {
    const before = this.#current
    const slab: Slab = { bytes: new Uint8Array(size), used: 0, live: 0 }
    this.#current = this.#free.pop() ?? this.#slabs.length
    this.#slabs[this.#current] = slab
    this.held += size
    if (this.#slabs[before]?.live === 0) this.#drop(before)
    return slab
  }

  #drop(slab: number): void {
    this.held -= this.#slabs[slab]!.bytes.length
    this.#slabs[slab] = undefined
    this.#free.push(slab)
  }
}
