import { describe, expect, test } from 'vitest'
import {
  addQuantities,
  canonicalQuantity,
  compareQuantities,
  divideQuantities,
  formatQuantity,
  milliOf,
  parseQuantity,
  QuantityError,
  roundUpToMilli,
  subtractQuantities,
  unitsOf,
} from '../../../src/api/quantity.ts'

describe('quantity', () => {
  // Source: apimachinery pkg/api/resource/quantity_test.go.
  test.each([
    ['0', '0'],
    ['0.5', '500m'],
    ['100m', '100m'],
    ['1000m', '1'],
    ['1500m', '1500m'],
    ['1024Mi', '1Gi'],
    ['1025Mi', '1025Mi'],
    ['0.5Mi', '512Ki'],
    ['1.5Gi', '1536Mi'],
    ['512', '512'],
    ['1000', '1k'],
    ['1000000', '1M'],
    ['1e3', '1e3'],
    ['1E3', '1e3'],
    ['12e1', '120'],
    ['1000Ki', '1000Ki'],
    ['512Ki', '512Ki'],
    ['1Ki', '1Ki'],
    ['0.5Ki', '512'],
    ['0.1n', '1n'],
    ['-0.5', '-500m'],
    ['9223372036854775807', '9223372036854775807'],
    ['.5Gi', '512Mi'],
    ['+1', '1'],
    [2, '2'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical)
    expect(canonicalQuantity(canonical)).toBe(canonical)
  })

  test.each(['', 'a', '1.1.1', '1 Gi', '1gi', 'Ki', '1e', '--1', '1Kib'])('%s is none', text => {
    expect(() => parseQuantity(text)).toThrow(QuantityError)
  })

  test('counts exactly', () => {
    expect(compareQuantities('1Gi', '1073741824')).toBe(0)
    expect(compareQuantities('100m', '0.2')).toBe(-1)
    expect(formatQuantity(addQuantities('100m', '0.9'))).toBe('1')
    expect(formatQuantity(addQuantities('1Gi', '1Mi'))).toBe('1025Mi')
    expect(formatQuantity(addQuantities('0', '1Mi'))).toBe('1Mi')
    expect(formatQuantity(subtractQuantities('1', '100m'))).toBe('900m')
    expect(milliOf('1')).toBe(1000)
    expect(milliOf('0.0001')).toBe(1)
    expect(unitsOf('1Ki')).toBe(1024)
    expect(unitsOf(undefined)).toBe(0)
  })
})

test('amounts finer than thousandths are rounded up, others stay as they were written', () => {
  for (const [given, wanted] of [
    ['0.0001', '1m'],
    ['100n', '1m'],
    ['1u', '1m'],
    ['1500u', '2m'],
    ['1.5', '1.5'],
    ['1Gi', '1Gi'],
  ] as const) {
    expect(roundUpToMilli(given), given).toBe(wanted)
  }
})

test('divides as the downward API does: rounded up, and zero divides as one', () => {
  for (const [quantity, by, wanted] of [
    ['1', '1m', 1000n],
    ['1500m', '1', 2n],
    ['1Gi', '1Mi', 1024n],
    ['1E', '1', 10n ** 18n],
    ['2e3', '0', 2000n],
    ['100n', '1', 1n],
    ['0', '1', 0n],
  ] as const) {
    expect(divideQuantities(quantity, by), `${quantity} / ${by}`).toBe(wanted)
  }
})

test('what is beyond 2^63-1 is capped, what is beyond reason refused', () => {
  expect(canonicalQuantity('1e100')).toBe(canonicalQuantity('9223372036854775807'))
  expect(() => parseQuantity('9'.repeat(1_000_000))).toThrow(QuantityError)
})
