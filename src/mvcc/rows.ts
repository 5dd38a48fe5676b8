import { CowChunks } from './cow.ts'
import { hashRow } from './rowhash.ts'
import { Slabs } from './slab.ts'
import type { LeaseId, VersionRow } from './types.ts'

/** Number of a row; 0 is none. It is given to another row once its own is removed. */
export type RowId = number

const chunkBits = 10
const chunkRows = 1 << chunkBits
const mask = chunkRows - 1

/** Columns of numbers up to 2^53, and of 32 bits. */
const wide = { mod: 0, create: 1, version: 2, lease: 3, width: 4 } as const
const narrow = {
  ...{ sub: 0, slot: 1, older: 2, newer: 3, slab: 4, offset: 5, length: 6 },
  ...{ hashLow: 7, hashHigh: 8, width: 9 },
} as const

/** 68 bytes a row, in arrays that the garbage collector doesn't look into. */
interface Chunk {
  readonly wide: Float64Array
  readonly narrow: Int32Array
}

/**
 * All kept versions of all keys as columns: a million objects would stop the thread for 100 ms at
 * every full collection. Rows of one key are a chain in both directions; see Histories.
 */
export class Rows {
  readonly slabs: Slabs
  readonly #chunks: CowChunks<Chunk>
  /** Row 0 is none. */
  #used = 1
  /** Removed rows, each with the next one in `older`. */
  #free: RowId = 0

  constructor(slabs = new Slabs(), chunks = new CowChunks<Chunk>(copyChunk)) {
    this.slabs = slabs
    this.#chunks = chunks
  }

  /** As CowChunks' `freeze`. */
  freeze(): Rows {
    return new Rows(this.slabs.freeze(), this.#chunks.freeze())
  }

  /** Chunks of 70 kB that writes had to copy because of a frozen view. */
  get copies(): number {
    return this.#chunks.copies
  }

  /** Adds a row of the key in `slot` behind `older`, its newest one. */
  add(row: VersionRow, slot: number, older: RowId): RowId {
    const id = this.#take()
    const { wide: numbers, narrow: words } = this.#chunks.writable(id >> chunkBits)
    const at = (id & mask) * wide.width
    numbers[at + wide.mod] = row.mod
    numbers[at + wide.create] = row.create
    numbers[at + wide.version] = row.version
    numbers[at + wide.lease] = row.lease
    const place = this.slabs.store(row.value)
    const hash = hashRow(row)
    const to = (id & mask) * narrow.width
    words[to + narrow.sub] = row.sub
    words[to + narrow.slot] = slot
    words[to + narrow.older] = older
    words[to + narrow.newer] = 0
    words[to + narrow.slab] = place.slab
    words[to + narrow.offset] = place.offset
    words[to + narrow.length] = row.value.length
    words[to + narrow.hashLow] = hash.low
    words[to + narrow.hashHigh] = hash.high
    if (older !== 0) this.#setWord(older, narrow.newer, id)
    return id
  }

  /** Removes the oldest row of a key; returns the next one. */
  removeOldest(id: RowId): RowId {
    const next = this.newer(id)
    this.slabs.release(this.#word(id, narrow.slab), this.length(id))
    this.#setWord(id, narrow.older, this.#free)
    this.#free = id
    if (next !== 0) this.#setWord(next, narrow.older, 0)
    return next
  }

  mod(id: RowId): number {
    return this.#number(id, wide.mod)
  }

  create(id: RowId): number {
    return this.#number(id, wide.create)
  }

  version(id: RowId): number {
    return this.#number(id, wide.version)
  }

  lease(id: RowId): LeaseId {
    return this.#number(id, wide.lease)
  }

  isDelete(id: RowId): boolean {
    return this.version(id) === 0
  }

  sub(id: RowId): number {
    return this.#word(id, narrow.sub)
  }

  /** Where the row's key is; see Slots. */
  slot(id: RowId): number {
    return this.#word(id, narrow.slot)
  }

  /** The version before; 0 when there is none. */
  older(id: RowId): RowId {
    return this.#word(id, narrow.older)
  }

  /** The version after; 0 when there is none. */
  newer(id: RowId): RowId {
    return this.#word(id, narrow.newer)
  }

  /** Bytes of the value. */
  length(id: RowId): number {
    return this.#word(id, narrow.length)
  }

  /** The row's share of the state hash. */
  hashLow(id: RowId): number {
    return this.#word(id, narrow.hashLow)
  }

  hashHigh(id: RowId): number {
    return this.#word(id, narrow.hashHigh)
  }

  /** The value's bytes: a view into a slab, not a copy. */
  value(id: RowId): Uint8Array {
    const { narrow: words } = this.#chunks.at(id >> chunkBits)
    const at = (id & mask) * narrow.width
    const offset = words[at + narrow.offset]!
    return this.slabs.read(words[at + narrow.slab]!, offset, words[at + narrow.length]!)
  }

  /** Moves the value out of a slab that is mostly dead. */
  repack(id: RowId): void {
    const slab = this.#word(id, narrow.slab)
    if (!this.slabs.isSparse(slab)) return
    const value = this.value(id)
    this.slabs.release(slab, value.length)
    const place = this.slabs.store(value)
    this.#setWord(id, narrow.slab, place.slab)
    this.#setWord(id, narrow.offset, place.offset)
  }

  #take(): RowId {
    const id = this.#free
    if (id !== 0) {
      this.#free = this.older(id)
      return id
    }
    if (this.#used >> chunkBits === this.#chunks.length) this.#chunks.push(createChunk())
    return this.#used++
  }

  #number(id: RowId, column: number): number {
    return this.#chunks.at(id >> chunkBits).wide[(id & mask) * wide.width + column]!
  }

  #word(id: RowId, column: number): number {
    return this.#chunks.at(id >> chunkBits).narrow[(id & mask) * narrow.width + column]!
  }

  #setWord(id: RowId, column: number, value: number): void {
    this.#chunks.writable(id >> chunkBits).narrow[(id & mask) * narrow.width + column] = value
  }
}

function createChunk(): Chunk {
  return {
    wide: new Float64Array(chunkRows * wide.width),
    narrow: new Int32Array(chunkRows * narrow.width),
  }
}

function copyChunk(chunk: Chunk): Chunk {
  return { wide: chunk.wide.slice(), narrow: chunk.narrow.slice() }
}
