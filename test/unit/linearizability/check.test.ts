import { describe, expect, test } from 'vitest'
import { createPrng } from '../../../src/kernel/prng.ts'
import { checkLinearizable } from '../../linearizability/check.ts'
import {
  type RegisterInput,
  type RegisterOutput,
  registerModel,
} from '../../linearizability/register.ts'
import { type TxnInput, type TxnOutput, txnModel } from '../../linearizability/txn.ts'
import type { Operation } from '../../linearizability/types.ts'

type Op = Operation<RegisterInput, RegisterOutput>

/** `end` undefined: no answer. */
function op(
  client: string,
  call: number,
  end: number | undefined,
  input: RegisterInput,
  output: RegisterOutput = {},
): Op {
  return end === undefined ? { client, call, input } : { client, call, end, input, output }
}
const key = 'k'
const put = (value: string): RegisterInput => ({ type: 'put', key, value })
const get: RegisterInput = { type: 'get', key }
const cas = (from: string | undefined, to: string): RegisterInput => ({
  type: 'cas',
  key,
  from,
  to,
})
const remove: RegisterInput = { type: 'delete', key }

const good: Record<string, Op[]> = {
  'reads that overlap a write see either': [
    op('a', 0, 10, put('1')),
    op('a', 20, 40, put('2')),
    op('b', 25, 35, get, { value: '1' }),
    op('c', 25, 35, get, { value: '2' }),
  ],
  'an unanswered write takes effect late': [
    op('a', 0, 10, put('1')),
    op('a', 20, undefined, put('2')),
    op('b', 30, 40, get, { value: '1' }),
    op('b', 50, 60, get, { value: '2' }),
  ],
  'an unanswered write never takes effect': [
    op('a', 0, 10, put('1')),
    op('a', 20, undefined, put('2')),
    op('b', 30, 40, get, { value: '1' }),
    op('b', 50, 60, cas('1', '3'), { swapped: true }),
    op('b', 70, 80, get, { value: '3' }),
  ],
  'a chain of unanswered writes': [
    op('a', 0, undefined, put('1')),
    op('b', 1, undefined, cas('1', '2')),
    op('c', 2, undefined, cas('2', '3')),
    op('d', 5, 6, get, {}),
    op('d', 10, 20, get, { value: '3' }),
  ],
  'an unanswered deletion': [
    op('a', 0, 1, put('1')),
    op('a', 2, undefined, remove),
    op('b', 3, 4, get, { value: '1' }),
    op('b', 5, 6, get, {}),
    op('b', 7, 8, cas(undefined, '2'), { swapped: true }),
  ],
  'a failed swap shows what was there': [
    op('a', 0, 1, put('1')),
    op('b', 2, 3, cas('0', '2'), { swapped: false, value: '1' }),
  ],
}

const bad: Record<string, Op[]> = {
  'a stale read': [
    op('a', 0, 10, put('1')),
    op('a', 20, 30, put('2')),
    op('b', 40, 50, get, { value: '1' }),
  ],
  'a read that goes back': [
    op('a', 0, 10, put('1')),
    op('a', 20, 60, put('2')),
    op('b', 25, 30, get, { value: '2' }),
    op('c', 35, 40, get, { value: '1' }),
  ],
  'a lost update': [
    op('a', 0, 10, put('1')),
    op('a', 20, 30, cas('1', '2'), { swapped: true }),
    op('b', 20, 30, cas('1', '3'), { swapped: true }),
  ],
  'a value that comes back': [
    op('a', 0, 10, put('1')),
    op('a', 20, 30, put('2')),
    op('b', 40, 50, get, { value: '2' }),
    op('c', 60, 70, get, { value: '1' }),
  ],
  'a deleted value that comes back': [
    op('a', 0, 10, put('1')),
    op('a', 20, 30, remove, { deleted: true }),
    op('b', 40, 50, get, { value: '1' }),
  ],
  'a write that is applied twice': [
    op('a', 0, 10, put('1')),
    op('a', 15, undefined, put('2')),
    op('b', 20, 30, get, { value: '2' }),
    op('b', 40, 50, cas('2', '3'), { swapped: true }),
    op('c', 60, 70, get, { value: '2' }),
  ],
  'a value that nobody wrote': [op('a', 0, 10, put('1')), op('b', 20, 30, get, { value: '9' })],
  'an acknowledged write that is lost': [op('a', 0, 10, put('1')), op('b', 20, 30, get, {})],
  'an unanswered write seen before it was asked': [
    op('b', 0, 5, get, { value: '2' }),
    op('a', 10, undefined, put('2')),
  ],
  'two deletions of one value': [
    op('a', 0, 1, put('1')),
    op('a', 5, 9, remove, { deleted: true }),
    op('b', 6, 10, remove, { deleted: true }),
  ],
}

describe('registers', () => {
  test.each(Object.entries(good))('%s: linearizable', (_name, history) => {
    expect(checkLinearizable(registerModel, history)).toMatchObject({ ok: true })
  })

  test.each(Object.entries(bad))('%s: not linearizable', (_name, history) => {
    expect(checkLinearizable(registerModel, history)).toMatchObject({ ok: false })
  })

  test('a violation in much else is shown alone, with a time line', () => {
    const noise = simulate(7, 600)
    const stale = [
      op('x', 10, 20, { type: 'put', key: 'hot', value: 'old' }),
      op('x', 30, 40, { type: 'put', key: 'hot', value: 'new' }),
      ...Array.from({ length: 40 }, (_, at) => {
        return op('z', 41 + at, 41.5 + at, { type: 'get', key: 'hot' }, { value: 'new' })
      }),
      op('y', 90, 95, { type: 'get', key: 'hot' }, { value: 'old' }),
    ]
    const verdict = checkLinearizable(registerModel, [...noise, ...stale])
    expect(verdict.ok).toBe(false)
    if (verdict.ok !== false) return
    expect(verdict.core.length).toBeLessThanOrEqual(4)
    expect(verdict.text).toContain('get hot: old')
    expect(verdict.text).toMatch(/x +\|-+[|>] +put hot = new/)
  })
})

interface Step {
  readonly state: Map<string, string>
}

/** A real history: operations take effect at one moment between call and answer, or have none. */
function simulate(seed: number, count: number, keys = 20, unknownRatio = 0.02): Op[] {
  const prng = createPrng(seed)
  const { state }: Step = { state: new Map() }
  const free = Array.from({ length: 10 }, () => 0)
  const planned = Array.from({ length: count }, (_, at) => {
    const client = at % free.length
    const call = free[client]! + prng.next() * 2
    const effect = call + prng.next() * 10
    const end = effect + prng.next() * 10
    free[client] = end
    return { client: `c${client}`, call, effect, end, isUnknown: prng.chance(unknownRatio), at }
  })
  planned.sort((left, right) => left.effect - right.effect)
  return planned.map(({ client, call, end, isUnknown, at }) => {
    const name = `k${prng.below(keys)}`
    const value = `v${at}`
    const draw = prng.next()
    const now = state.get(name)
    const from = prng.chance(0.7) ? now : `v${prng.below(count)}`
    const input: RegisterInput =
      draw < 0.4
        ? { type: 'get', key: name }
        : draw < 0.65
          ? { type: 'put', key: name, value, prev: prng.chance(0.5) }
          : draw < 0.95
            ? { type: 'cas', key: name, from, to: value }
            : { type: 'delete', key: name }
    const happens = !isUnknown || prng.chance(0.5)
    const output = happens ? perform(state, input) : {}
    return isUnknown ? op(client, call, undefined, input) : op(client, call, end, input, output)
  })
}

function perform(state: Map<string, string>, input: RegisterInput): RegisterOutput {
  const value = state.get(input.key)
  if (input.type === 'put') state.set(input.key, input.value)
  if (input.type === 'delete') state.delete(input.key)
  if (input.type === 'delete') return { deleted: value !== undefined }
  if (input.type !== 'cas') return { value }
  const swapped = value === input.from
  if (swapped) state.set(input.key, input.to)
  return swapped ? { swapped } : { swapped, value }
}

test('10,000 operations of 10 clients on 20 keys take seconds', () => {
  // Time of this process: the machine may be busy with other things.
  const began = process.cpuUsage()
  for (const unknownRatio of [0, 0.05]) {
    const history = simulate(42, 10_000, 20, unknownRatio)
    expect(checkLinearizable(registerModel, history)).toMatchObject({ ok: true })
    // One read that is wrong must be found as well.
    const at = history.findIndex(({ input, end }, index) => {
      return index > 8_000 && input.type === 'get' && end !== undefined
    })
    const wrong = history.with(at, { ...history[at]!, output: { value: 'v3' } })
    expect(checkLinearizable(registerModel, wrong)).toMatchObject({ ok: false })
  }
  const tookMs = process.cpuUsage(began).user / 1_000
  process.stdout.write(`4 histories of 10,000 operations checked in ${Math.round(tookMs)} ms\n`)
  expect(tookMs).toBeLessThan(15_000)
}, 60_000)

test.each([1, 2, 3, 4, 5])('real histories pass, seed %i', seed => {
  const history = simulate(seed, 400, 3, 0.2)
  expect(checkLinearizable(registerModel, history)).toMatchObject({ ok: true })
})

describe('transactions', () => {
  type Txn = Operation<TxnInput, TxnOutput>
  const txn = (
    client: string,
    call: number,
    end: number | undefined,
    input: Partial<TxnInput>,
    output: TxnOutput = { succeeded: true, reads: [] },
  ): Txn => {
    const whole: TxnInput = { compares: [], success: [], failure: [], ...input }
    return end === undefined
      ? { client, call, input: whole }
      : { client, call, end, input: whole, output }
  }
  const both = (value: string) => ({
    success: [{ type: 'set', key: 'x', value } as const, { type: 'set', key: 'y', value } as const],
  })
  const readBoth = {
    success: [{ type: 'get', key: 'x' } as const, { type: 'get', key: 'y' } as const],
  }
  const saw = (...reads: (string | undefined)[]) => ({ succeeded: true, reads })

  test('two keys change at once', () => {
    const history = [
      txn('a', 0, 1, both('1')),
      txn('a', 2, undefined, both('2')),
      txn('b', 3, 4, readBoth, saw('1', '1')),
      txn('b', 5, 6, readBoth, saw('2', '2')),
    ]
    expect(checkLinearizable(txnModel, history)).toMatchObject({ ok: true })
  })

  test('half a transaction is none', () => {
    const history = [
      txn('a', 0, 1, both('1')),
      txn('a', 2, 3, both('2')),
      txn('b', 2, 3, readBoth, saw('1', '2')),
    ]
    expect(checkLinearizable(txnModel, history)).toMatchObject({ ok: false })
  })

  test('a branch that the compares forbid', () => {
    const compares = [{ key: 'x', value: '1' }]
    const history = [
      txn('a', 0, 1, both('1')),
      txn('a', 2, 3, { compares, ...both('2') }),
      txn('b', 4, 5, { compares, ...both('3') }),
    ]
    expect(checkLinearizable(txnModel, history)).toMatchObject({ ok: false })
  })

  test('write skew is none: each saw the other one missing', () => {
    const guard = (key: string, other: string): Partial<TxnInput> => ({
      compares: [{ key: other, value: undefined }],
      success: [{ type: 'set', key, value: '1' }],
    })
    const history = [txn('a', 0, 9, guard('x', 'y')), txn('b', 0, 9, guard('y', 'x'))]
    expect(checkLinearizable(txnModel, history)).toMatchObject({ ok: false })
  })

  test('a failed compare may be the work of an unanswered transaction', () => {
    const history = [
      txn('a', 0, undefined, both('1')),
      txn(
        'b',
        2,
        3,
        { compares: [{ key: 'x', value: undefined }] },
        { succeeded: false, reads: [] },
      ),
    ]
    expect(checkLinearizable(txnModel, history)).toMatchObject({ ok: true })
  })
})
