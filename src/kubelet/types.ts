import type { Taint } from '../api/objects.ts'
import type { InformerFactory } from '../client/informer.ts'
import type { Client } from '../client/types.ts'
import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Runtime } from './runtime/types.ts'

/** How often the kubelet does what, milliseconds. */
export interface KubeletTimings {
  /** Status of the node, when nothing changes. Source: kubelet nodeStatusUpdateFrequency. */
  readonly nodeStatusMs: number
  /** Renewal of the node's lease. */
  readonly leaseMs: number
  /** Every pod is looked at again, and its volumes are refreshed. Source: syncFrequency. */
  readonly syncMs: number
  /** First and longest wait before a container that crashed is started again. */
  readonly crashBackoffMs: { readonly first: number; readonly max: number }
  /** The same for an image that can't be had. */
  readonly imageBackoffMs: { readonly first: number; readonly max: number }
  /** How long the first pod waits for `spec.podCIDR` before the fallback is taken. */
  readonly podCidrWaitMs: number
}

export const defaultTimings: KubeletTimings = {
  nodeStatusMs: 10_000,
  leaseMs: 2_000,
  syncMs: 60_000,
  crashBackoffMs: { first: 10_000, max: 300_000 },
  imageBackoffMs: { first: 10_000, max: 300_000 },
  podCidrWaitMs: 3_000,
}

/** Seconds a node's lease lasts without renewal. */
export const leaseDurationSeconds = 10

/** PEM texts. The certificate serves the kubelet's API; `ca` is who may ask. */
export interface KubeletTls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface KubeletOptions {
  readonly nodeName: string
  readonly client: Client
  /** Shared informers; absent: the kubelet has its own. */
  readonly factory?: InformerFactory
  readonly runtime: Runtime
  /** InternalIP of the node, and where the kubelet's server listens. */
  readonly nodeAddress: string
  /** Pod addresses as long as the node has no `spec.podCIDR`. */
  readonly podCidrFallback?: string
  /** 0: any free port; it is told in the node's status. Absent: no server. */
  readonly serverPort?: number
  readonly tls?: KubeletTls
  readonly labels?: Readonly<Record<string, string>>
  readonly taints?: readonly Taint[]
  /** Quantities: `{cpu: '4', memory: '8Gi', pods: '110'}`; what is absent is this machine's. */
  readonly capacity?: Readonly<Record<string, string>>
  /** Written into DNS settings of pods where the runtime has such. */
  readonly clusterDns?: string
  readonly clusterDomain?: string
  /** The kubelet's own folder. Absolute. */
  readonly dataDir: string
  readonly logger: Logger
  readonly clock?: Clock
  readonly timings?: Partial<KubeletTimings>
  readonly version?: string
}
