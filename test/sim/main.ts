import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads'
import { type RunReport, runSeed } from './world.ts'

/**
 * The simulator: real replicas on simulated disk, clock and network.
 *
 *     sim --seeds N [--from S]     N runs, from seed S (1)
 *     sim --seed N [--verbose]     one run again
 *     ... --scenario NAME          in worlds of one kind only
 *
 * Exit code 1 at the first violation, with the seed.
 */
const threads = 2

interface Job {
  readonly from: number
  readonly to: number
  readonly step: number
  readonly scenario: string | undefined
}

const scenario = word('scenario')

type Outcome = { readonly seed: number } & Awaited<ReturnType<typeof runSeed>>

function word(name: string): string | undefined {
  const at = process.argv.indexOf(`--${name}`)
  return at < 0 ? undefined : process.argv[at + 1]
}

function option(name: string): number | undefined {
  const text = word(name)
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isSafeInteger(value)) throw new Error(`--${name} needs a number`)
  return value
}

async function runJob({ from, to, step, scenario }: Job): Promise<void> {
  for (let seed = from; seed < to; seed += step) {
    const outcome: Outcome = { seed, ...(await runSeed(seed, { scenario })) }
    parentPort?.postMessage(outcome)
    if ('error' in outcome) return
    // Other messages, and the end, get their turn.
    await new Promise(resolve => setImmediate(resolve))
  }
}

function printFailure(seed: number, error: string): void {
  console.error(`\nseed ${seed} failed: ${error}`)
  const kind = scenario === undefined ? '' : ` --scenario ${scenario}`
  console.error(`replay: npm run sim -- --seed ${seed}${kind}`)
}

async function runOne(seed: number): Promise<number> {
  const outcome = await runSeed(seed, { verbose: process.argv.includes('--verbose'), scenario })
  if ('error' in outcome) {
    printFailure(seed, outcome.error)
    return 1
  }
  console.log(describe(outcome.report))
  return 0
}

async function runMany(count: number, from: number): Promise<number> {
  const begun = performance.now()
  const sums: Sums = { ...noSums }
  const failure = await new Promise<Outcome | undefined>((resolve, reject) => {
    let running = threads
    for (let at = 0; at < threads; at++) {
      const job: Job = { from: from + at, to: from + count, step: threads, scenario }
      const worker = new Worker(new URL(import.meta.url), { workerData: job })
      worker.on('message', (outcome: Outcome) => {
        if ('error' in outcome) resolve(outcome)
        else add(sums, outcome.report, count, begun)
      })
      worker.on('error', reject)
      worker.on('exit', () => {
        running--
        if (running === 0) resolve(undefined)
      })
    }
  })
  if (failure !== undefined && 'error' in failure) {
    printFailure(failure.seed, failure.error)
    return 1
  }
  console.log(`${count} seeds passed in ${seconds(begun)} s: ${JSON.stringify(sums)}`)
  return 0
}

/** What is added up; `healedInMs` is the longest. */
const noSums = {
  ...{ runs: 0, requests: 0, crashes: 0, elections: 0, healedInMs: 0 },
  ...{ resumes: 0, renewals: 0, refusals: 0, locks: 0, replaced: 0, wiped: 0 },
}
type Sums = { -readonly [K in keyof typeof noSums]: number }
const added = [
  'requests',
  'crashes',
  'elections',
  'resumes',
  'renewals',
  'refusals',
  'locks',
] as const
const churned = ['replaced', 'wiped'] as const

function add(sums: Sums, report: RunReport, count: number, begun: number): void {
  sums.runs++
  for (const name of [...added, ...churned]) sums[name] += report[name]
  sums.healedInMs = Math.max(sums.healedInMs, Math.round(report.healedInMs))
  if (sums.runs % 100 === 0) console.log(`${sums.runs}/${count} seeds, ${seconds(begun)} s`)
}

function describe(report: RunReport): string {
  const { seed, scenario, requests, revision, elections, crashes, healedInMs } = report
  const faults = `${crashes} crashes, term ${elections}`
  const work = `${requests} requests, revision ${revision}`
  const clients = [...added.slice(3), ...churned].map(name => `${report[name]} ${name}`).join(', ')
  return `seed ${seed} (${scenario}) passed: ${work}, ${faults}, ${clients}, healed in ${healedInMs} ms`
}

function seconds(begun: number): string {
  return ((performance.now() - begun) / 1000).toFixed(1)
}

if (isMainThread) {
  const seed = option('seed')
  const count = option('seeds') ?? 100
  process.exit(seed === undefined ? await runMany(count, option('from') ?? 1) : await runOne(seed))
} else {
  await runJob(workerData as Job)
}
