import { describe, expect, test } from 'vitest'
import { createPrng } from '../../../src/kernel/prng.ts'
import { KeyMap } from '../../../src/mvcc/keymap.ts'
import { sipHash } from '../../../src/mvcc/siphash.ts'

const secret = [0x03020100, 0x07060504] as const
const bytes = String.fromCharCode(...Array.from({ length: 256 }, (_, at) => at))

// Computed with the authors' reference code, one round a word and three at the end.
test.each([
  ['', 0x5814c896],
  ['a', 0xfb64f026],
  ['abcd', 0x0936b8a7],
  ['/registry/pods/default/web-1', 0x33acdcd5],
  [bytes, 0x2415d44],
])('HalfSipHash-1-3 of %j', (key, hash) => {
  expect(sipHash(key, secret)).toBe(hash | 0)
})

/** The keys by slot, as the table asks for them. */
function tableOf() {
  const keys: string[] = []
  return { keys, table: new KeyMap(slot => keys[slot]!, secret) }
}

describe('a table of slots', () => {
  test.each([1, 2, 3, 4, 5, 6])('is what a map is, seed %i', seed => {
    const prng = createPrng(seed)
    const { keys, table } = tableOf()
    const model = new Map<string, number>()
    const space = prng.chance(0.5) ? 5_000 : 60_000
    for (let n = 0; n < 120_000; n++) {
      // Fills up, then empties.
      const isFilling = n < 60_000
      const key = `k${prng.below(space)}`
      const known = model.get(key)
      // Not `expect`: it takes longer than all the rest.
      if (table.get(key) !== known) throw new Error(`${key} at step ${n}`)
      if (known === undefined && prng.chance(isFilling ? 0.9 : 0.2)) {
        keys[n] = key
        table.set(key, n)
        model.set(key, n)
      } else if (prng.chance(isFilling ? 0.1 : 0.8)) {
        table.delete(key)
        model.delete(key)
      }
    }
    const found = [...model.keys()].map(key => table.get(key))
    expect(found).toEqual([...model.values()])
    for (const key of model.keys()) table.delete(key)
    expect([...model.keys()].filter(key => table.get(key) !== undefined)).toEqual([])
  })

  test('has a secret of its own: nobody can choose keys that fall into one place', () => {
    const key = '/registry/pods/default/web-1'
    const hashes = new Set(Array.from({ length: 20 }, (_, n) => sipHash(key, [n, n])))
    expect(hashes.size).toBe(20)
  })
})
