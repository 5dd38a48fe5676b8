import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { errorMessage } from '../../src/kernel/result.ts'
import { buildPrograms, lacksUpstream, programFile } from '../programs/build.ts'
import { kubernetesVersion, type ProgramName } from '../programs/recipe.ts'
import { root, type TestCluster } from '../support/cluster.ts'
import { withCluster } from '../support/with-cluster.ts'
import { type Disturbance, disturb, parseDisturbance } from './disturb.ts'
import { writePage } from './page.ts'
import { resultsOf, rowsOf, type TestResult, tableOf } from './results.ts'
import { helpers, runFolder, runSuite, stopSuite } from './suite.ts'
import { classes, focusOn, readPasses, readTests, type SuiteTest, writePasses } from './tests.ts'

/**
 * Kubernetes' official conformance suite against a cluster of its own.
 *
 *     conformance [--class api] [--focus RE] [--procs N] [--minutes N] [--suite PATH]
 *                 [--disturb kill-leader=60s] [--ratchet] [--raise] [--write]
 *
 * `focus`: of the names, by an expression; `suite`: another e2e.test than the one that is built.
 * `ratchet` runs what is in passes.txt and has to pass all of it; `raise` adds to it what passed.
 * `write` puts the table into docs/conformance.md. Exit code 1 when a test did not pass.
 */
const { values } = parseArgs({
  options: {
    class: { type: 'string' },
    focus: { type: 'string', default: '' },
    procs: { type: 'string', default: '4' },
    minutes: { type: 'string', default: '180' },
    suite: { type: 'string' },
    disturb: { type: 'string' },
    ratchet: { type: 'boolean', default: false },
    raise: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
})

const needed: readonly ProgramName[] = [
  ...helpers,
  ...(values.suite ? [] : (['e2e.test'] as const)),
]

/** Most tests that are run alone; when more are missing, it is the suite that did not run. */
const aloneMax = 20

process.exitCode = await main()

async function main(): Promise<number> {
  const disturbance = values.disturb ? parseDisturbance(values.disturb) : undefined
  const wanted = wantedTests()
  const mistake = wrongArguments(disturbance, wanted)
  if (mistake !== undefined) return refuse(mistake)
  try {
    await buildPrograms(needed, text => void process.stderr.write(`conformance: ${text}\n`))
    const results = await withCluster(
      { config: withHelper },
      cluster => run(cluster, wanted, disturbance as Disturbance),
      stopSuite,
    )
    return conclude(results)
  } catch (error) {
    process.stderr.write(`conformance: ${errorMessage(error)}\n`)
    return 1
  }
}

function wantedTests(): SuiteTest[] {
  const focus = new RegExp(values.focus)
  const passes = new Set(readPasses())
  return readTests()
    .filter(test => !values.class || test.class === values.class)
    .filter(test => focus.test(test.name))
    .filter(test => !values.ratchet || passes.has(test.name))
}

function wrongArguments(
  disturbance: Disturbance | string | undefined,
  wanted: readonly SuiteTest[],
): string | undefined {
  if (values.class && !classes.some(each => each === values.class)) {
    return `no class "${values.class}"; there are ${classes.join(', ')}`
  }
  for (const name of ['procs', 'minutes'] as const) {
    if (!/^[1-9]\d*$/.test(values[name])) return `--${name} is a number from 1 on`
  }
  if (typeof disturbance === 'string') return disturbance
  if (values.write && (values.focus || values.ratchet)) {
    return '--write is for whole classes: leave --focus and --ratchet out'
  }
  if (wanted.length === 0) return 'no test has such a name'
  const lack = lacksUpstream(needed)
  return lack && `skipped, ${lack}`
}

/** The image of the suite's helper is the helper itself. */
function withHelper(file: Record<string, unknown>): void {
  file.images = { agnhost: { entrypoint: [programFile('agnhost')], cmd: ['pause'] } }
}

async function run(
  cluster: TestCluster,
  wanted: readonly SuiteTest[],
  disturbance: Disturbance | undefined,
): Promise<TestResult[]> {
  say(`${wanted.length} tests, ${values.procs} at a time; what they say is in ${runFolder}`)
  const end = new AbortController()
  const disturbing = disturbance ? disturb(cluster, disturbance, end.signal) : undefined
  // Its failure is told at the end: the suite's own results come first.
  disturbing?.catch(() => undefined)
  const results = await runAll(cluster.kubeconfig, wanted).finally(() => end.abort())
  if (disturbing) say(`${values.disturb}: ${await disturbing} times`)
  return results
}

/** All together; then alone those that another one's end in the same process kept from running. */
async function runAll(kubeconfig: string, wanted: readonly SuiteTest[]): Promise<TestResult[]> {
  const deadline = performance.now() + Number(values.minutes) * 60_000
  const file = values.suite && resolve(values.suite)
  const play = async (tests: readonly SuiteTest[], procs: number, log: string) => {
    const minutesMax = Math.ceil((deadline - performance.now()) / 60_000)
    const focus = focusOn(tests.map(({ name }) => name))
    return resultsOf(tests, await runSuite({ file, focus, procs, minutesMax, kubeconfig, log }))
  }
  const results = await play(wanted, Number(values.procs), 'log.txt')
  const missing = results.filter(({ outcome }) => outcome === 'missing')
  if (missing.length > aloneMax) return results
  for (const [index, test] of missing.entries()) {
    if (performance.now() > deadline) break
    const [again] = await play([test], 1, `alone-${index + 1}.txt`)
    results[results.indexOf(test)] = again!
  }
  return results
}

function conclude(results: readonly TestResult[]): number {
  const notPassed = results.filter(({ outcome }) => outcome !== 'passed')
  for (const { outcome, name, seconds, why } of notPassed) {
    say(`${outcome} in ${seconds.toFixed(0)} s: ${name}\n    ${why}`)
  }
  const rows = rowsOf(results)
  say(tableOf(rows))
  if (values.raise) {
    const passed = results.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name)
    writePasses([...new Set([...readPasses(), ...passed])])
  }
  if (values.write) {
    const goMod = readFileSync(join(root, 'test', 'upstream', 'go.mod'), 'utf8')
    writePage(kubernetesVersion(goMod), rows)
  }
  return notPassed.length > 0 ? 1 : 0
}

function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

function refuse(text: string): number {
  process.stderr.write(`conformance: ${text}\n`)
  return 2
}
