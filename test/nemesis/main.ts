import { spawn, spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { createPrng, type Prng } from '../../src/kernel/prng.ts'
import { NemesisCluster } from './cluster.ts'
import { Endpoints } from './endpoints.ts'
import { type FaultContext, type FaultRow, faults } from './faults.ts'
import { netnsVariable, prepareNetwork } from './network.ts'
import { Report } from './report.ts'
import { runRound } from './round.ts'

/**
 * A cluster of real processes under faults, with clients whose histories are checked, and others
 * whose work is hard to store (hostile.ts):
 *
 *     nemesis --minutes 30 --peers 5 [--seed N] [--only WORD]
 *     nemesis --short                 about a minute, three peers, each fault of the short list
 *
 * Exit code 1 when something did not hold. As root it runs in a network and mount namespace of its
 * own, which the kernel removes with its last process.
 */
const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    peers: { type: 'string', default: '5' },
    seed: { type: 'string' },
    only: { type: 'string' },
    short: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
  },
})

const roundMs = 45_000

process.exit((await enterNamespace()) ?? (await main()))

/** Runs this program again inside; the exit code, or undefined when we are there or can't be. */
function enterNamespace(): Promise<number> | undefined {
  if (process.env[netnsVariable] !== undefined || process.getuid?.() !== 0) return undefined
  const probe = spawnSync('unshare', ['--net', '--mount', 'ip', 'link', 'set', 'lo', 'up'])
  if (probe.status !== 0) return undefined
  const inside = [
    'ip link set lo up && exec "$@"',
    'sh',
    process.execPath,
    ...process.argv.slice(1),
  ]
  const child = spawn('unshare', ['--net', '--mount', 'sh', '-c', ...inside], {
    stdio: 'inherit',
    env: { ...process.env, [netnsVariable]: '1' },
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => child.kill(signal))
  }
  return new Promise(resolve => child.on('exit', code => resolve(code ?? 1)))
}

async function main(): Promise<number> {
  const seed = Number(values.seed ?? Math.floor(Math.random() * 1e6))
  const peers = values.short ? 3 : Number(values.peers)
  const began = performance.now()
  const say = (text: string) => {
    const seconds = ((performance.now() - began) / 1_000).toFixed(1)
    process.stdout.write(`${seconds.padStart(7)} s  ${text}\n`)
  }
  say(`seed ${seed}, ${peers} peers`)
  const problems: string[] = []
  const problem = (text: string) => {
    problems.push(text)
    say(`PROBLEM: ${text}`)
  }
  const cluster = new NemesisCluster()
  const endpoints = new Endpoints(
    () => cluster.etcdUrls(),
    () => cluster.tls,
  )
  const report = new Report(say)
  cluster.onRetry = text => say(`again: ${text.split('\n')[0]}`)
  let isStopped = false
  const stop = () => {
    if (isStopped) process.exit(130)
    isStopped = true
    say('stopping; once more kills')
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
  // What nobody catches must not leave processes behind either.
  process.on('uncaughtException', error => {
    problem(`uncaught: ${error.stack}`)
    void cluster.down().finally(() => process.exit(1))
  })
  try {
    await cluster.up(peers)
    say('the cluster is up')
    const context = { cluster, endpoints, prng: createPrng(seed), netns: prepareNetwork(), problem }
    await runRounds(context, peers, report, () => isStopped)
    const differences = await cluster.differences()
    if (differences !== undefined) problem(`the peers differ: ${differences}`)
    else say('all peers have one hash')
  } catch (error) {
    problem(error instanceof Error ? (error.stack ?? error.message) : String(error))
  } finally {
    endpoints.close()
    if (values.keep) say(`kept: ${cluster.data}`)
    else await cluster.down()
  }
  return finish(report, problems, seed, peers)
}

async function runRounds(
  context: FaultContext,
  peers: number,
  report: Report,
  isStopped: () => boolean,
): Promise<void> {
  const rows = faults.filter(({ peersMin = 3, isShort = false, name }) => {
    const isWanted = values.only === undefined || name.includes(values.only)
    return peers >= peersMin && isWanted && (isShort || !values.short)
  })
  const deadline = performance.now() + Number(values.minutes) * 60_000
  const load = values.short
    ? { clients: 5, leaseClients: 2, hostileClients: 1, watchers: 3, thinkMs: 20 }
    : { clients: 8, leaseClients: 2, hostileClients: 2, watchers: 4, thinkMs: 20 }
  const draw = rowsInTurn(rows)
  for (let number = 1; ; number++) {
    const left = values.short ? 40_000 : deadline - performance.now()
    if (left <= 0 || isStopped()) return
    const faultsMs = Math.min(roundMs, left)
    await runRound(context, { number, faultsMs, draw, ...load }, report)
    if (values.short) return
  }
}

/** By weight, but none again before all others had their turn. */
function rowsInTurn(rows: readonly FaultRow[]): (prng: Prng) => FaultRow {
  let bag: FaultRow[] = []
  return prng => {
    if (bag.length === 0) bag = rows.flatMap(row => Array.from({ length: row.weight }, () => row))
    return bag.splice(prng.below(bag.length), 1)[0]!
  }
}

function finish(report: Report, problems: readonly string[], seed: number, peers: number): number {
  const { totals } = report
  process.stdout.write(`\n${report.table()}\n`)
  process.stdout.write(`${JSON.stringify({ seed, peers, faults: report.faults, ...totals })}\n`)
  for (const text of problems) process.stdout.write(`PROBLEM: ${text}\n`)
  const flags = values.short ? '--short' : `--minutes ${values.minutes} --peers ${peers}`
  if (problems.length > 0) {
    process.stdout.write(`the same schedule: npm run nemesis -- ${flags} --seed ${seed}\n`)
  }
  process.stdout.write(
    problems.length === 0 ? 'nothing was lost\n' : `${problems.length} problems\n`,
  )
  return problems.length === 0 ? 0 : 1
}
