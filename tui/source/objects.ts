import { kinds } from '../../src/api/kinds.ts'
import type { CoreEvent, Lease, Node, Pod } from '../../src/api/objects.ts'
import { milliOf, unitsOf } from '../../src/api/quantity.ts'
import { InformerFactory } from '../../src/client/informer.ts'
import type { Client } from '../../src/client/types.ts'
import { type Clock, sleep } from '../../src/kernel/clock.ts'
import type { LogLine, NodeState, PodHealth, PodState, SourceEvent } from '../model/types.ts'

/** Changes of objects reach the model at most so often. */
const publishMs = 200
const readyMs = 1_000
const failingReasons = /BackOff|Error|Invalid|CreateContainerConfig/

/** Watches nodes, pods, events and node leases through the API, as any client would. */
export class ObjectWatch {
  readonly #client: Client
  readonly #clock: Clock
  readonly #emit: (event: SourceEvent) => void
  readonly #factory: InformerFactory
  readonly #stop = new AbortController()
  readonly #loops: Promise<void>[] = []
  readonly #changed = new Set<'nodes' | 'pods'>()

  constructor(client: Client, clock: Clock, emit: (event: SourceEvent) => void) {
    this.#client = client
    this.#clock = clock
    this.#emit = emit
    this.#factory = new InformerFactory(client)
  }

  async start(): Promise<void> {
    const nodes = this.#factory.informer(kinds.nodes)
    const pods = this.#factory.informer(kinds.pods)
    const leases = this.#factory.informer(kinds.leases, { namespace: 'kube-node-lease' })
    const events = this.#factory.informer(kinds.events)
    const mark = (name: 'nodes' | 'pods') => () => {
      this.#changed.add(name)
    }
    const on = (changed: () => void) => ({
      onAdd: changed,
      onUpdate: changed,
      onDelete: changed,
    })
    nodes.addHandler(on(mark('nodes')))
    leases.addHandler(on(mark('nodes')))
    pods.addHandler(on(mark('pods')))
    const since = this.#clock.wall()
    const tell = (event: CoreEvent) => {
      const line = eventLine(event)
      // Events of the past are listed in any order, and may be thousands.
      if (line.at >= since - 60_000) this.#emit({ type: 'log', line })
    }
    events.addHandler({ onAdd: tell, onUpdate: tell })
    await this.#factory.start()
    this.#loops.push(
      this.#every(publishMs, async () => {
        const ready = (name: string) => nodes.lister.get(undefined, name)
        if (this.#changed.delete('nodes')) {
          this.#emit({ type: 'nodes', list: nodeStates(nodes.lister.list(), leases.lister.list()) })
          this.#changed.add('pods')
        }
        if (this.#changed.delete('pods')) {
          const list = pods.lister.list().map(pod => podState(pod, ready(pod.spec?.nodeName ?? '')))
          this.#emit({ type: 'pods', list })
        }
      }),
      this.#every(readyMs, async () => {
        const ok = await this.#client.raw('/version').then(
          () => true,
          () => false,
        )
        if (!this.#stop.signal.aborted) this.#emit({ type: 'api', ok })
      }),
    )
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#factory.stop()
  }

  async #every(ms: number, action: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await action()
      await sleep(ms, signal).catch(() => {})
    }
  }
}

/** Nodes in order of their names. */
export function nodeStates(nodes: readonly Node[], leases: readonly Lease[]): NodeState[] {
  return nodes
    .map(node => {
      const name = node.metadata.name ?? ''
      const renew = leases.find(lease => lease.metadata.name === name)?.spec?.renewTime
      const { allocatable = {}, conditions = [] } = node.status ?? {}
      return {
        name,
        ready: conditions.some(each => each.type === 'Ready' && each.status === 'True'),
        cordoned: node.spec?.unschedulable === true,
        podsMax: unitsOf(allocatable.pods),
        cpuMilli: milliOf(allocatable.cpu),
        memoryBytes: unitsOf(allocatable.memory),
        renewedAt: renew ? Date.parse(renew) : 0,
      }
    })
    .sort((a, b) => a.name.localeCompare(b.name, 'en', { numeric: true }))
}

/** What a pod is worth to the screen; on a node that is not Ready it is lost. */
export function podState(pod: Pod, node: Node | undefined): PodState {
  const requests = (pod.spec?.containers ?? []).map(each => each.resources?.requests ?? {})
  return {
    namespace: pod.metadata.namespace ?? '',
    name: pod.metadata.name ?? '',
    node: pod.spec?.nodeName ?? '',
    health: healthOf(pod, node),
    cpuMilli: requests.reduce((sum, each) => sum + milliOf(each.cpu), 0),
    memoryBytes: requests.reduce((sum, each) => sum + unitsOf(each.memory), 0),
  }
}

function healthOf(pod: Pod, node: Node | undefined): PodHealth {
  const { phase, conditions = [], containerStatuses = [] } = pod.status ?? {}
  if (phase === 'Succeeded') return 'done'
  if (phase === 'Failed') return 'failing'
  const nodeReady = node?.status?.conditions?.find(each => each.type === 'Ready')?.status
  if (pod.spec?.nodeName && nodeReady !== 'True') return 'lost'
  const broken = containerStatuses.some(
    each =>
      failingReasons.test(each.state?.waiting?.reason ?? '') ||
      (each.state?.terminated?.exitCode ?? 0) !== 0,
  )
  if (broken) return 'failing'
  const ready = conditions.some(each => each.type === 'Ready' && each.status === 'True')
  return phase === 'Running' && ready && !pod.metadata.deletionTimestamp ? 'running' : 'pending'
}

function eventLine(event: CoreEvent): LogLine {
  const { involvedObject: object, reason = '', message = '', count = 1 } = event
  const time = event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp
  const repeats = count > 1 ? ` (x${count})` : ''
  const place = object.namespace ? `${object.namespace}/` : ''
  return {
    at: time ? Date.parse(time) : 0,
    source: event.source?.component ?? event.reportingComponent ?? '',
    kind: 'KUBE',
    message: `${object.kind?.toLowerCase()}/${place}${object.name} ${reason}: ${message}${repeats}`,
    level: event.type === 'Warning' ? 'warn' : 'info',
  }
}
