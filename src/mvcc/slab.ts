/** Bytes of a slab; larger values get one of their own. */
const slabBytes = 1 << 20

/** A block of value bytes off the heap. `live` counts the bytes of values that are still kept. */
export interface Slab {
  readonly bytes: Uint8Array
  used: number
  live: number
}

/** Where a value lies. */
export interface Place {
  slab: Slab
  offset: number
  readonly length: number
}

/**
 * Values lie in large blocks instead of one small buffer each: a garbage collection over a million
 * small buffers takes 250 ms. A slab goes when nothing points to it any more.
 */
export class Slabs {
  #current: Slab = createSlab(0)
  #slabs = new Set<Slab>([this.#current])
  /** Bytes of values that are kept. */
  live = 0

  /** Bytes held, kept or not. */
  get held(): number {
    let sum = 0
    for (const slab of this.#slabs) sum += slab.bytes.length
    return sum
  }

  store(value: Uint8Array): Place {
    if (this.#current.used + value.length > this.#current.bytes.length) {
      this.#current = createSlab(Math.max(slabBytes, value.length))
      this.#slabs.add(this.#current)
    }
    const slab = this.#current
    const offset = slab.used
    slab.bytes.set(value, offset)
    slab.used += value.length
    slab.live += value.length
    this.live += value.length
    return { slab, offset, length: value.length }
  }

  release(place: Place): void {
    place.slab.live -= place.length
    this.live -= place.length
    if (place.slab.live === 0 && place.slab !== this.#current) this.#slabs.delete(place.slab)
  }

  /** True when more than half of what is held is dead, and it is worth a walk over all values. */
  get wasteful(): boolean {
    const held = this.held
    return held > 16 * slabBytes && held > 2 * this.live
  }

  /** Moves a value out of a slab that is mostly dead. Buffers handed out before stay valid. */
  repack(place: Place): void {
    const { slab } = place
    if (slab === this.#current || slab.live * 2 > slab.bytes.length) return
    const value = slab.bytes.subarray(place.offset, place.offset + place.length)
    this.release(place)
    const moved = this.store(value)
    place.slab = moved.slab
    place.offset = moved.offset
  }
}

function createSlab(size: number): Slab {
  return { bytes: new Uint8Array(size), used: 0, live: 0 }
}
