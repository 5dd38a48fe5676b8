import { type Secret, sipHash } from './siphash.ts'
import type { Slot } from './slots.ts'
import type { Key } from './types.ts'

const shards = 256
/** Bits of a hash that say which shard; the next ones say where in it. */
const shardBits = 8
const smallest = 8

/**
 * Two numbers an entry: its slot plus one, for 0 is nothing, and the hash of its key. So other keys
 * are hardly ever looked at, and none when a table grows.
 */
interface Shard {
  entries: Int32Array
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
  readonly #secret: Secret
  readonly #shards = Array.from({ length: shards }, (): Shard => {
    return { entries: new Int32Array(2 * smallest), size: 0 }
  })
  /** Of whom the hash was computed last: who looks for a key often sets it next. */
  #lastKey: Key = ''
  #lastHash: number

  /** `keyOf`: the key of a slot that was set. `secret`: see MvccOptions. */
  constructor(keyOf: (slot: Slot) => Key, secret: Secret) {
    this.#keyOf = keyOf
    this.#secret = secret
    this.#lastHash = sipHash('', secret)
  }

  get(key: Key): Slot | undefined {
    const hash = this.#hash(key)
    const { entries } = this.#shardOf(hash)
    const found = entries[this.#find(entries, key, hash)]!
    return found === 0 ? undefined : found - 1
  }

  /** The key must not be there. */
  set(key: Key, slot: Slot): void {
    const hash = this.#hash(key)
    const shard = this.#shardOf(hash)
    const { length } = shard.entries
    if ((shard.size + 1) * 8 > length * 3) shard.entries = resized(shard.entries, 2 * length)
    const at = firstFree(shard.entries, hash)
    shard.entries[at] = slot + 1
    shard.entries[at + 1] = hash
    shard.size++
  }

  /** The key must still be that of its slot. */
  delete(key: Key): void {
    const hash = this.#hash(key)
    const shard = this.#shardOf(hash)
    const at = this.#find(shard.entries, key, hash)
    if (shard.entries[at] === 0) return
    close(shard.entries, at)
    shard.size--
    const { length } = shard.entries
    const isSparse = length > 2 * smallest && shard.size * 16 < length
    if (isSparse) shard.entries = resized(shard.entries, length / 2)
  }

  #hash(key: Key): number {
    if (key !== this.#lastKey) {
      this.#lastHash = sipHash(key, this.#secret)
      this.#lastKey = key
    }
    return this.#lastHash
  }

  #shardOf(hash: number): Shard {
    return this.#shards[hash & (shards - 1)]!
  }

  /** Where the key is, or a free place when it is not there. */
  #find(entries: Int32Array, key: Key, hash: number): number {
    const mask = entries.length - 1
    for (let at = homeOf(entries, hash); ; at = (at + 2) & mask) {
      const entry = entries[at]!
      if (entry === 0) return at
      if (entries[at + 1] === hash && this.#keyOf(entry - 1) === key) return at
    }
  }
}

/** Where an entry of this hash should be. Positions are even. */
function homeOf(entries: Int32Array, hash: number): number {
  return ((hash >>> shardBits) * 2) & (entries.length - 1)
}

function firstFree(entries: Int32Array, hash: number): number {
  const mask = entries.length - 1
  let at = homeOf(entries, hash)
  while (entries[at] !== 0) at = (at + 2) & mask
  return at
}

/** Empties a place; what would not be found past it any more moves up. */
function close(entries: Int32Array, place: number): void {
  const mask = entries.length - 1
  let free = place
  for (let at = (place + 2) & mask; entries[at] !== 0; at = (at + 2) & mask) {
    const home = homeOf(entries, entries[at + 1]!)
    if (((at - home) & mask) < ((at - free) & mask)) continue
    entries[free] = entries[at]!
    entries[free + 1] = entries[at + 1]!
    free = at
  }
  entries[free] = 0
}

function resized(before: Int32Array, length: number): Int32Array {
  const entries = new Int32Array(length)
  for (let at = 0; at < before.length; at += 2) {
    if (before[at] === 0) continue
    const to = firstFree(entries, before[at + 1]!)
    entries[to] = before[at]!
    entries[to + 1] = before[at + 1]!
  }
  return entries
}
