import { afterAll, test } from 'vitest'
import { targets } from './doors.ts'
import { mesh } from './mesh.ts'
import { fuzzSeed } from './run.ts'

// A few of the seeds that `npm run fuzz -- all --minutes N` runs for longer.
test.each([1, 2, 3])('the mesh holds against seed %i', seed => fuzzSeed(mesh, seed), 60_000)

const doors = targets.filter(target => target !== mesh)
afterAll(async () => {
  for (const door of doors) await door.end?.()
}, 60_000)

test.each(doors)('the door holds against seed 1: $name', door => fuzzSeed(door, 1), 120_000)
