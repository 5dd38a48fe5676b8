import type { Node, Pod } from '../api/objects.ts'
import { NodeInfo } from './framework/node-info.ts'
import type { ReservePlugin } from './framework/types.ts'

/**
 * Nodes with their pods, ahead of the API by the pods that are assumed: chosen, not yet bound.
 * ```
 * assume -> (bind) -> the informer shows the pod on its node: confirmed
 *        -> forget: binding failed
 * ```
 * Source: pkg/scheduler/backend/cache/cache.go.
 */
export class SchedulerCache implements ReservePlugin {
  readonly name = 'Cache'
  readonly #nodes = new Map<string, NodeInfo>()
  /** Pods on nodes that are not known (yet). */
  readonly #homeless = new Map<string, Pod>()
  /** Pod uid -> node name. */
  readonly #places = new Map<string, string>()
  readonly #assumed = new Set<string>()

  setNode(node: Node): void {
    const name = node.metadata.name ?? ''
    const known = this.#nodes.get(name)
    if (known) {
      known.setNode(node)
      return
    }
    const info = new NodeInfo(node)
    this.#nodes.set(name, info)
    for (const [uid, pod] of this.#homeless) {
      if (pod.spec.nodeName !== name) continue
      this.#homeless.delete(uid)
      info.addPod(pod)
    }
  }

  removeNode(name: string): void {
    const info = this.#nodes.get(name)
    if (!info) return
    this.#nodes.delete(name)
    for (const [uid, pod] of info.pods) this.#homeless.set(uid, pod)
  }

  /** A pod that the API shows on a node: it replaces what was assumed. */
  setPod(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    this.removePod(uid)
    this.#place(uid, pod, pod.spec.nodeName ?? '')
  }

  removePod(uid: string): void {
    this.#assumed.delete(uid)
    this.#homeless.delete(uid)
    const place = this.#places.get(uid)
    if (place === undefined) return
    this.#places.delete(uid)
    this.#nodes.get(place)?.removePod(uid)
  }

  reserve(pod: Pod, nodeName: string): void {
    const uid = pod.metadata.uid ?? ''
    this.removePod(uid)
    this.#assumed.add(uid)
    this.#place(uid, { ...pod, spec: { ...pod.spec, nodeName } }, nodeName)
  }

  unreserve(pod: Pod): void {
    const uid = pod.metadata.uid ?? ''
    if (this.#assumed.has(uid)) this.removePod(uid)
  }

  isAssumed(uid: string): boolean {
    return this.#assumed.has(uid)
  }

  /** Valid until the cache changes next; a scheduling cycle is synchronous. */
  nodes(): readonly NodeInfo[] {
    return [...this.#nodes.values()]
  }

  #place(uid: string, pod: Pod, nodeName: string): void {
    this.#places.set(uid, nodeName)
    const info = this.#nodes.get(nodeName)
    if (info) info.addPod(pod)
    else this.#homeless.set(uid, pod)
  }
}
