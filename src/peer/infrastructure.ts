import { watchFile } from 'node:fs'
import { createClient } from '../client/client.ts'
import { httpsTransport } from '../client/https.ts'
import { InformerFactory } from '../client/informer.ts'
import { createRecorder } from '../client/recorder.ts'
import { formatAddress } from '../config/ports.ts'
import { must } from '../kernel/assert.ts'
import { systemClock } from '../kernel/clock.ts'
import { createJsonLogger } from '../kernel/json-logger.ts'
import type { Logger, LogLevel } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Startable } from '../kernel/startable.ts'
import { readyzProbe } from '../loadbalancer/health.ts'
import { createLoadBalancer } from '../loadbalancer/loadbalancer.ts'
import { printHaproxy, printNginx } from '../loadbalancer/print.ts'
import { readCertificate, readKeyPair } from '../pki/files.ts'
import { createUserspaceProxy } from '../proxy/userspace.ts'
import { openCluster, type PreparedCluster } from '../supervisor/prepare.ts'

/** How often the load balancer looks whether peers have joined or left. */
const configPollMs = 500

interface ProcessOptions {
  readonly data: string
  readonly logLevel: LogLevel
}

function backendsOf({ config }: PreparedCluster) {
  return config.peers
    .filter(peer => peer.roles.includes('control-plane'))
    .map(peer => ({ name: peer.name, ...peer.api }))
}

/** `quorate lb`: one address that stays right whichever peer dies. */
export async function runLoadBalancer(options: ProcessOptions): Promise<void> {
  const cluster = openCluster(options.data)
  const logger = createJsonLogger('load-balancer', options.logLevel)
  const balancer = createLoadBalancer({
    ...cluster.config.loadBalancer,
    backends: backendsOf(cluster),
    // A peer without a leader answers, and is not ready: it gets connections only as the last one.
    healthCheck: { probe: readyzProbe({ ca: readCertificate(cluster.layout.pki, 'ca') }) },
    logger,
    clock: systemClock,
  })
  watchFile(cluster.layout.config, { interval: configPollMs }, () => {
    try {
      balancer.setBackends(backendsOf(openCluster(options.data)))
    } catch (error) {
      logger.warn('the configuration is not readable', { error: errorMessage(error) })
    }
  })
  await runUntilSignal(balancer, logger)
}

/** `quorate proxy`: the Services of this network namespace. */
export async function runProxy(options: ProcessOptions): Promise<void> {
  const { layout, config } = openCluster(options.data)
  const logger = createJsonLogger('proxy', options.logLevel)
  const tls = must(readKeyPair(layout.pki, 'proxy'), `${layout.pki}: no proxy certificate`)
  const ca = readCertificate(layout.pki, 'ca')
  const transport = httpsTransport({
    servers: [`https://${formatAddress(config.loadBalancer)}`],
    ca,
    ...tls,
  })
  const client = createClient(transport, { userAgent: 'kube-proxy' })
  const factory = new InformerFactory(client, { logger, clock: systemClock })
  const recorder = createRecorder(client, { component: 'kube-proxy' })
  const proxy = createUserspaceProxy({ factory, recorder, logger, clock: systemClock })
  await factory.start()
  await runUntilSignal(proxy, logger)
}

/** The configuration of a real load balancer in front of the masters. */
export function printLoadBalancer(kind: 'haproxy' | 'nginx', options: ProcessOptions): string {
  const cluster = openCluster(options.data)
  const print = kind === 'haproxy' ? printHaproxy : printNginx
  return print(backendsOf(cluster))
}

async function runUntilSignal(part: Startable, logger: Logger): Promise<void> {
  await part.start()
  logger.info('started')
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      void part.stop().finally(() => process.exit(0))
    })
  }
}
