import { expect, test } from 'vitest'
import { belowRatchet, raised, reached, readRatchet } from '../../oracle/ratchet.ts'

const tally = { code: 4, reason: 1, message: 2, details: 0, warnings: 3, body: 5, same: 10 }
const now = { steps: 25, code: 21, reason: 20, message: 18, details: 18, warnings: 15, same: 10 }

test('who differs in one thing is right in all that are looked at before', () => {
  expect(reached(tally)).toEqual(now)
})

test('only what sinks is told', () => {
  expect(belowRatchet(now, now)).toEqual([])
  expect(belowRatchet({ ...now, code: 22 }, now)).toEqual([])
  const least = { ...now, code: 22, same: 11 }
  expect(belowRatchet({ ...now, message: 19 }, least)).toEqual([
    'code: 21 steps are right, 22 were before',
    'same: 10 steps are right, 11 were before',
  ])
})

test('a ratchet is of one recording', () => {
  expect(belowRatchet({ ...now, steps: 26 }, now)).toHaveLength(1)
})

test('raising keeps what was better before', () => {
  expect(raised({ ...now, code: 22, same: 1 }, now)).toEqual({ ...now, code: 22 })
})

test('the one in the tree holds something', () => {
  const { steps, same } = readRatchet()
  expect(same).toBeGreaterThan(0)
  expect(steps).toBeGreaterThan(same)
})
