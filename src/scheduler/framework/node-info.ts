import type { Node, Pod } from '../../api/objects.ts'
import { addAmounts, amountsOf, nonZeroRequests, podRequests } from './resources.ts'

/** A host port in use: `0.0.0.0` is in the way of every address. */
export interface HostPort {
  readonly ip: string
  readonly protocol: string
  readonly port: number
}

/** A node with the pods that are, or are assumed to be, on it. */
export class NodeInfo {
  node: Node
  readonly pods = new Map<string, Pod>()
  /** Sums over `pods`. */
  readonly requested = new Map<string, number>()
  readonly nonZero = { cpu: 0, memory: 0 }
  allocatable: ReadonlyMap<string, number>

  constructor(node: Node) {
    this.node = node
    this.allocatable = amountsOf(node.status?.allocatable)
  }

  get name(): string {
    return this.node.metadata.name ?? ''
  }

  get labels(): Readonly<Record<string, string>> {
    return this.node.metadata.labels ?? {}
  }

  setNode(node: Node): void {
    this.node = node
    this.allocatable = amountsOf(node.status?.allocatable)
  }

  addPod(pod: Pod): void {
    this.removePod(pod.metadata.uid ?? '')
    this.pods.set(pod.metadata.uid ?? '', pod)
    this.#count(pod, 1)
  }

  removePod(uid: string): void {
    const pod = this.pods.get(uid)
    if (!pod) return
    this.pods.delete(uid)
    this.#count(pod, -1)
  }

  usedPorts(): HostPort[] {
    return [...this.pods.values()].flatMap(hostPortsOf)
  }

  #count(pod: Pod, sign: 1 | -1): void {
    addAmounts(this.requested, podRequests(pod), sign)
    const { cpu, memory } = nonZeroRequests(pod)
    this.nonZero.cpu += sign * cpu
    this.nonZero.memory += sign * memory
  }
}

/** Ports of the node that a pod asks for. */
export function hostPortsOf(pod: Pod): HostPort[] {
  const containers = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  return containers.flatMap(container =>
    (container.ports ?? [])
      .filter(port => port.hostPort)
      .map(port => ({
        ip: port.hostIP || '0.0.0.0',
        protocol: port.protocol ?? 'TCP',
        port: port.hostPort ?? 0,
      })),
  )
}
