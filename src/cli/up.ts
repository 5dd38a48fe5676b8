import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { dataLayout } from '../config/layout.ts'
import { formatAddress } from '../config/ports.ts'
import type { ClusterConfig, PeerConfig } from '../config/types.ts'
import { formatConfig } from '../config/write.ts'
import { createJsonLogger } from '../kernel/json-logger.ts'
import { silentLogger } from '../kernel/logger.ts'
import { runFault } from '../supervisor/faults.ts'
import { lastWords } from '../supervisor/last-words.ts'
import { openCluster, type PreparedCluster, prepareCluster } from '../supervisor/prepare.ts'
import { processState, readRunRecord, startProcess } from '../supervisor/processes.ts'
import { waitUntilReady } from '../supervisor/ready.ts'
import {
  checkStart,
  runningSupervisor,
  Supervisor,
  supervisorProcess,
} from '../supervisor/supervisor.ts'
import { type CliParts, UsageError } from './types.ts'
import { type ConfigFlags, wantedConfig } from './wanted.ts'
import { watchLines } from './watch.ts'

export interface UpOptions extends ConfigFlags {
  readonly detach?: boolean
  readonly timeout: number
  readonly tui: boolean
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error'
}

/** `quorate up`: brings the cluster up and stays with it, or leaves it running. */
export async function up(options: UpOptions, parts: CliParts): Promise<void> {
  const data = resolve(options.data)
  const wanted = wantedConfig(data, options)
  const running = runningSupervisor(dataLayout(data))
  if (running !== undefined) {
    const cluster = keptCluster(data, wanted, running, options)
    await startDead(cluster)
    await ready(cluster, options)
    return
  }
  refuseOtherMasters(data, wanted)
  const cluster = await prepareCluster(data, wanted, parts.ensureIdentity)
  if (options.detach) {
    await checkStart(cluster, parts.mainFile)
    const flags = ['--data', data, '--log-level', options.logLevel]
    startProcess(cluster.layout, supervisorProcess, [parts.mainFile, 'supervise', ...flags])
    await ready(cluster, options, () => supervisorAlive(cluster))
    return
  }
  await stay(cluster, options, parts)
}

/**
 * Masters of a cluster that exists come and go by its own log: a configuration with others would
 * start peers that nobody knows, or leave out some that still count.
 * @throws UsageError
 */
function refuseOtherMasters(data: string, wanted: ClusterConfig): void {
  const layout = dataLayout(data)
  if (!existsSync(layout.members)) return
  const isMaster = ({ roles }: PeerConfig) => roles.includes('control-plane')
  const masters = wanted.peers.filter(isMaster).map(({ name }) => name)
  const before = openCluster(data).config.peers.filter(isMaster)
  if (!before.some(({ name }) => existsSync(layout.peer(name).store))) return
  const names = before.map(({ name }) => name)
  const more = masters.filter(name => !names.includes(name))
  const fewer = names.filter(name => !masters.includes(name))
  if (more.length + fewer.length === 0) return
  const verbs = [
    ...more.map(name => `quorate member add ${name}`),
    ...fewer.map(name => `quorate member remove ${name}`),
  ]
  throw new UsageError(
    `${data}: its masters are ${names.join(', ')}; start it with these, then: ${verbs.join('; ')}`,
  )
}

/** `quorate supervise`: what `up --detach` leaves behind. Not for people. */
export async function supervise(
  options: { readonly data: string; readonly logLevel: UpOptions['logLevel'] },
  parts: CliParts,
): Promise<void> {
  const cluster = openCluster(resolve(options.data))
  const logger = createJsonLogger(supervisorProcess, options.logLevel)
  const supervisor = new Supervisor({
    cluster,
    main: parts.mainFile,
    logger,
    logLevel: options.logLevel,
  })
  await supervisor.start()
  await untilSignal()
  logger.info('stopping')
  await supervisor.stop()
  await parts.stopPods(cluster.layout.root)
  process.exit(0)
}

/**
 * The running cluster, untouched: its processes must go on finding their configuration.
 * @throws UsageError when there is nothing that a second `up` could do.
 */
function keptCluster(
  data: string,
  wanted: ClusterConfig,
  pid: number,
  options: UpOptions,
): PreparedCluster {
  const hint = 'See it with: quorate tui    Stop it with: quorate down'
  const cluster = openCluster(data)
  const dead = deadPeers(cluster)
  const running =
    `the cluster of ${data} is running already (supervisor pid ${pid})` +
    (dead.length > 0 ? `, with ${dead.join(', ')} down (again: quorate up --detach)` : '')
  if (!options.detach) throw new UsageError(`${running}.\n${hint}`)
  const { networks } = wanted.networks === 'auto' ? cluster.config : wanted
  if (formatConfig({ ...wanted, networks }) !== formatConfig(cluster.config)) {
    throw new UsageError(`${running}, with another configuration; nothing was changed.\n${hint}`)
  }
  return cluster
}

/** Peers that were started here and have ended. */
function deadPeers({ layout, config }: PreparedCluster): string[] {
  return config.peers
    .map(({ name }) => name)
    .filter(name => {
      const record = readRunRecord(layout, name)
      return record !== undefined && processState(record) === 'down'
    })
}

/** A supervisor leaves dead peers dead; whoever wants the cluster up wants them too. */
async function startDead(cluster: PreparedCluster): Promise<void> {
  for (const peer of deadPeers(cluster)) {
    const why = lastWords(cluster.layout, peer)
    process.stderr.write(`${peer} is down${why ? ` (${why})` : ''}: starting it again\n`)
    await runFault(cluster, { type: 'restart', peer })
  }
}

/** In the foreground: until Ctrl-C, with the dashboard where there is a terminal. */
async function stay(cluster: PreparedCluster, options: UpOptions, parts: CliParts): Promise<void> {
  const supervisor = new Supervisor({
    cluster,
    main: parts.mainFile,
    logger: silentLogger,
    logLevel: options.logLevel,
  })
  const interrupted = untilSignal()
  try {
    await supervisor.start()
    const outcome = await Promise.race([
      ready(cluster, options).then(() => 'ready' as const),
      interrupted.then(() => 'interrupted' as const),
    ])
    if (outcome === 'ready') await show(cluster, options, parts, interrupted)
  } finally {
    process.stderr.write('stopping the cluster ...\n')
    await supervisor.stop()
    const pods = await parts.stopPods(cluster.layout.root)
    process.stderr.write(`stopped${pods > 0 ? `, ${pods} pods ended` : ''}\n`)
  }
}

async function show(
  cluster: PreparedCluster,
  options: UpOptions,
  parts: CliParts,
  interrupted: Promise<void>,
): Promise<void> {
  if (!options.tui || !process.stdout.isTTY || !process.stdin.isTTY) {
    await watchLines(cluster, interrupted)
    return
  }
  const child = spawn(process.execPath, [parts.tuiFile, '--data', cluster.layout.root], {
    stdio: 'inherit',
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const ended = new Promise<void>(done => child.once('exit', () => done()))
  await Promise.race([ended, interrupted])
  if (child.exitCode === null) child.kill('SIGTERM')
  await ended
}

async function ready(
  cluster: PreparedCluster,
  options: Pick<UpOptions, 'timeout'>,
  alive: () => void = () => {},
): Promise<void> {
  const began = performance.now()
  const seconds = () => ((performance.now() - began) / 1000).toFixed(1)
  await waitUntilReady(cluster, options.timeout * 1000, missing => {
    alive()
    process.stderr.write(`[${seconds()} s] waiting: ${missing.join('; ')}\n`)
  })
  const { layout, config } = cluster
  const shown = relative(process.cwd(), layout.root) || '.'
  const data = shown === '.quorate' ? '' : ` --data ${shown}`
  process.stdout.write(
    `ready after ${seconds()} s: ${config.peers.length} peers, ` +
      `API https://${formatAddress(config.loadBalancer)}\n` +
      `  eval "$(npx quorate env${data})"    kubectl get nodes -o wide\n` +
      `  npx quorate tui${data}              the dashboard\n` +
      `  npx quorate down${data}             stop\n`,
  )
}

/** A supervisor that died has said why in its log. */
function supervisorAlive(cluster: PreparedCluster): void {
  const record = readRunRecord(cluster.layout, supervisorProcess)
  if (record && processState(record) !== 'down') return
  const log = cluster.layout.logFile(supervisorProcess)
  throw new UsageError(`the supervisor ended; see ${log}`)
}

/** Resolves at SIGINT, SIGTERM or SIGHUP. */
export function untilSignal(): Promise<void> {
  return new Promise(done => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => done())
    }
  })
}
