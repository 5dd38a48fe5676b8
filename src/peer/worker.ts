import { join } from 'node:path'
import type { InformerFactory } from '../client/informer.ts'
import type { Client } from '../client/types.ts'
import type { PeerLayout } from '../config/layout.ts'
import type { ClusterConfig, Networks, PeerConfig } from '../config/types.ts'
import { must } from '../kernel/assert.ts'
import { parseCidr, subnetAt } from '../kernel/cidr.ts'
import { systemClock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Startable } from '../kernel/startable.ts'
import { createKubelet } from '../kubelet/kubelet.ts'
import { createProcessRuntime } from '../kubelet/runtime/process/runtime.ts'
import { createSimulatedRuntime } from '../kubelet/runtime/simulated.ts'
import type { Runtime } from '../kubelet/runtime/types.ts'
import { readKeyPair } from '../pki/files.ts'
import { nodeAddress } from '../supervisor/peer-certificates.ts'

/** Version of the runtimes and the kubelet: the API's, so that `kubectl get nodes` agrees. */
export const kubeletVersion = 'v1.35.4+quorate'
const runtimeVersion = '0.1.0'
const kubeletPort = 10_250
const podBits = 24

export interface WorkerOptions {
  readonly config: ClusterConfig & { readonly networks: Networks }
  readonly peer: PeerConfig
  readonly layout: PeerLayout
  readonly ca: string
  readonly client: Client
  readonly factory?: InformerFactory
  readonly logger: Logger
}

/** The Worker box of one peer: its kubelet on the configured runtime. */
export function createWorker(options: WorkerOptions): Startable {
  const { config, peer, layout, ca, logger } = options
  const tls = must(readKeyPair(layout.pki, 'kubelet'), join(layout.pki, 'kubelet.crt'))
  const pods = parseCidr(config.networks.pods)
  return createKubelet({
    nodeName: peer.name,
    client: options.client,
    factory: options.factory,
    runtime: createRuntime(options),
    nodeAddress: nodeAddress(config.networks, peer.ordinal),
    podCidrFallback: subnetAt(pods, podBits, peer.ordinal),
    serverPort: kubeletPort,
    tls: { ca, ...tls },
    labels: { ...roleLabels(peer), ...peer.labels },
    taints: [...peer.taints],
    capacity: peer.capacity,
    clusterDomain: config.clusterDomain,
    dataDir: layout.kubelet,
    logger: logger.child({ component: 'kubelet' }),
    clock: systemClock,
    timings: {
      nodeStatusMs: config.timings.nodeStatusMs,
      leaseMs: config.timings.nodeLeaseRenewMs,
    },
    version: kubeletVersion,
  })
}

function createRuntime({ config, layout, logger }: WorkerOptions): Runtime {
  if (config.runtime === 'simulated') {
    return createSimulatedRuntime({ version: runtimeVersion })
  }
  return createProcessRuntime({
    dataDir: layout.kubelet,
    version: runtimeVersion,
    images: config.images,
    logger: logger.child({ component: 'runtime' }),
  })
}

function roleLabels(peer: PeerConfig): Record<string, string> {
  const labels: Record<string, string> = {}
  for (const role of peer.roles) labels[`node-role.kubernetes.io/${role}`] = ''
  return labels
}
