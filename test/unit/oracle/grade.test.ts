import { describe, expect, test } from 'vitest'
import { betterOf, canonical, type Grade, gradeOf, judge, tallyOf } from '../../oracle/grade.ts'
import type { Answer, AnsweredStep } from '../../oracle/recording.ts'

const failure = (over: object, code = 422): Answer => ({
  code,
  body: {
    ...{ kind: 'Status', status: 'Failure', reason: 'Invalid', message: 'a: [x, y]' },
    details: { name: 'p', causes: [{ field: 'x' }, { field: 'y' }] },
    ...over,
  },
})
const object = (over: object = {}): Answer => ({
  code: 200,
  body: { kind: 'Pod', metadata: { name: 'p' }, ...over },
})

describe('the grade of an answer', () => {
  const upside = { name: 'p', causes: [{ field: 'y' }, { field: 'x' }] }
  test.each<[string, Answer, Answer | undefined]>([
    ['code', object(), undefined],
    ['code', object(), { ...object(), code: 201 }],
    ['reason', failure({}), failure({ reason: 'BadRequest' })],
    ['message', failure({}), failure({ message: 'a: [x, z]' })],
    ['details', failure({}), failure({ details: { name: 'q' } })],
    ['same', failure({}), failure({ message: 'y, a: x' })],
    ['same', failure({}), failure({ details: upside })],
    // A refusal's warnings are not looked at: upstream sends them or not.
    ['same', failure({}), { ...failure({}), warnings: ['299 - "w"'] }],
    ['warnings', object(), { ...object(), warnings: ['299 - "w"'] }],
    ['body', object(), object({ status: {} })],
    ['body', object(), { code: 200 }],
    ['same', object(), object()],
    ['same', { code: 200 }, { code: 200, body: {} }],
  ])('%s', (grade, theirs, ours) => {
    expect(gradeOf(theirs, ours)).toBe(grade)
  })

  test('each difference is found where the others are equal', () => {
    expect(gradeOf(failure({}), failure({ status: 'Success' }))).toBe('same')
    expect(gradeOf(object(), object({ metadata: { name: 'q' } }))).toBe('body')
  })
})

test('order counts in lists, but not of keys, managers and causes', () => {
  expect(canonical({ b: 1, a: undefined, c: [2, 1] })).toEqual({ b: 1, c: [2, 1] })
  const managers = (...names: string[]) =>
    canonical({ managedFields: names.map(manager => ({ manager, time: `${manager}-time` })) })
  expect(managers('x', 'y')).toEqual(managers('y', 'x'))
  expect(JSON.stringify(managers('x'))).not.toContain('x-time')
})

test('waits are no steps; a step without an answer is wrong from its code on', () => {
  const step = (id: string, method = 'GET'): AnsweredStep => ({
    ...{ scenario: 's', id, method, path: '/', answer: object() },
  })
  const verdicts = judge([step('1'), step('2'), step('3', 'WAIT')], [step('2')])
  expect(verdicts.map(({ grade }) => grade)).toEqual(['code', 'same'])
  expect(tallyOf(verdicts)).toMatchObject({ code: 1, same: 1, body: 0 })
})

test('of two runs the better verdict of each step counts', () => {
  const step: AnsweredStep = { scenario: 's', id: '1', method: 'GET', path: '/', answer: object() }
  const of = (...all: readonly Grade[]) => all.map(grade => ({ step, ours: undefined, grade }))
  const better = betterOf(of('code', 'same', 'body'), of('message', 'reason', 'body'))
  expect(better.map(({ grade }) => grade)).toEqual(['message', 'same', 'body'])
})
