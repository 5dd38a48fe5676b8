import { expect, test } from 'vitest'
import { Lateness } from '../../../src/store/lateness.ts'

test('what comes again counts, and not what has happened once', () => {
  const lateness = new Lateness(1_000)
  lateness.add(0, 400)
  expect(lateness.recentMs(1)).toBe(0)
  lateness.add(10, 150)
  lateness.add(20, 5)
  expect(lateness.recentMs(30)).toBe(150)
})

test('it is remembered for one window at least, and forgotten after two', () => {
  const lateness = new Lateness(1_000)
  for (const now of [0, 1, 2]) lateness.add(now, 200)
  expect(lateness.recentMs(9_999)).toBe(200)
  expect(lateness.recentMs(15_000)).toBe(200)
  expect(lateness.recentMs(25_001)).toBe(0)
})

test('who was stopped is not busy', () => {
  const lateness = new Lateness(1_000)
  for (const now of [0, 5_000]) lateness.add(now, 4_000)
  expect(lateness.recentMs(5_001)).toBe(0)
})
