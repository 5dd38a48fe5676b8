import { spawn } from 'node:child_process'
import { AdminClient } from '../admin/client.ts'
import { formatAddress } from '../config/ports.ts'
import { sleep } from '../kernel/clock.ts'
import { leaveRunningExitCode } from '../kernel/exit-codes.ts'
import { silentLogger } from '../kernel/logger.ts'
import { adminTls } from '../supervisor/peers.ts'
import type { PreparedCluster } from '../supervisor/prepare.ts'
import { startProcess } from '../supervisor/processes.ts'
import { Supervisor, supervisorProcess } from '../supervisor/supervisor.ts'
import { type CliParts, UsageError } from './types.ts'
import { dataFlag, ready, supervisorAlive } from './up-ready.ts'
import type { ConfigFlags } from './wanted.ts'
import { watchLines } from './watch.ts'

/** A supervisor that takes over answers in this time. */
const takeOverMs = 20_000
const takeOverPollMs = 50

export interface UpOptions extends ConfigFlags {
  readonly detach?: boolean
  readonly timeout: number
  readonly tui: boolean
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** In the foreground: until Ctrl-C, with the dashboard where there is a terminal. */
export async function stay(
  cluster: PreparedCluster,
  options: UpOptions,
  parts: CliParts,
): Promise<void> {
  const supervisor = new Supervisor({
    cluster,
    main: parts.mainFile,
    logger: silentLogger,
    logLevel: options.logLevel,
  })
  const interrupted = untilSignal()
  let then: 'leave' | 'stop' = 'stop'
  try {
    await supervisor.start()
    const outcome = await Promise.race([
      ready(cluster, options).then(() => 'ready' as const),
      interrupted.then(() => 'interrupted' as const),
    ])
    if (outcome === 'ready') then = await show(cluster, options, parts, interrupted)
  } finally {
    if (then === 'leave') await leaveRunning(supervisor, cluster, options, parts)
    else await stopAll(supervisor, cluster, parts)
  }
}

async function stopAll(
  supervisor: Supervisor,
  cluster: PreparedCluster,
  parts: CliParts,
): Promise<void> {
  process.stderr.write('stopping the cluster ...\n')
  await supervisor.stop()
  const pods = await parts.stopPods(cluster.layout.root)
  process.stderr.write(`stopped${pods > 0 ? `, ${pods} pods ended` : ''}\n`)
}

/** As after `up --detach`: a supervisor of its own keeps what runs. */
async function leaveRunning(
  supervisor: Supervisor,
  cluster: PreparedCluster,
  options: UpOptions,
  parts: CliParts,
): Promise<void> {
  await supervisor.leave()
  startSupervisor(cluster, options, parts)
  const client = new AdminClient(formatAddress(cluster.config.supervisor), adminTls(cluster.layout))
  const deadline = performance.now() + takeOverMs
  try {
    for (;;) {
      const answer = await client.processes().catch(() => undefined)
      if (answer) break
      supervisorAlive(cluster)
      if (performance.now() > deadline) {
        const log = cluster.layout.logFile(supervisorProcess)
        throw new UsageError(`the cluster runs on, its supervisor does not answer; see ${log}`)
      }
      await sleep(takeOverPollMs)
    }
  } finally {
    client.close()
  }
  const data = dataFlag(cluster)
  process.stderr.write(
    'the cluster runs on\n' +
      `  npx quorate tui${data}              the dashboard\n` +
      `  npx quorate down${data}             stop\n`,
  )
}

/** Leaves a supervisor behind that needs no terminal. */
export function startSupervisor(
  cluster: PreparedCluster,
  options: UpOptions,
  parts: CliParts,
): void {
  const flags = ['--data', cluster.layout.root, '--log-level', options.logLevel]
  startProcess(cluster.layout, supervisorProcess, [parts.mainFile, 'supervise', ...flags])
}

/** @returns what shall become of the cluster. A dashboard that fails takes no cluster with it. */
async function show(
  cluster: PreparedCluster,
  options: UpOptions,
  parts: CliParts,
  interrupted: Promise<void>,
): Promise<'leave' | 'stop'> {
  if (!options.tui || !process.stdout.isTTY || !process.stdin.isTTY) {
    await watchLines(cluster, interrupted)
    return 'stop'
  }
  const flags = ['--owns-cluster', '--data', cluster.layout.root]
  const child = spawn(process.execPath, [parts.tuiFile, ...flags], {
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const ended = new Promise<void>(done => child.once('exit', () => done()))
  const first = await Promise.race([
    ended.then(() => 'ended' as const),
    interrupted.then(() => 'interrupted' as const),
  ])
  if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
  await ended
  if (first === 'interrupted' || child.exitCode === 0) return 'stop'
  if (child.exitCode !== leaveRunningExitCode) {
    const why = child.signalCode ?? `exit code ${child.exitCode}`
    process.stderr.write(`the dashboard ended by itself (${why})\n`)
  }
  return 'leave'
}

/** Resolves at SIGINT, SIGTERM or SIGHUP. */
export function untilSignal(): Promise<void> {
  return new Promise(done => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => done())
    }
  })
}
