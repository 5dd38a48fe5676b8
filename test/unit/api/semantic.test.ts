import { expect, test } from 'vitest'
import { semanticEqual } from '../../../src/api/semantic.ts'

test.each([
  [{}, { a: null, b: [], c: undefined }],
  [{ a: [{ b: [] }] }, { a: [{}] }],
  [undefined, null],
  [
    { a: 1, b: 2 },
    { b: 2, a: 1 },
  ],
])('%j means %j', (left, right) => {
  expect(semanticEqual(left, right)).toBe(true)
  expect(semanticEqual(right, left)).toBe(true)
})

test.each([
  [{ a: '' }, {}],
  [{ a: 0 }, {}],
  [{ a: {} }, {}],
  [{ a: [1, 2] }, { a: [2, 1] }],
  [{ a: [] }, { a: {} }],
  [{ a: [1] }, { a: { 0: 1 } }],
  [{}, { constructor: 1 }],
  [1, '1'],
])('%j does not mean %j', (left, right) => {
  expect(semanticEqual(left, right)).toBe(false)
  expect(semanticEqual(right, left)).toBe(false)
})
