import { expect, test } from 'vitest'
import { runSeed } from './world.ts'

// A few of the seeds that `npm run sim` runs by the thousand: one of each scenario and some more.
test.each([1, 3, 4, 5, 11, 12, 13])(
  'a cluster survives seed %i',
  async seed => {
    const outcome = await runSeed(seed)
    expect('error' in outcome ? outcome.error : 'passed').toBe('passed')
  },
  30_000,
)

test('one seed is one run', async () => {
  expect(await runSeed(13)).toEqual(await runSeed(13))
}, 30_000)
