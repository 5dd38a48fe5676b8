import { classes, type SuiteTest, type TestClass } from './tests.ts'

/** `missing`: there is no word of it. It took its process down, or the suite ended before it. */
export type Outcome = 'passed' | 'failed' | 'skipped' | 'missing'

export interface TestResult extends SuiteTest {
  readonly outcome: Outcome
  readonly seconds: number
  /** What the suite said, of those that did not pass. */
  readonly why: string
}

interface Said {
  readonly text: string
  readonly outcome: Outcome
  readonly seconds: number
  readonly why: string
}

/**
 * What became of each test that was wanted, from what `ginkgo -v` prints:
 *
 *     ------------------------------
 *     • [FAILED] [0.242 seconds]
 *     [sig-node] Pods [It] should run [Conformance] [sig-node, Conformance]
 *     ...
 *       [FAILED] what was expected
 *
 * Not from its report as JSON: that is lost as a whole when a test takes its process down, as some
 * do that fail outside of Ginkgo's own goroutine.
 */
export function resultsOf(wanted: readonly SuiteTest[], log: string): TestResult[] {
  const all = log.split(/^-{30}$/m).flatMap(block => saidIn(block.trimStart()))
  return wanted.map(test => {
    const said = all.find(({ text }) => text.startsWith(test.name))
    if (said === undefined) {
      const why = 'no word of it: it took its process down, or the suite ended before it'
      return { ...test, outcome: 'missing', seconds: 0, why }
    }
    const { outcome, seconds, why } = said
    return { ...test, outcome, seconds, why }
  })
}

/** Whatever else Ginkgo has a word for is a failure: a panic, a timeout, an interrupt. */
const outcomes: Readonly<Record<string, Outcome>> = { '': 'passed', SKIPPED: 'skipped' }

const verdict = /^[•S] (?:\[([A-Z !]+)\] )?\[([\d.]+) seconds\]$/

function saidIn(block: string): readonly Said[] {
  const lines = block.split('\n')
  const at = lines.findIndex(line => verdict.test(line))
  if (at < 0) return []
  const [, state = '', seconds] = verdict.exec(lines[at]!)!
  // One process alone prints a test as it runs: its name before, its verdict after.
  const name = lines[at === 0 ? 1 : 0] ?? ''
  // In a failure's name it stands which of a test's parts failed.
  const text = name.replace(
    / \[(It|(Before|After|JustBefore|JustAfter)Each|DeferCleanup)[^\]]*\]/,
    '',
  )
  const outcome = outcomes[state] ?? 'failed'
  if (outcome === 'passed') return [{ text, outcome, seconds: Number(seconds), why: '' }]
  const words = lines.findLast(line => /^ +\[[A-Z !]+\] (?!in \[)/.test(line)) ?? ''
  const why = words
    .trim()
    .replace(/^\[[A-Z !]+\] /, '')
    .slice(0, 200)
  return [{ text, outcome, seconds: Number(seconds), why }]
}

export interface ClassRow {
  readonly class: TestClass
  readonly run: number
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly seconds: number
}

/** One row a class of which something was wanted. */
export function rowsOf(results: readonly TestResult[]): ClassRow[] {
  return classes
    .map(name => ({ name, own: results.filter(each => each.class === name) }))
    .filter(({ own }) => own.length > 0)
    .map(({ name, own }) => {
      const count = (...kinds: Outcome[]) =>
        own.filter(({ outcome }) => kinds.includes(outcome)).length
      return {
        class: name,
        run: own.length,
        passed: count('passed'),
        failed: count('failed', 'missing'),
        skipped: count('skipped'),
        seconds: own.reduce((sum, { seconds }) => sum + seconds, 0),
      }
    })
}

/** The table that people read: a row a class, and one for all. */
export function tableOf(rows: readonly ClassRow[]): string {
  const sum = (of: (row: ClassRow) => number) => rows.reduce((total, row) => total + of(row), 0)
  const cells = rows.map(row => [
    row.class,
    ...[row.run, row.passed, row.failed, row.skipped].map(String),
    row.seconds.toFixed(0),
  ])
  const all = ['all', ...[sum(r => r.run), sum(r => r.passed), sum(r => r.failed)].map(String)]
  cells.push([...all, String(sum(r => r.skipped)), sum(r => r.seconds).toFixed(0)])
  const heading = ['class', 'tests', 'passed', 'failed', 'skipped', 'seconds']
  return [heading, heading.map(() => '---'), ...cells]
    .map(row => `| ${row.join(' | ')} |`)
    .join('\n')
}
