import type { Prng } from '../../src/kernel/prng.ts'

type Mutator = (bytes: Buffer, prng: Prng) => Buffer

/** Bytes at which parsers err: ends of ranges, and MessagePack's heads of large things. */
const awkward = [0, 1, 0x7f, 0x80, 0xc0, 0xc1, 0xc6, 0xc9, 0xcf, 0xd4, 0xdb, 0xdd, 0xdf, 0xff]

const mutators: readonly Mutator[] = [
  (bytes, prng) => {
    if (bytes.length > 0) bytes[prng.below(bytes.length)]! ^= 1 << prng.below(8)
    return bytes
  },
  (bytes, prng) => {
    if (bytes.length > 0) bytes[prng.below(bytes.length)] = pick(awkward, prng)
    return bytes
  },
  (bytes, prng) => bytes.subarray(0, prng.below(bytes.length + 1)),
  (bytes, prng) => bytes.subarray(prng.below(bytes.length + 1)),
  (bytes, prng) => insert(bytes, prng, randomBytes(1 + prng.below(8), prng)),
  (bytes, prng) => insert(bytes, prng, Buffer.alloc(1 + prng.below(200), pick(awkward, prng))),
  // A part of it once more: fields come twice, lists are longer than they say.
  (bytes, prng) => {
    const from = prng.below(bytes.length + 1)
    return insert(bytes, prng, bytes.subarray(from, from + prng.below(40)))
  },
]

/** `valid` with one to four things wrong with it. */
export function mutate(valid: Uint8Array, prng: Prng): Buffer {
  let bytes: Buffer = Buffer.from(valid)
  for (let times = 1 + prng.below(4); times > 0; times--) bytes = pick(mutators, prng)(bytes, prng)
  return Buffer.from(bytes)
}

export function randomBytes(length: number, prng: Prng): Buffer {
  return Buffer.from(Array.from({ length }, () => prng.below(256)))
}

export function pick<T>(from: readonly T[], prng: Prng): T {
  return from[prng.below(from.length)]!
}

function insert(bytes: Buffer, prng: Prng, more: Uint8Array): Buffer {
  const at = prng.below(bytes.length + 1)
  return Buffer.concat([bytes.subarray(0, at), more, bytes.subarray(at)])
}
