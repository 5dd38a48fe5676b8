import { sipHash } from './siphash.ts'
import type { Slot } from './slots.ts'
import type { Key } from './types.ts'

const shards = 256
/** Bits of a hash that say which shard; the next ones say where in it. */
const shardBits = 8
const smallest = 8

/** Where a key's place is found; 0 is nothing, so that slots are kept plus one. */
interface Shard {
  table: Int32Array
  size: number
}

/**
 * The slot of each key: many small hash tables of numbers. One table of a million keys is copied at
 * once whenever it grows, which stops the thread for 100 ms and more; these grow one by one. And
 * numbers are nothing for the garbage collector to look at: in Maps they were four tenths of what
 * it had to.
 *
 * Open addressing with linear probing, at most three quarters full; a removed entry's followers
 * move up, so that there are no tombstones. Source: Knuth, TAOCP volume 3, 6.4, algorithms L and R.
 */
export class KeyMap {
  readonly #keyOf: (slot: Slot) => Key
  readonly #secret: readonly [number, number]
  readonly #shards = Array.from({ length: shards }, (): Shard => {
    return { table: new Int32Array(smallest), size: 0 }
  })

  /** `keyOf`: the key of a slot that was set. `secret`: of this table alone, drawn if not given. */
  constructor(keyOf: (slot: Slot) => Key, secret = drawSecret()) {
    this.#keyOf = keyOf
    this.#secret = secret
  }

  get(key: Key): Slot | undefined {
    const hash = this.#hash(key)
    const { table } = this.#shards[hash & (shards - 1)]!
    const found = table[this.#find(table, key, hash)]!
    return found === 0 ? undefined : found - 1
  }

  /** The key must not be there. */
  set(key: Key, slot: Slot): void {
    const hash = this.#hash(key)
    const shard = this.#shards[hash & (shards - 1)]!
    if ((shard.size + 1) * 4 > shard.table.length * 3) this.#resize(shard, shard.table.length * 2)
    shard.table[this.#find(shard.table, key, hash)] = slot + 1
    shard.size++
  }

  /** The key must still be that of its slot. */
  delete(key: Key): void {
    const hash = this.#hash(key)
    const shard = this.#shards[hash & (shards - 1)]!
    const at = this.#find(shard.table, key, hash)
    if (shard.table[at] === 0) return
    this.#close(shard.table, at)
    shard.size--
    const isSparse = shard.size * 8 < shard.table.length
    if (isSparse && shard.table.length > smallest) this.#resize(shard, shard.table.length / 2)
  }

  #hash(key: Key): number {
    return sipHash(key, this.#secret)
  }

  /** Where the key is, or is to be put. */
  #find(table: Int32Array, key: Key, hash: number): number {
    const mask = table.length - 1
    let at = (hash >>> shardBits) & mask
    for (;;) {
      const entry = table[at]!
      if (entry === 0 || this.#keyOf(entry - 1) === key) return at
      at = (at + 1) & mask
    }
  }

  /** Empties `hole`; what would not be found past it any more moves up. */
  #close(table: Int32Array, hole: number): void {
    const mask = table.length - 1
    let free = hole
    for (let at = (hole + 1) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const home = (this.#hash(this.#keyOf(table[at]! - 1)) >>> shardBits) & mask
      if (((at - home) & mask) < ((at - free) & mask)) continue
      table[free] = table[at]!
      free = at
    }
    table[free] = 0
  }

  #resize(shard: Shard, length: number): void {
    const before = shard.table
    shard.table = new Int32Array(length)
    const mask = length - 1
    for (const entry of before) {
      if (entry === 0) continue
      let at = (this.#hash(this.#keyOf(entry - 1)) >>> shardBits) & mask
      while (shard.table[at] !== 0) at = (at + 1) & mask
      shard.table[at] = entry
    }
  }
}

function drawSecret(): readonly [number, number] {
  const [low = 0, high = 0] = crypto.getRandomValues(new Int32Array(2))
  return [low, high]
}
