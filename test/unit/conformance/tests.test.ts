import { expect, test } from 'vitest'
import { parseDisturbance } from '../../conformance/disturb.ts'
import { classes, focusOn, readPasses, readTests } from '../../conformance/tests.ts'

const tests = readTests()
const names = tests.map(({ name }) => name)

test('the table has each test of the suite once, in a class', () => {
  expect(names).toHaveLength(441)
  expect(new Set(names).size).toBe(441)
  for (const each of tests) expect(classes).toContain(each.class)
})

test('what has to pass is of the suite, in order and once', () => {
  const passes = readPasses()
  expect(passes.length).toBeGreaterThan(0)
  expect(passes).toEqual([...new Set(passes)].sort())
  for (const name of passes) expect(names).toContain(name)
})

test('a focus matches the tests that it names, and no other', () => {
  for (const name of names) {
    const focus = new RegExp(focusOn([name]))
    const matched = names.filter(each => focus.test(`Kubernetes e2e suite ${each}`))
    expect(matched).toEqual([name])
  }
  expect(new RegExp(focusOn(names)).test(`Kubernetes e2e suite ${names[0]} more`)).toBe(false)
})

test.each([
  ['kill-leader=60s', { kind: 'kill-leader', everyMs: 60_000 }],
  ['kill-leader=0s', expect.stringContaining('no disturbance')],
  ['kill-leader', expect.stringContaining('kill-leader=60s')],
  ['kill-follower=60s', expect.stringContaining('no disturbance')],
])('the disturbance %s', (text, expected) => {
  expect(parseDisturbance(text)).toEqual(expected)
})
