import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { dataLayout } from '../config/layout.ts'
import type { ClusterConfig, PeerConfig } from '../config/types.ts'
import { formatConfig } from '../config/write.ts'
import { createJsonLogger } from '../kernel/json-logger.ts'
import { runFault } from '../supervisor/faults.ts'
import { lastWords } from '../supervisor/last-words.ts'
import { openCluster, type PreparedCluster, prepareCluster } from '../supervisor/prepare.ts'
import { processState, readRunRecord } from '../supervisor/processes.ts'
import {
  checkStart,
  runningSupervisor,
  Supervisor,
  supervisorProcess,
} from '../supervisor/supervisor.ts'
import { startSupervisor, stay, type UpOptions, untilSignal } from './stay.ts'
import { type CliParts, UsageError } from './types.ts'
import { ready, supervisorAlive } from './up-ready.ts'
import { wantedConfig } from './wanted.ts'

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
    startSupervisor(cluster, options, parts)
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
