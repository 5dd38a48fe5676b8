import { test } from 'vitest'
import { mesh } from './mesh.ts'
import { meshDoor } from './mesh-door.ts'
import { fuzzSeed } from './run.ts'

// A few of the seeds that `npm run fuzz -- --minutes N` runs for longer.
test.each([1, 2, 3])('the mesh holds against seed %i', seed => fuzzSeed(mesh, seed), 60_000)

test("the mesh's port holds against seed 1", () => fuzzSeed(meshDoor, 1), 60_000)
