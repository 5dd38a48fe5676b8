import { expect, test } from 'vitest'
import { afterOf, faultOf, transferOf } from '../../../src/admin/orders.ts'
import { RefusedError } from '../../../src/admin/server.ts'
import { peerHandlers } from '../../../src/peer/admin.ts'

const good = [
  { type: 'kill', peer: 'peer-1', askedAt: 1.5 },
  { type: 'partition', from: [] },
  { type: 'slow', peers: ['peer-1'], delayMs: 200 },
  { type: 'heal' },
  { type: 'block-main', ms: 5_000 },
  { type: 'hold-writes', hold: true },
]
test.each(good)('$type is a fault', fault => {
  expect(faultOf(fault)).toEqual(fault)
})

const bad: readonly unknown[] = [
  ...[null, undefined, 1, 'heal', [], {}, { type: 'constructor' }, { type: null }],
  ...[{ type: 'partition' }, { type: 'partition', from: 5 }, { type: 'partition', from: [null] }],
  ...[
    { type: 'slow', peers: {}, delayMs: 1 },
    { type: 'slow', peers: [], delayMs: -1 },
  ],
  ...[{ type: 'block-main', ms: 'x' }, { type: 'hold-writes' }, { type: 'kill', peer: {} }],
]
test.each(bad.map(body => [JSON.stringify(body), body]))('%s is none', (_text, body) => {
  expect(() => faultOf(body)).toThrow(RefusedError)
})

test('a peer is told nothing that is no fault', async () => {
  const told: unknown[] = []
  const handlers = peerHandlers({
    report: () => Promise.reject(new Error('not asked')),
    events: () => [],
    transfer: async () => undefined,
    fault: {
      consensus: { tell: (message: unknown) => told.push(message) },
      hold: { set() {} },
      active: new Set<string>(),
    } as never,
    membership: undefined,
  })
  for (const body of bad) {
    const done = handlers['POST /fault']!({ query: new URLSearchParams(), body })
    await expect(done).rejects.toBeInstanceOf(RefusedError)
  }
  expect(told).toEqual([])
})

test('a transfer names a peer or none', () => {
  expect(transferOf(undefined)).toEqual({})
  expect(transferOf({ to: 'peer-2', askedAt: 3 })).toEqual({ to: 'peer-2', askedAt: 3 })
  expect(() => transferOf({ to: 5 })).toThrow(RefusedError)
})

test('events after a number', () => {
  expect(afterOf(new URLSearchParams())).toBe(0)
  expect(afterOf(new URLSearchParams('after=7'))).toBe(7)
  expect(() => afterOf(new URLSearchParams('after=x'))).toThrow(RefusedError)
})
