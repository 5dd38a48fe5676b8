import { CowChunks } from './cow.ts'
import type { RowId } from './rows.ts'
import type { Key } from './types.ts'

/** Number of a key's place. It is given to another key once all versions of its own are gone. */
export type Slot = number

const chunkBits = 10
const chunkSlots = 1 << chunkBits
const mask = chunkSlots - 1

interface Chunk {
  readonly keys: Key[]
  readonly oldest: Int32Array
  readonly newest: Int32Array
}

/** For each key the two ends of the chain of its versions; both are 0 in a place that is free. */
export class Slots {
  readonly #chunks: CowChunks<Chunk>
  readonly #free: Slot[] = []
  #used = 0

  constructor(chunks = new CowChunks<Chunk>(copyChunk)) {
    this.#chunks = chunks
  }

  /** As CowChunks' `freeze`. */
  freeze(): Slots {
    return new Slots(this.#chunks.freeze())
  }

  /** Chunks that writes had to copy because of a frozen view. */
  get copies(): number {
    return this.#chunks.copies
  }

  add(key: Key): Slot {
    const slot = this.#take()
    this.#chunks.writable(slot >> chunkBits).keys[slot & mask] = key
    return slot
  }

  /** The key has no version any more. */
  remove(slot: Slot): void {
    this.#chunks.writable(slot >> chunkBits).keys[slot & mask] = ''
    this.#free.push(slot)
  }

  key(slot: Slot): Key {
    return this.#chunks.at(slot >> chunkBits).keys[slot & mask]!
  }

  oldest(slot: Slot): RowId {
    return this.#chunks.at(slot >> chunkBits).oldest[slot & mask]!
  }

  newest(slot: Slot): RowId {
    return this.#chunks.at(slot >> chunkBits).newest[slot & mask]!
  }

  setOldest(slot: Slot, id: RowId): void {
    this.#chunks.writable(slot >> chunkBits).oldest[slot & mask] = id
  }

  setNewest(slot: Slot, id: RowId): void {
    this.#chunks.writable(slot >> chunkBits).newest[slot & mask] = id
  }

  #take(): Slot {
    const free = this.#free.pop()
    if (free !== undefined) return free
    if (this.#used >> chunkBits === this.#chunks.length) this.#chunks.push(createChunk())
    return this.#used++
  }
}

function createChunk(): Chunk {
  const keys = Array.from({ length: chunkSlots }, () => '')
  return { keys, oldest: new Int32Array(chunkSlots), newest: new Int32Array(chunkSlots) }
}

function copyChunk({ keys, oldest, newest }: Chunk): Chunk {
  return { keys: keys.slice(), oldest: oldest.slice(), newest: newest.slice() }
}
