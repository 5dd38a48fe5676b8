import { expect, test } from 'vitest'
import { Mvcc } from '../../../src/mvcc/mvcc.ts'
import { Sweeper } from '../../../src/store/sweeper.ts'

/** A store in which one key was written `puts` times. */
function storeWith(puts: number): Mvcc {
  const mvcc = new Mvcc()
  const value = Buffer.alloc(100)
  for (let n = 0; n < puts; n++) {
    mvcc.txn({ compares: [], success: [{ type: 'put', key: 'hot', value }], failure: [] })
  }
  return mvcc
}

test('what was compacted is removed in many turns, and refused to readers from the first', async () => {
  const mvcc = storeWith(5_000)
  const turns: (() => void)[] = []
  const sweeper = new Sweeper(
    () => mvcc,
    callback => turns.push(callback),
    error => expect(error).toBeUndefined(),
  )
  const before = mvcc.bytes
  mvcc.compact(4_000)
  sweeper.wake()
  sweeper.wake()
  expect(turns).toHaveLength(1)
  expect(mvcc.range({ type: 'range', key: 'hot', revision: 3_999 })).toMatchObject({ ok: false })
  expect(mvcc.bytes).toBe(before)
  let idle = false
  const idling = sweeper.idle().then(() => {
    idle = true
  })
  let count = 0
  for (let turn = turns.shift(); turn !== undefined; turn = turns.shift()) {
    turn()
    count++
    if (count === 2) expect(idle).toBe(false)
  }
  await idling
  expect(count).toBeGreaterThan(5)
  expect(mvcc.bytes).toBeLessThan(before / 4)
  expect(mvcc.range({ type: 'range', key: 'hot', revision: 4_000 })).toMatchObject({ ok: true })
})

test('a slice that throws ends the removal, and nothing else', async () => {
  const mvcc = storeWith(5_000)
  const turns: (() => void)[] = []
  const errors: unknown[] = []
  let isBroken = true
  const broken: Mvcc = Object.create(mvcc, {
    isSwept: { get: () => mvcc.isSwept },
    sweep: {
      value: (max: number) => {
        if (isBroken) throw new Error('a broken slab')
        mvcc.sweep(max)
      },
    },
  })
  let current = broken
  const sweeper = new Sweeper(
    () => current,
    callback => turns.push(callback),
    error => errors.push(error),
  )
  mvcc.compact(4_000)
  const idling = sweeper.idle()
  turns.shift()!()
  await expect(idling).rejects.toThrow('a broken slab')
  await expect(sweeper.idle()).rejects.toThrow('a broken slab')
  isBroken = false
  sweeper.wake()
  expect(turns).toHaveLength(0)
  expect(errors).toHaveLength(1)
  current = mvcc
  sweeper.wake()
  expect(turns).toHaveLength(1)
})
