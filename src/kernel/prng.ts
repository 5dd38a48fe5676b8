/** Randomness as an argument: one seed is one run. */
export interface Prng {
  /** Uniform in [0, 1). */
  next(): number
  /** Uniform integer in [0, bound). */
  below(bound: number): number
  /** True with probability `ratio`. */
  chance(ratio: number): boolean
}

/**
 * A small, fast generator with 128 bits of state.
 * Source: sfc32 of PractRand (C. Doty-Humphrey), public domain.
 */
export function createPrng(seed: number): Prng {
  let a = 0
  let b = seed | 0
  let c = (seed / 2 ** 32) | 0
  let counter = 1
  const next32 = () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + sum) | 0
    return sum >>> 0
  }
  for (let round = 0; round < 15; round++) next32()
  const next = () => next32() / 2 ** 32
  return {
    next,
    below: bound => Math.floor(next() * bound),
    chance: ratio => next() < ratio,
  }
}
