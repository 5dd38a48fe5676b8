import { must } from '../kernel/assert.ts'

/** Bytes of a slab; larger values get one of their own. */
export const slabBytesDefault = 1 << 20

/** The slab of a value without bytes: it lies nowhere, so no slab has to outlive it. */
const nowhere = -1
const noBytes = new Uint8Array(0)

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
 * written a second time, so that what was handed out stays what it is. Bytes are what is counted,
 * and so a value of length 0, a delete's too, is in no slab at all.
 */
export class Slabs {
  #slabs: (Slab | undefined)[] = []
  readonly #free: number[] = []
  readonly #slabBytes: number
  #current = nowhere
  /** Bytes held, kept or not. */
  held = 0
  /** Bytes of values that are kept. */
  live = 0

  constructor(slabBytes = slabBytesDefault) {
    this.#slabBytes = slabBytes
  }

  /** To read what is there now. */
  freeze(): Slabs {
    const view = new Slabs(this.#slabBytes)
    view.#slabs = this.#slabs.slice()
    return view
  }

  /** A view of the bytes that were stored. */
  read(slab: number, offset: number, length: number): Uint8Array {
    if (length === 0) return noBytes
    return this.#at(slab).bytes.subarray(offset, offset + length)
  }

  store(value: Uint8Array): Place {
    if (value.length === 0) return { slab: nowhere, offset: 0 }
    let slab = this.#slabs[this.#current]
    if (slab === undefined || slab.used + value.length > slab.bytes.length) {
      slab = this.#begin(Math.max(this.#slabBytes, value.length))
    }
    const offset = slab.used
    slab.bytes.set(value, offset)
    slab.used += value.length
    slab.live += value.length
    this.live += value.length
    return { slab: this.#current, offset }
  }

  /** A value of `length` bytes is not kept any more. */
  release(slab: number, length: number): void {
    if (length === 0) return
    const released = this.#at(slab)
    released.live -= length
    this.live -= length
    if (released.live === 0 && slab !== this.#current) this.#drop(slab)
  }

  /** True when more than half of what is held is dead, and it is worth a walk over all values. */
  get wasteful(): boolean {
    return this.held > 16 * this.#slabBytes && this.held > 2 * this.live
  }

  /** True when most of a slab is dead: its values are to be moved. */
  isSparse(slab: number): boolean {
    if (slab === this.#current || slab === nowhere) return false
    const { bytes, live } = this.#at(slab)
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

  #at(slab: number): Slab {
    return must(this.#slabs[slab], `slab ${slab} of a kept value`)
  }

  #drop(slab: number): void {
    this.held -= this.#at(slab).bytes.length
    this.#slabs[slab] = undefined
    this.#free.push(slab)
  }
}
