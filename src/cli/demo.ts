import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { createClient } from '../client/client.ts'
import { httpsTransport } from '../client/https.ts'
import type { Client } from '../client/types.ts'
import { formatAddress } from '../config/ports.ts'
import { sleep, systemClock } from '../kernel/clock.ts'
import { Probe } from '../probe/probe.ts'
import type { ProbeReport, Verdict } from '../probe/types.ts'
import { deployWorkload, scaleWorkload, waitForReplicas } from '../probe/workload.ts'
import { runFault } from '../supervisor/faults.ts'
import { adminTls, PeerClients } from '../supervisor/peers.ts'
import { openCluster, type PreparedCluster } from '../supervisor/prepare.ts'
import { waitUntilReady } from '../supervisor/ready.ts'
import { leaderHere } from '../supervisor/views.ts'
import { down } from './down.ts'
import type { CliParts } from './types.ts'
import { up } from './up.ts'

const namespace = 'dev'
const steadyMs = 1_000
const recoverTimeoutMs = 60_000
const leaderTimeoutMs = 15_000

export interface DemoOptions {
  readonly kills: number
  readonly peers: number
  readonly json?: boolean
  readonly data?: string
  readonly portBase?: number
  readonly config?: string
}

/** One kill. Times in milliseconds. */
interface KillFigures {
  readonly peer: string
  /** Between the last write before and the first after. */
  readonly gapMs: number
  /** From the kill to a new leader's own report. */
  readonly electedMs: number
  /** From the kill to a Deployment, scaled at that moment, being complete. */
  readonly reconciledMs: number
}

/**
 * `quorate demo`: the high-availability demonstration, unattended. Brings up a cluster of its own,
 * or uses the running one of `--data`; kills leaders under load, cuts a minority off, heals; prints
 * the figures. Exit code 1 when an acknowledged write was lost or done twice.
 */
export async function demo(options: DemoOptions, parts: CliParts): Promise<void> {
  const own = options.data === undefined
  const data = own ? mkdtempSync(join(tmpdir(), 'quorate-demo-')) : resolve(options.data ?? '')
  const say = (text: string) => {
    if (!options.json) process.stdout.write(`${text}\n`)
  }
  try {
    if (own) await bringUp(data, options, parts)
    const cluster = openCluster(data)
    const { kills, verdict, report } = await perform(cluster, options, say)
    const result = { ...summary(kills, report, verdict), kills }
    if (options.json) process.stdout.write(`${JSON.stringify(result)}\n`)
    else printFigures(result, report, verdict)
    process.exitCode = verdict.ok && report.reads.failed === 0 ? 0 : 1
  } finally {
    if (own) {
      await down({ data, purge: true }, parts)
      rmSync(data, { recursive: true, force: true })
    }
  }
}

function bringUp(data: string, options: DemoOptions, parts: CliParts): Promise<void> {
  return up(
    {
      data,
      config: options.config ?? 'cluster.config.json',
      peers: options.peers,
      portBase: options.portBase,
      detach: true,
      timeout: 60,
      tui: false,
      logLevel: 'info',
    },
    parts,
  )
}

async function perform(
  cluster: PreparedCluster,
  options: DemoOptions,
  say: (text: string) => void,
): Promise<{ kills: KillFigures[]; verdict: Verdict; report: ProbeReport }> {
  const client = adminClient(cluster)
  const clients = new PeerClients(cluster)
  const probe = new Probe({
    client,
    namespace,
    clock: systemClock,
    id: `demo-${process.pid}`,
    pauseMs: 10,
  })
  try {
    await deployWorkload(client, namespace)
    await scaleWorkload(client, namespace, 3)
    await waitForReplicas(client, namespace, 3, recoverTimeoutMs)
    say('the seed is deployed: 3 pods ready')
    await probe.start()
    await sleep(steadyMs)
    const kills: KillFigures[] = []
    for (let n = 0; n < options.kills; n++) {
      const figures = await killLeader(cluster, clients, client, probe, 3 + (n % 2))
      kills.push(figures)
      say(
        `kill ${n + 1}/${options.kills}: ${figures.peer}, ` +
          `write gap ${Math.round(figures.gapMs)} ms, ` +
          `new leader after ${Math.round(figures.electedMs)} ms, ` +
          `reconciled after ${Math.round(figures.reconciledMs)} ms`,
      )
    }
    await isolateMinority(cluster, clients, probe, say)
    await probe.stop()
    return { kills, verdict: await probe.judge(), report: probe.report }
  } finally {
    await probe.stop()
    clients.close()
  }
}

function adminClient(cluster: PreparedCluster): Client {
  const server = `https://${formatAddress(cluster.config.loadBalancer)}`
  const transport = httpsTransport({ servers: [server], ...adminTls(cluster.layout) })
  return createClient(transport, { userAgent: 'quorate-demo' })
}

async function killLeader(
  cluster: PreparedCluster,
  clients: PeerClients,
  client: Client,
  probe: Probe,
  replicas: number,
): Promise<KillFigures> {
  const leader = await waitForLeader(clients, undefined)
  probe.stopwatch.mark()
  const began = performance.now()
  // At the moment of the kill: the old leader's controllers may or may not have begun.
  const scaling = retry(() => scaleWorkload(client, namespace, replicas))
  await runFault(cluster, { type: 'kill', peer: leader })
  await waitForLeader(clients, leader)
  const electedMs = performance.now() - began
  await scaling
  await runFault(cluster, { type: 'restart', peer: leader })
  await waitForReplicas(client, namespace, replicas, recoverTimeoutMs)
  const reconciledMs = performance.now() - began
  await waitUntilReady(cluster, recoverTimeoutMs, () => {})
  await sleep(steadyMs)
  return { peer: leader, gapMs: probe.stopwatch.gapMs, electedMs, reconciledMs }
}

async function isolateMinority(
  cluster: PreparedCluster,
  clients: PeerClients,
  probe: Probe,
  say: (text: string) => void,
): Promise<void> {
  const leader = await waitForLeader(clients, undefined)
  probe.stopwatch.mark()
  await runFault(cluster, { type: 'partition', from: [leader] })
  await waitForLeader(clients, leader)
  await sleep(steadyMs)
  await runFault(cluster, { type: 'heal' })
  await waitUntilReady(cluster, recoverTimeoutMs, () => {})
  say(`partition of ${leader}: write gap ${Math.round(probe.stopwatch.gapMs)} ms; healed`)
}

/** The name of the leader, other than `not`, that the highest term has. */
async function waitForLeader(clients: PeerClients, not: string | undefined): Promise<string> {
  const deadline = performance.now() + leaderTimeoutMs
  while (performance.now() < deadline) {
    const views = await clients.views({ timeoutMs: 200 })
    const leader = leaderHere(views.filter(view => view.name !== not))
    if (leader) return leader.name
    await sleep(10)
  }
  throw new Error(`no leader after ${leaderTimeoutMs / 1000} s`)
}

async function retry(request: () => Promise<void>): Promise<void> {
  const deadline = performance.now() + leaderTimeoutMs
  for (;;) {
    try {
      return await request()
    } catch (error) {
      if (performance.now() > deadline) throw error
      await sleep(20)
    }
  }
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return Math.round(sorted[sorted.length >> 1] ?? 0)
}

function summary(kills: readonly KillFigures[], report: ProbeReport, verdict: Verdict) {
  const gaps = kills.map(kill => kill.gapMs)
  return {
    gapMsMedian: median(gaps),
    gapMsMax: Math.round(Math.max(0, ...gaps)),
    reconciledMsMedian: median(kills.map(kill => kill.reconciledMs)),
    lost: verdict.lost,
    duplicated: verdict.duplicated,
    writesAcknowledged: report.creates.acknowledged + report.increments.acknowledged,
    writesUnknown: report.creates.unknown + report.increments.unknown,
    writesFailed: report.creates.failed + report.increments.failed,
    readsFailed: report.reads.failed,
    verdict,
  }
}

function printFigures(
  result: ReturnType<typeof summary>,
  report: ProbeReport,
  verdict: Verdict,
): void {
  const rows: [string, string][] = [
    ['write gap, median', `${result.gapMsMedian} ms`],
    ['write gap, longest', `${result.gapMsMax} ms`],
    ['scaled and complete, median', `${result.reconciledMsMedian} ms`],
    ['acknowledged writes', String(result.writesAcknowledged)],
    ['lost', String(result.lost)],
    ['duplicated', String(result.duplicated)],
    [
      'outcome unknown (connection cut)',
      `${result.writesUnknown}, ${verdict.unknownApplied} applied`,
    ],
    ['failed writes', String(result.writesFailed)],
    ['failed reads', `${result.readsFailed} of ${report.reads.acknowledged}`],
  ]
  for (const [name, value] of rows) process.stdout.write(`  ${name.padEnd(34)}${value}\n`)
  for (const failure of report.failures) process.stdout.write(`  failure: ${failure}\n`)
  process.stdout.write(
    verdict.ok ? 'nothing acknowledged was lost\n' : 'ACKNOWLEDGED WRITES LOST\n',
  )
}
