import { expect, test } from 'vitest'
import { merged } from '../../conformance/page.ts'
import { resultsOf, rowsOf, tableOf } from '../../conformance/results.ts'
import type { SuiteTest } from '../../conformance/tests.ts'

const wanted: readonly SuiteTest[] = [
  { name: '[a] One works [Conformance]', class: 'api' },
  { name: '[a] Two works [Conformance]', class: 'api' },
  { name: '[a] Three works [Conformance]', class: 'pods' },
  { name: '[a] Four works [Conformance]', class: 'pods' },
]

const log = `
  I1126 12:13:52 e2e.go:109] Starting e2e run "1" on Ginkgo node 1
------------------------------
[SynchronizedBeforeSuite] [FAILED] [0.1 seconds]
[SynchronizedBeforeSuite] x
------------------------------
• [1.500 seconds]
[a] One works [Conformance] [a, Conformance]
k8s.io/kubernetes@v1.35.4/test/e2e/a.go:1

  Timeline >>
  STEP: failing on purpose
    [FAILED] is what this says
  << Timeline
------------------------------
• [TIMEDOUT] [1.500 seconds]
[a] Two [BeforeEach] works [Conformance] [a, Conformance]
  [TIMEDOUT] in [It] - a.go:2
  [TIMEDOUT] A node was cut
    and more
------------------------------
S [SKIPPED] [1.500 seconds]
[a] Three [It] works [Conformance] [a, Conformance]
  [SKIPPED] needs two nodes
------------------------------
• [0.5 seconds]
[a] Others work [Conformance] [a, Conformance]
------------------------------
`

test('each wanted test has an outcome, also of which there is no word', () => {
  const results = resultsOf(wanted, log)
  expect(results.map(({ outcome, why }) => [outcome, why])).toEqual([
    ['passed', ''],
    ['failed', 'A node was cut'],
    ['skipped', 'needs two nodes'],
    ['missing', expect.stringContaining('no word of it')],
  ])
})

const rows = rowsOf(resultsOf(wanted, log))
const table = `| class | tests | passed | failed | skipped | seconds |
| --- | --- | --- | --- | --- | --- |
| api | 2 | 1 | 1 | 0 | 3 |
| pods | 2 | 0 | 1 | 1 | 2 |
| all | 4 | 1 | 2 | 1 | 5 |`

test('a row for each class, and one for all', () => {
  expect(tableOf(rows)).toBe(table)
})

test('a page keeps the rows of classes that were not run', () => {
  const net = { class: 'net', run: 9, passed: 1, failed: 8, skipped: 0, seconds: 3 } as const
  const after = merged(`# Page\n\n${table}\n`, [net, { ...rows[0]!, passed: 2, failed: 0 }])
  expect(after.map(row => [row.class, row.passed])).toEqual([
    ['api', 2],
    ['net', 1],
    ['pods', 0],
  ])
})

test('one process alone prints a name before what its test does', () => {
  const alone = `
------------------------------
[a] One works [Conformance] [a, Conformance]
k8s.io/kubernetes@v1.35.4/test/e2e/a.go:1
  STEP: something
• [0.250 seconds]
------------------------------
[a] Two works [Conformance] [a, Conformance]
  STEP: something
• [FAILED] [0.250 seconds]
[a] Two [It] works [Conformance] [a, Conformance]
  [FAILED] in [It] - a.go:2
  [FAILED] is wrong
------------------------------
`
  const results = resultsOf(wanted.slice(0, 2), alone)
  expect(results.map(({ outcome, why }) => [outcome, why])).toEqual([
    ['passed', ''],
    ['failed', 'is wrong'],
  ])
})
