import { createPrng } from '../../src/kernel/prng.ts'
import type { Target } from './target.ts'

/** Inputs of one seed. */
export const knocksPerSeed = 400

/** One seed: the same inputs each time. @throws with whatever the door did not hold against. */
export async function fuzzSeed(target: Target, seed: number): Promise<void> {
  const prng = createPrng(seed)
  const session = await target.open(prng)
  try {
    for (let n = 0; n < knocksPerSeed; n++) await session.knock(prng)
    await session.inspect()
  } finally {
    await session.close()
  }
}
