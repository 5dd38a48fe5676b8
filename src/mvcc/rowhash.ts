import { blockOf, finish, type SetHash, step } from './hash.ts'
import type { VersionRow } from './types.ts'

/**
 * A row's share of the state hash, valid until the next call: two sums side by side, so that key
 * and value are read once. The same as mix and its like for each of the seeds.
 */
export function hashRow(row: VersionRow): Pick<SetHash, 'low' | 'high'> {
  lanes.start(0x51ab, 0x7c31)
  lanes.mixRow(row)
  lanes.low = finish(lanes.low)
  lanes.high = finish(lanes.high)
  return lanes
}

class Lanes {
  low = 0
  high = 0

  start(low: number, high: number): void {
    this.low = low
    this.high = high
  }

  mixRow({ key, value, mod, sub, create, version, lease }: VersionRow): void {
    this.#mix(key.length)
    for (let at = 0; at < key.length; at++) this.#mix(key.charCodeAt(at))
    this.#mixInteger(mod)
    this.#mix(sub)
    this.#mixInteger(create)
    this.#mixInteger(version)
    this.#mixInteger(lease)
    this.#mixBytes(value)
  }

  #mixInteger(value: number): void {
    this.#mix(value | 0)
    this.#mix(Math.floor(value / 2 ** 32) | 0)
  }

  #mixBytes(bytes: Uint8Array): void {
    const end = bytes.length
    this.#mix(end)
    let { low, high } = this
    let at = 0
    for (; at + 4 <= end; at += 4) {
      const word =
        bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
      const block = blockOf(word)
      low = step(low, block)
      high = step(high, block)
    }
    this.low = low
    this.high = high
    let tail = 0
    for (; at < end; at++) tail = (tail << 8) | bytes[at]!
    this.#mix(tail)
  }

  #mix(value: number): void {
    const block = blockOf(value)
    this.low = step(this.low, block)
    this.high = step(this.high, block)
  }
}

const lanes = new Lanes()
