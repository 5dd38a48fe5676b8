import { expect, test } from 'vitest'
import { builtIn } from '../../src/api/resources/table.ts'
import { must } from '../../src/kernel/assert.ts'
import { createPrng, type Prng } from '../../src/kernel/prng.ts'
import { newSeed } from '../contract/peers.ts'
import { type Answer, send } from '../contract/requests.ts'
import { clusterForAll } from '../contract/support.ts'
import { eachWrong, metadataOf, mutate, samples } from './objects.ts'
import type { Sample } from './samples/sample.ts'

/**
 * No wrong object is our fault: whatever of a valid one is gone, or is something else, the answer
 * is not a 5xx. A longer run: `FUZZ_OBJECTS=5000 npx vitest run ... test/fuzz/objects.test.ts`.
 */
const rounds = Number(process.env.FUZZ_OBJECTS ?? 120)
const seeds = process.env.FUZZ_SEED ? [Number(process.env.FUZZ_SEED)] : [1, newSeed()]

const api = clusterForAll()

const patchTypes = [
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/json-patch+json',
]
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io'

/** One request about a mutated object; `name` is an object that exists. */
async function attack(sample: Sample, name: string, prng: Prng): Promise<Answer> {
  const own = `${sample.path}/${name}`
  const wrong = mutate({ kind: sample.kind, metadata: metadataOf(name), ...sample.object }, prng)
  switch (prng.below(8)) {
    case 0:
      return send(api, 'PUT', own, wrong)
    case 1: {
      const at = prng.chance(0.5) ? own : `${own}/status`
      return send(api, 'PATCH', at, wrong, { 'content-type': must(patchTypes[prng.below(2)], 'a') })
    }
    case 2: {
      const patch = mutate(
        [
          { op: 'add', path: '/metadata/labels/x', value: 'y' },
          { op: 'test', path: '/metadata/name', value: name },
          { op: 'copy', from: '/metadata', path: '/spec' },
        ],
        prng,
      )
      return send(api, 'PATCH', own, patch, { 'content-type': must(patchTypes[2], 'a') })
    }
    case 3: {
      const preconditions = { uid: 'x', resourceVersion: '1' }
      const options = mutate(
        { gracePeriodSeconds: 1, propagationPolicy: 'Orphan', preconditions },
        prng,
      )
      return send(api, 'DELETE', `${own}?dryRun=All`, options)
    }
    case 4:
      return send(api, 'PUT', `${own}/status`, wrong)
    case 5:
      return send(
        api,
        'PUT',
        `${own}/scale`,
        mutate({ metadata: { name }, spec: { replicas: 1 } }, prng),
      )
    case 6:
      return send(api, 'GET', sample.path, undefined, { accept: table })
    default:
      return send(api, 'POST', sample.path, {
        ...wrong,
        metadata: { ...metadataOf(''), name: undefined, generateName: 'fuzz-' },
      })
  }
}

test('every kind has a sample', () => {
  const stored = builtIn.filter(row => row.verbs.includes('update'))
  expect(samples.map(one => one.kind).sort()).toEqual(stored.map(row => row.kind).sort())
})

for (const sample of samples) {
  test.each(seeds)(`no wrong ${sample.kind} is a 5xx, seed %i`, async seed => {
    const prng = createPrng(seed)
    const name = sample.name ?? `valid-${sample.kind.toLowerCase()}-${seed}`
    const valid = { metadata: metadataOf(name), ...sample.object }
    const created = await send(api, 'POST', sample.path, valid)
    // One with a fixed name is there since the first seed.
    if (sample.name === undefined || created.code !== 409) {
      expect(created.value, 'the sample is valid').toMatchObject({ kind: sample.kind })
    }
    const codes = new Set<number>()
    for (let round = 0; round < rounds; round++) {
      const answer = await attack(sample, name, prng)
      codes.add(answer.code)
      expect(
        answer.code,
        `round ${round}: ${JSON.stringify(answer.value).slice(0, 2_000)}`,
      ).toBeLessThan(500)
    }
    // It was heard, and judged.
    expect([...codes].some(code => code >= 400)).toBe(true)
  })
}

test.each(samples)('no $kind that is wrong in one place is a 5xx', async sample => {
  const { kind, path, object } = sample
  const name = sample.name ?? `once-${kind.toLowerCase()}`
  await send(api, 'POST', path, { metadata: metadataOf(name), ...object })
  let refused = 0
  for (const wrong of eachWrong({ kind, metadata: metadataOf(name), ...object })) {
    const own = { ...wrong, metadata: wrong.metadata && { ...wrong.metadata, name: 'new' } }
    const answers = [
      await send(api, 'POST', `${path}?dryRun=All`, own),
      await send(api, 'PUT', `${path}/${name}?dryRun=All`, wrong),
    ]
    for (const { code, value } of answers) {
      if (code >= 400) refused++
      expect(code, JSON.stringify([wrong, value]).slice(0, 4_000)).toBeLessThan(500)
    }
  }
  expect(refused).toBeGreaterThan(0)
})
