import { ConfigError } from '../config/errors.ts'
import { dataLayout } from '../config/layout.ts'
import { loadConfig } from '../config/load.ts'
import { createJsonLogger } from '../kernel/json-logger.ts'
import type { LogLevel } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import { readMembers } from '../supervisor/prepare.ts'
import { Peer } from './peer.ts'

const stopTimeoutMs = 8_000

/** `quorate peer`: runs until SIGTERM or SIGINT; ends with 1 when the store dies. */
export async function runPeer(options: {
  readonly config: string
  readonly name: string
  readonly data: string
  readonly faults: boolean
  readonly logLevel: LogLevel
}): Promise<void> {
  const logger = createJsonLogger(options.name, options.logLevel)
  const layout = dataLayout(options.data)
  const config = loadConfig(options.config)
  if (config.networks === 'auto') {
    throw new ConfigError(`${options.config}: networks: must be chosen; see ${layout.config}`)
  }
  const peer = new Peer({
    cluster: { layout, config: { ...config, networks: config.networks } },
    members: readMembers(layout),
    name: options.name,
    faults: options.faults,
    logLevel: options.logLevel,
    logger,
    onFatal: reason => {
      logger.error('the store is gone, this peer ends', { reason })
      process.exit(1)
    },
  })
  process.on('uncaughtException', error => {
    logger.error('uncaught error, this peer ends', { error: error.stack ?? error.message })
    process.exit(1)
  })
  process.on('unhandledRejection', error => {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    logger.error('unhandled rejection', { error: text })
  })
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
  try {
    await peer.start()
  } catch (error) {
    logger.error('the peer can not start', { error: errorMessage(error) })
    process.exit(1)
  }
}
