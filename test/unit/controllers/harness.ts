import { kinds } from '../../../src/api/kinds.ts'
import type { Deployment, Pod, ReplicaSet } from '../../../src/api/objects.ts'
import { bootstrap } from '../../../src/apiserver/bootstrap/bootstrap.ts'
import { createApiServer } from '../../../src/apiserver/server.ts'
import { createClient } from '../../../src/client/client.ts'
import { InformerFactory } from '../../../src/client/informer.ts'
import type { Client } from '../../../src/client/types.ts'
import { ControllerManager } from '../../../src/controllers/manager.ts'
import type { Controller } from '../../../src/controllers/types.ts'
import { type Clock, systemClock } from '../../../src/kernel/clock.ts'
import { type Logger, silentLogger } from '../../../src/kernel/logger.ts'
import { createClusterCa, issueCertificate } from '../../../src/pki/authority.ts'
import { createLocalStore } from '../../../src/store/local.ts'

/** Controllers against the real API server on a store in memory. */
export interface Harness {
  readonly client: Client
  readonly manager: ControllerManager
  /** Errors of reconciliations that are tried again. */
  readonly retried: readonly string[]
  /** Makes pods run and be ready as soon as they appear: a kubelet without containers. */
  runPods(filter?: (pod: Pod) => boolean): void
  stop(): Promise<void>
}

export const graceMs = 8_000

export async function startControllers(
  controllers: readonly Controller[],
  clock: Clock = systemClock,
): Promise<Harness> {
  const ca = await createClusterCa('test')
  const tls = await issueCertificate(ca, { user: 'x', hosts: ['127.0.0.1'], usages: ['server'] })
  const clusterInfo = { name: 'test', serviceCidr: '10.96.0.0/16', apiEndpoints: () => [] }
  const server = createApiServer({
    ...{ store: createLocalStore(), ca: ca.cert, tls, host: '127.0.0.1', port: 0 },
    ...{ clusterInfo, logger: silentLogger, clock: systemClock },
  })
  await server.start()
  const transport = server.transport({ name: 'admin', groups: ['system:masters'] })
  await bootstrap(transport, clusterInfo)
  const client = createClient(transport, { userAgent: 'test' })
  const factory = new InformerFactory(client, { freeze: true })
  const settings = { nodeMonitorGraceMs: graceMs, podNetwork: '10.244.0.0/16', rootCa: ca.cert }
  const retried: string[] = []
  const logger: Logger = {
    ...silentLogger,
    info: (_message, { error } = {}) => error !== undefined && retried.push(String(error)),
    child: () => logger,
  }
  const manager = new ControllerManager({ controllers, factory, clock, logger, settings })
  await factory.start()
  await factory.waitForSync()
  manager.start(client)
  return {
    client,
    manager,
    retried,
    runPods: (filter = () => true) => {
      const start = (pod: Pod) => {
        if (pod.status?.phase !== 'Running' && filter(pod)) void markReady(client, pod)
      }
      factory.informer(kinds.pods).addHandler({ onAdd: start, onUpdate: start })
    },
    async stop() {
      manager.stop()
      await factory.stop()
      await server.stop()
    },
  }
}

/** Writes what a kubelet writes when all containers of a pod are ready. */
export async function markReady(client: Client, pod: Pod, podIP = '10.244.0.9'): Promise<void> {
  const { namespace, name = '' } = pod.metadata
  const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: '2026-01-01T00:00:00Z' }]
  const body = { status: { phase: 'Running', podIP, conditions } }
  const patch = { type: 'strategic', body, subresource: 'status' } as const
  await client.patch(kinds.pods, namespace, name, patch).catch(() => {})
}

export function podOf(name: string, more: Partial<Pod> = {}): Pod {
  return {
    ...more,
    metadata: { name, namespace: 'default', ...more.metadata },
    spec: { containers: [{ name: 'c', image: 'i' }], ...more.spec },
  }
}

export function deploymentOf(name: string, spec: Partial<Deployment['spec']> = {}): Deployment {
  const labels = { app: name }
  return {
    metadata: { name, namespace: 'default' },
    spec: {
      replicas: 3,
      selector: { matchLabels: labels },
      template: templateOf(labels, 'nginx:1'),
      ...spec,
    },
  }
}

export function templateOf(labels: Record<string, string>, image: string) {
  return { metadata: { labels }, spec: { containers: [{ name: 'c', image }] } }
}

/** A ReplicaSet as rolling steps see it. */
export function setOf(
  name: string,
  replicas: number,
  availableReplicas = replicas,
  more: Partial<ReplicaSet> = {},
): ReplicaSet {
  return {
    metadata: { name, uid: name, creationTimestamp: '2026-01-01T00:00:00Z', ...more.metadata },
    spec: { replicas, selector: {}, ...more.spec },
    status: { replicas, availableReplicas },
  }
}
