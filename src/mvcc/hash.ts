/**
 * A sum of 64 bits over a set of rows, kept as two 32-bit lanes: adding and removing rows in any
 * order gives the same sum, so it runs along with the writes and is never computed over the store.
 * Not a defence against people who choose their values; it finds replicas that differ.
 */
export class SetHash {
  low = 0
  high = 0

  add(low: number, high: number): void {
    this.low = (this.low + low) | 0
    this.high = (this.high + high) | 0
  }

  remove(low: number, high: number): void {
    this.low = (this.low - low) | 0
    this.high = (this.high - high) | 0
  }

  /** 16 hex digits. */
  toString(): string {
    return hex(this.high) + hex(this.low)
  }
}

/** Mixes `value` into `seed`. Source: the block step of MurmurHash3 (A. Appleby, public domain). */
export function mix(seed: number, value: number): number {
  return step(seed, blockOf(value))
}

/** The part of `mix` that doesn't depend on the seed. */
export function blockOf(value: number): number {
  const block = Math.imul(value, 0xcc9e2d51)
  return Math.imul((block << 15) | (block >>> 17), 0x1b873593)
}

/** The part of `mix` that does. */
export function step(seed: number, block: number): number {
  let hash = seed ^ block
  hash = (hash << 13) | (hash >>> 19)
  return (Math.imul(hash, 5) + 0xe6546b64) | 0
}

/** Mixes an integer of up to 53 bits. */
export function mixInteger(seed: number, value: number): number {
  return mix(mix(seed, value | 0), Math.floor(value / 2 ** 32) | 0)
}

/** Mixes the characters of a string. */
export function mixString(seed: number, text: string): number {
  let hash = mix(seed, text.length)
  for (let at = 0; at < text.length; at++) hash = mix(hash, text.charCodeAt(at))
  return hash
}

/** The avalanche at the end of MurmurHash3: without it, sums of close rows are close. */
export function finish(hash: number): number {
  let value = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35)
  return (value ^ (value >>> 16)) | 0
}

function hex(value: number): string {
  return (value >>> 0).toString(16).padStart(8, '0')
}
