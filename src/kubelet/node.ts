import { arch, availableParallelism, hostname, type as osType, release, totalmem } from 'node:os'
import { kinds } from '../api/kinds.ts'
import type { Lease, Node, NodeCondition, NodeStatus } from '../api/objects.ts'
import { isStatusReason } from '../api/status.ts'
import type { Client } from '../client/types.ts'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import { timeText } from './status.ts'
import { type KubeletOptions, type KubeletTimings, leaseDurationSeconds } from './types.ts'

const leaseNamespace = 'kube-node-lease'

/** A status with nothing new is written again after this. Source: nodeStatusReportFrequency. */
const reportMsMax = 300_000

/** Between two attempts to register for the first time. */
const registerRetryMs = 500

/** The kubelet's own Node and Lease. Source: kubelet_node_status.go, component-helpers lease. */
export class NodeAgent {
  readonly #options: KubeletOptions
  readonly #client: Client
  readonly #clock: Clock
  readonly #logger: Logger
  readonly #timings: KubeletTimings
  readonly #version: string
  readonly #timers: Cancel[] = []
  readonly #cached: () => Node | undefined
  #isStopped = false
  #reportedAt = Number.NEGATIVE_INFINITY
  #port = 0
  #lease: Lease | undefined
  #isRenewing = false
  #isReporting = false

  /** `cached` is the Node as the informer has it. */
  constructor(
    options: KubeletOptions,
    clock: Clock,
    timings: KubeletTimings,
    cached: () => Node | undefined,
  ) {
    this.#options = options
    this.#cached = cached
    this.#client = options.client
    this.#clock = clock
    this.#logger = options.logger
    this.#timings = timings
    this.#version = options.version ?? 'v1.35.4+quorate'
  }

  /**
   * Registers, then keeps the status and the lease fresh until `stop`. Resolves once registered,
   * however long the API is away. `port` is that of the kubelet's server.
   */
  async start(port: number): Promise<void> {
    this.#port = port
    this.#timers.push(this.#clock.every(this.#timings.leaseMs, () => void this.renewLease()))
    while (!this.#isStopped && !(await this.report())) {
      await new Promise(resolve => setTimeout(resolve, registerRetryMs))
    }
    if (this.#isStopped) return
    this.#timers.push(this.#clock.every(this.#timings.nodeStatusMs, () => void this.refresh()))
    await this.renewLease()
  }

  /** Reports if the API has something else than it should, or nothing was said for minutes. */
  async refresh(): Promise<void> {
    const node = this.#cached()
    const isDue = this.#clock.now() - this.#reportedAt > reportMsMax
    if (isDue || !node || factsOf(node.status) !== factsOf(this.#status(node))) await this.report()
  }

  stop(): void {
    this.#isStopped = true
    for (const cancel of this.#timers.splice(0)) cancel()
  }

  /** Makes the Node what it should be. Never throws; @returns whether it worked. */
  async report(): Promise<boolean> {
    if (this.#isReporting) return false
    this.#isReporting = true
    try {
      const node = await this.#register()
      const { name = '' } = node.metadata
      const status = this.#status(node)
      const body = { status }
      await this.#client.patch(kinds.nodes, undefined, name, {
        type: 'strategic',
        body,
        subresource: 'status',
      })
      this.#reportedAt = this.#clock.now()
      return true
    } catch (error) {
      this.#logger.warn('the node status could not be written', { error: errorMessage(error) })
      return false
    } finally {
      this.#isReporting = false
    }
  }

  /** Renews the lease; a lost race reads it again next time. Never throws. */
  async renewLease(): Promise<void> {
    if (this.#isRenewing) return
    this.#isRenewing = true
    try {
      this.#lease = await this.#writeLease()
    } catch (error) {
      this.#lease = undefined
      this.#logger.debug('the node lease could not be renewed', { error: errorMessage(error) })
    } finally {
      this.#isRenewing = false
    }
  }

  async #writeLease(): Promise<Lease> {
    const { nodeName } = this.#options
    const spec = {
      holderIdentity: nodeName,
      leaseDurationSeconds,
      renewTime: `${new Date(this.#clock.wall()).toISOString().slice(0, -1)}000Z`,
    }
    this.#lease ??= await this.#find(kinds.leases, leaseNamespace, nodeName)
    if (this.#lease) {
      return this.#client.update(kinds.leases, { ...this.#lease, spec })
    }
    const node = await this.#find(kinds.nodes, undefined, nodeName)
    const owner = { apiVersion: 'v1', kind: 'Node', name: nodeName, uid: node?.metadata.uid ?? '' }
    return this.#client.create(kinds.leases, {
      metadata: {
        name: nodeName,
        namespace: leaseNamespace,
        ...(node ? { ownerReferences: [owner] } : {}),
      },
      spec,
    })
  }

  async #find<T extends Node | Lease>(
    kind: typeof kinds.nodes | typeof kinds.leases,
    namespace: string | undefined,
    name: string,
  ): Promise<T | undefined> {
    try {
      return (await this.#client.get<Node | Lease>(kind, namespace, name)) as T
    } catch (error) {
      if (isStatusReason(error, 'NotFound')) return undefined
      throw error
    }
  }

  /** The Node, created or with its labels brought up to date. */
  async #register(): Promise<Node> {
    const labels = this.#labels()
    const { nodeName, taints } = this.#options
    const existing = await this.#find<Node>(kinds.nodes, undefined, nodeName)
    if (!existing) {
      const metadata = { name: nodeName, labels, annotations: this.#annotations() }
      const spec = taints?.length ? { taints: [...taints] } : {}
      const node: Node = { apiVersion: 'v1', kind: 'Node', metadata, spec }
      return this.#client.create(kinds.nodes, { ...node, status: this.#status(node) })
    }
    const current = existing.metadata.labels ?? {}
    if (Object.entries(labels).every(([key, value]) => current[key] === value)) return existing
    const body = { metadata: { labels } }
    return this.#client.patch(kinds.nodes, undefined, nodeName, { type: 'merge', body })
  }

  #labels(): Record<string, string> {
    const os = process.platform === 'win32' ? 'windows' : process.platform
    return {
      'kubernetes.io/hostname': this.#options.nodeName,
      'kubernetes.io/os': os,
      'kubernetes.io/arch': goArch(),
      'beta.kubernetes.io/os': os,
      'beta.kubernetes.io/arch': goArch(),
      ...this.#options.labels,
    }
  }

  #annotations(): Record<string, string> {
    return { 'volumes.kubernetes.io/controller-managed-attach-detach': 'true' }
  }

  #status(node: Node): NodeStatus {
    const { nodeName, nodeAddress, runtime } = this.#options
    const capacity = {
      cpu: String(availableParallelism()),
      memory: `${Math.floor(totalmem() / 1024)}Ki`,
      'ephemeral-storage': '100Gi',
      pods: '110',
      ...this.#options.capacity,
    }
    return {
      capacity,
      allocatable: capacity,
      conditions: this.#conditions(node),
      addresses: [
        { type: 'InternalIP', address: nodeAddress },
        { type: 'Hostname', address: nodeName },
      ],
      daemonEndpoints: { kubeletEndpoint: { Port: this.#port } },
      nodeInfo: {
        machineID: nodeName,
        systemUUID: nodeName,
        bootID: hostname(),
        kernelVersion: release(),
        osImage: osType(),
        containerRuntimeVersion: `${runtime.name}://${runtime.version}`,
        kubeletVersion: this.#version,
        kubeProxyVersion: this.#version,
        operatingSystem: process.platform,
        architecture: goArch(),
      },
    }
  }

  #conditions(node: Node): NodeCondition[] {
    const now = timeText(this.#clock.wall())
    const facts = [
      ['MemoryPressure', 'False', 'KubeletHasSufficientMemory', 'sufficient memory available'],
      ['DiskPressure', 'False', 'KubeletHasNoDiskPressure', 'no disk pressure'],
      ['PIDPressure', 'False', 'KubeletHasSufficientPID', 'sufficient PID available'],
    ] as const
    const conditions = facts.map(([type, status, reason, what]) => {
      return { type, status, reason, message: `kubelet has ${what}` }
    })
    const ready = {
      type: 'Ready',
      status: 'True' as const,
      reason: 'KubeletReady',
      message: 'kubelet is posting ready status',
    }
    return [...conditions, ready].map(condition => {
      const old = node.status?.conditions?.find(each => each.type === condition.type)
      const since = old?.status === condition.status ? old.lastTransitionTime : undefined
      return { ...condition, lastHeartbeatTime: now, lastTransitionTime: since ?? now }
    })
  }
}

/** What a status says, without the times at which it was said. */
function factsOf(status: NodeStatus | undefined): string {
  const conditions = (status?.conditions ?? [])
    .map(({ type, status: value, reason }) => `${type}=${value} ${reason}`)
    .filter(text => /^(Ready|MemoryPressure|DiskPressure|PIDPressure)=/.test(text))
  const { addresses, capacity, daemonEndpoints, nodeInfo } = status ?? {}
  const sorted = Object.entries(capacity ?? {}).sort()
  return JSON.stringify([
    conditions.sort(),
    addresses,
    sorted,
    daemonEndpoints,
    nodeInfo?.kubeletVersion,
  ])
}

/** Go's name of this machine's architecture, as node labels have it. */
function goArch(): string {
  const names: Record<string, string> = { x64: 'amd64', ia32: '386' }
  return names[arch()] ?? arch()
}
