import { ConfigError } from '../config/errors.ts'
import { dataLayout } from '../config/layout.ts'
import { loadConfig } from '../config/load.ts'
import { createJsonLogger } from '../kernel/json-logger.ts'
import type { Logger, LogLevel } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import { openCluster, type PreparedCluster, readMembers } from '../supervisor/prepare.ts'
import type { JoinOptions } from '../supervisor/types.ts'
import { Peer } from './peer.ts'

const stopTimeoutMs = 8_000

export interface RunPeerOptions {
  /** Not needed by a peer that joins: the cluster gives it the configuration. */
  readonly config?: string
  readonly name: string
  readonly data: string
  readonly faults: boolean
  readonly logLevel: LogLevel
  /** How to join, the first time. */
  readonly join?: Omit<JoinOptions, 'name' | 'data'> & { readonly learner: boolean }
}

/** `quorate peer`: runs until SIGTERM or SIGINT; ends with 1 when the store dies. */
export async function runPeer(options: RunPeerOptions): Promise<void> {
  const logger = createJsonLogger(options.name, options.logLevel)
  watchErrors(logger)
  try {
    const cluster = await clusterOf(options, logger)
    const peer = createPeer(options, cluster, logger)
    stopOnSignal(peer, logger)
    await peer.start()
    if (options.join && !options.join.learner) await peer.becomeVoter()
  } catch (error) {
    logger.error('the peer can not start', { error: errorMessage(error) })
    process.exit(1)
  }
}

/** The cluster's files here; a peer that joins gets them from a master first. */
async function clusterOf(options: RunPeerOptions, logger: Logger): Promise<PreparedCluster> {
  const { name, data, join } = options
  if (join !== undefined) {
    const { hasJoined, joinCluster } = await import('./joining.ts')
    if (!hasJoined(data, name)) {
      const { id, peer } = await joinCluster({ ...join, name, data })
      logger.info('joined the cluster', { id, name: peer.name })
    }
    return openCluster(data)
  }
  const layout = dataLayout(data)
  const file = options.config ?? layout.config
  const config = loadConfig(file)
  if (config.networks === 'auto') {
    throw new ConfigError(`${file}: networks: must be chosen; see ${layout.config}`)
  }
  return { layout, config: { ...config, networks: config.networks } }
}

function createPeer(
  { name, faults, logLevel }: RunPeerOptions,
  cluster: PreparedCluster,
  logger: Logger,
): Peer {
  const members = readMembers(cluster.layout)
  return new Peer({
    ...{ cluster, members, name, faults, logLevel, logger },
    joined: members.find(member => member.name === name)?.joined ?? false,
    onFatal: reason => {
      logger.error('the store is gone, this peer ends', { reason })
      process.exit(1)
    },
  })
}

function watchErrors(logger: Logger): void {
  process.on('uncaughtException', error => {
    logger.error('uncaught error, this peer ends', { error: error.stack ?? error.message })
    process.exit(1)
  })
  process.on('unhandledRejection', error => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    logger.error('unhandled rejection', { error: text })
  })
}

function stopOnSignal(peer: Peer, logger: Logger): void {
  const stop = async (signal: string) => {
    logger.info('stopping', { signal })
    setTimeout(() => process.exit(1), stopTimeoutMs).unref()
    await peer.stop()
    logger.info('stopped')
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => void stop(signal))
  }
}
