import { expect, test } from 'vitest'
import { createPrng } from '../../../../src/kernel/prng.ts'
import { runSteps, shrink } from './run.ts'
import { drawSteps } from './steps.ts'

/** Histories by their seed: MODEL_SEEDS=FROM-TO runs others, and one alone is FROM-FROM. */
const [from, to] = (process.env.MODEL_SEEDS ?? '1-60').split('-').map(Number) as [number, number]
const seeds = Array.from({ length: to - from + 1 }, (_, at) => from + at)

test.each(seeds)('a random history is what etcd says, seed %i', seed => {
  const steps = drawSteps(createPrng(seed), 400)
  try {
    runSteps(steps)
  } catch (error) {
    const small = shrink(steps)
    const lines = small.map(step => `  ${JSON.stringify(step, shown)}`)
    throw new Error(
      `${(error as Error).message}\n${small.length} steps are enough:\n${lines.join('\n')}`,
    )
  }
  expect(steps.length).toBe(400)
})

function shown(_name: string, value: unknown): unknown {
  return value instanceof Uint8Array ? `${value.length} B` : value
}
