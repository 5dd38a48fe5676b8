import { describe, expect, test } from 'vitest'
import { judge } from '../../../src/probe/judge.ts'
import { Ledger } from '../../../src/probe/ledger.ts'
import { Stopwatch } from '../../../src/probe/stopwatch.ts'

describe('the judge', () => {
  const none = { acknowledged: 0, unknown: 0 }
  const creates = (acknowledged: string, unknown = '') => ({
    acknowledged: new Set(acknowledged),
    unknown: new Set(unknown),
  })
  test.each<[string, Parameters<typeof judge>, object]>([
    ['everything is there', [creates('ab'), none, ['a', 'b'], 0], { lost: 0, ok: true }],
    ['an acknowledged object is missing', [creates('ab'), none, ['a'], 0], { lost: 1, ok: false }],
    [
      'an object is there twice',
      [creates('a'), none, ['a', 'a'], 0],
      { duplicated: 1, objects: 2, ok: false },
    ],
    [
      'what is under way may be there or not',
      [
        { ...creates('a'), inFlight: new Set(['f', 'g']) },
        { acknowledged: 5, unknown: 0, inFlight: 1 },
        ['a', 'f'],
        6,
      ],
      { lost: 0, duplicated: 0, unknownApplied: 0, ok: true },
    ],
    ['an object nobody wrote', [creates(''), none, ['x'], 0], { duplicated: 1, ok: false }],
    [
      'an unknown outcome may be there',
      [creates('a', 'u'), none, ['a', 'u'], 0],
      { unknownApplied: 1, duplicated: 0, ok: true },
    ],
    [
      'an unknown outcome may be missing',
      [creates('a', 'u'), none, ['a'], 0],
      { unknownApplied: 0, lost: 0, ok: true },
    ],
    ['the counter is right', [creates(''), { acknowledged: 5, unknown: 0 }, [], 5], { ok: true }],
    [
      'the counter lacks increments',
      [creates(''), { acknowledged: 5, unknown: 2 }, [], 3],
      { lost: 2, ok: false },
    ],
    [
      'unknown increments may count',
      [creates(''), { acknowledged: 5, unknown: 2 }, [], 7],
      { lost: 0, duplicated: 0, ok: true },
    ],
    [
      'the counter has more than anybody added',
      [creates(''), { acknowledged: 5, unknown: 2 }, [], 8],
      { duplicated: 1, ok: false },
    ],
    [
      'a lost object and a surplus increment are both told',
      [creates('a'), { acknowledged: 1, unknown: 0 }, [], 2],
      { lost: 1, duplicated: 1, ok: false },
    ],
  ])('%s', (_what, args, expected) => {
    expect(judge(...args)).toMatchObject(expected)
  })
})

test('the ledger counts by outcome, and keeps the marks that must be looked for', () => {
  const ledger = new Ledger()
  ledger.record('acknowledged', 'a')
  ledger.record('unknown', 'u')
  ledger.record('failed', 'f')
  ledger.record('acknowledged')
  ledger.retried()
  expect(ledger.tally).toEqual({ acknowledged: 2, unknown: 1, failed: 1, retried: 1 })
  expect([...ledger.acknowledged]).toEqual(['a'])
  expect([...ledger.unknown]).toEqual(['u'])
})

describe('the stopwatch', () => {
  test('measures between two successes, not before the first', () => {
    const watch = new Stopwatch()
    expect(watch.sinceLast(500)).toBe(0)
    watch.success(1_000)
    expect(watch.gapMs).toBe(0)
    watch.success(1_250)
    watch.success(1_300)
    expect(watch.gapMs).toBe(250)
    expect(watch.sinceLast(1_400)).toBe(100)
  })

  test('a mark begins anew; a gap that spans the mark counts, for the fault is in it', () => {
    const watch = new Stopwatch()
    watch.success(0)
    watch.success(900)
    watch.mark()
    expect(watch.gapMs).toBe(0)
    watch.success(1_000)
    expect(watch.gapMs).toBe(100)
    expect(watch.longestMs).toBe(900)
  })
})
