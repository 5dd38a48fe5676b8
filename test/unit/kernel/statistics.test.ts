import { expect, test } from 'vitest'
import { median, quantile } from '../../../src/kernel/statistics.ts'

test('the median of an even number lies between both in the middle', () => {
  expect([
    median([]),
    median([3]),
    median([4, 1]),
    median([9, 1, 5]),
    median([1, 2, 3, 10]),
  ]).toEqual([0, 3, 2.5, 5, 2.5])
})

test('a quantile is one of the values, in whatever order they come', () => {
  const values = [30, 10, 40, 20]
  const quantiles = [0, 0.5, 0.99, 1].map(share => quantile(values, share))
  expect(quantiles).toEqual([10, 30, 40, 40])
  expect(quantile([], 0.5)).toBe(0)
  expect(values).toEqual([30, 10, 40, 20])
})
