import type { Key } from './types.ts'

/** Two words of 32 bits. */
export type Secret = readonly [number, number]

/**
 * HalfSipHash-1-3 of a key's bytes: 32 bits, as a signed number. Who doesn't know the secret can't
 * choose keys that have one hash: a table by a plain hash could be made a list by any writer.
 * Source: Aumasson and Bernstein, SipHash; the authors' reference halfsiphash.c.
 */
export function sipHash(key: Key, [low, high]: Secret): number {
  let v0 = low
  let v1 = high
  let v2 = low ^ 0x6c796765
  let v3 = high ^ 0x74656462
  const end = key.length
  // The last word has the rest of the bytes, and the length.
  for (let at = 0, isLast = false; !isLast; at += 4) {
    isLast = at + 4 > end
    const word = isLast ? lastWord(key, at, end) : wordAt(key, at)
    v3 ^= word
    for (let round = isLast ? 4 : 1; round > 0; round--) {
      v0 = (v0 + v1) | 0
      v1 = ((v1 << 5) | (v1 >>> 27)) ^ v0
      v0 = (v0 << 16) | (v0 >>> 16)
      v2 = (v2 + v3) | 0
      v3 = ((v3 << 8) | (v3 >>> 24)) ^ v2
      v0 = (v0 + v3) | 0
      v3 = ((v3 << 7) | (v3 >>> 25)) ^ v0
      v2 = (v2 + v1) | 0
      v1 = ((v1 << 13) | (v1 >>> 19)) ^ v2
      v2 = (v2 << 16) | (v2 >>> 16)
      // Before the three rounds that finish.
      if (round === 4) {
        v0 ^= word
        v2 ^= 0xff
      }
    }
    if (!isLast) v0 ^= word
  }
  return v1 ^ v3
}

function wordAt(key: Key, at: number): number {
  return (
    key.charCodeAt(at) |
    (key.charCodeAt(at + 1) << 8) |
    (key.charCodeAt(at + 2) << 16) |
    (key.charCodeAt(at + 3) << 24)
  )
}

function lastWord(key: Key, from: number, end: number): number {
  let word = end << 24
  for (let at = from; at < end; at++) word |= key.charCodeAt(at) << (8 * (at - from))
  return word
}
