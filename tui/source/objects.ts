import { kinds } from '../../src/api/kinds.ts'
import type { CoreEvent, Lease, Node, Pod } from '../../src/api/objects.ts'
import { milliOf, unitsOf } from '../../src/api/quantity.ts'
import { InformerFactory } from '../../src/client/informer.ts'
import { Reflector } from '../../src/client/reflector.ts'
import type { Client } from '../../src/client/types.ts'
import { type Clock, sleep } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { secondOf } from '../model/reduce.ts'
import type { LogLine, NodeState, PodHealth, PodState, SourceEvent } from '../model/types.ts'

/** Changes of objects reach the model at most so often. */
const publishMs = 200
const readyMs = 1_000
const readTimeoutMs = 2_000
/** Events of the past are listed in any order, and may be thousands. */
const eventsBackMs = 60_000
const failingReasons = /BackOff|Error|Invalid|CreateContainerConfig/

/** Watches nodes, pods, events and node leases through the API, as any client would. */
export class ObjectWatch {
  readonly #client: Client
  readonly #clock: Clock
  readonly #emit: (event: SourceEvent) => void
  readonly #factory: InformerFactory
  readonly #events: Reflector<CoreEvent>
  readonly #pods = new PodStates()
  readonly #stop = new AbortController()
  readonly #loops: Promise<void>[] = []
  readonly #changed = new Set<'nodes' | 'pods'>()
  #watchedAt = 0
  #toldRevision = 0

  constructor(client: Client, clock: Clock, emit: (event: SourceEvent) => void) {
    this.#client = client
    this.#clock = clock
    this.#emit = emit
    this.#factory = new InformerFactory(client)
    // No cache of them: an hour of events is more than all else that the dashboard holds.
    const options = { logger: silentLogger, clock, freeze: false }
    const since = clock.wall() - eventsBackMs
    this.#events = new Reflector(client, kinds.events, {}, options, {
      onReplace: (list, revision) => this.#tellList(list, Number(revision), since),
      onEvent: (type, event) => {
        if (type !== 'DELETED') this.#tell(event, since)
      },
      onRevision: () => {},
    })
  }

  async start(): Promise<void> {
    const nodes = this.#factory.informer(kinds.nodes)
    const pods = this.#factory.informer(kinds.pods)
    const leases = this.#factory.informer(kinds.leases, { namespace: 'kube-node-lease' })
    const mark = (name: 'nodes' | 'pods') => () => {
      this.#watchedAt = this.#clock.wall()
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
    await this.#factory.start()
    this.#events.start()
    this.#loops.push(
      this.#every(publishMs, async () => {
        if (this.#changed.delete('nodes')) {
          this.#emit({ type: 'nodes', list: nodeStates(nodes.lister.list(), leases.lister.list()) })
          this.#changed.add('pods')
        }
        if (!this.#changed.delete('pods')) return
        const list = this.#pods.changed(pods.lister.list(), nodes.lister.list())
        if (list) this.#emit({ type: 'pods', list })
      }),
      this.#every(readyMs, () => this.#askApi()),
    )
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.all([this.#factory.stop(), this.#events.stop()])
  }

  /** Whether the API answers what only a quorum can: a page of one process says nothing. */
  async #askApi(): Promise<void> {
    const signal = AbortSignal.timeout(readTimeoutMs)
    const ok = await this.#client.get(kinds.namespaces, undefined, 'default', { signal }).then(
      () => true,
      () => false,
    )
    if (this.#stop.signal.aborted) return
    const watchedAt = this.#watchedAt
    this.#emit({ type: 'api', at: this.#clock.wall(), ok, watchedAt })
  }

  /** A list after a lost watch brings known ones again; a restored store counts from before. */
  #tellList(list: readonly CoreEvent[], revision: number, since: number): void {
    const told = revision < this.#toldRevision ? 0 : this.#toldRevision
    for (const event of list) {
      if (Number(event.metadata.resourceVersion) > told) this.#tell(event, since)
    }
    this.#toldRevision = revision
  }

  #tell(event: CoreEvent, since: number): void {
    this.#toldRevision = Math.max(this.#toldRevision, Number(event.metadata.resourceVersion))
    const line = eventLine(event, this.#clock.wall())
    if (line.at >= since) this.#emit({ type: 'log', line })
  }

  async #every(ms: number, action: () => Promise<void>): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await action()
      await sleep(ms, signal).catch(() => {})
    }
  }
}

/** What pods are worth to the screen; one that did not change is not looked at again. */
export class PodStates {
  #known = new Map<Pod, PodState>()
  #readyNodes = ''

  /** The states; undefined if they are those of the last time. */
  changed(pods: readonly Pod[], nodes: readonly Node[]): readonly PodState[] | undefined {
    const byName = new Map(nodes.map(node => [node.metadata.name ?? '', node]))
    const readyNodes = nodes
      .filter(isReady)
      .map(({ metadata }) => metadata.name)
      .join(' ')
    const isSame = readyNodes === this.#readyNodes
    const known = this.#known
    const next = new Map<Pod, PodState>()
    let isChanged = !isSame || known.size !== pods.length
    for (const pod of pods) {
      const old = isSame ? known.get(pod) : undefined
      if (!old) isChanged = true
      next.set(pod, old ?? podState(pod, byName.get(pod.spec?.nodeName ?? '')))
    }
    if (!isChanged) return undefined
    this.#known = next
    this.#readyNodes = readyNodes
    return [...next.values()]
  }
}

function isReady(node: Node): boolean {
  const { conditions = [] } = node.status ?? {}
  return conditions.some(each => each.type === 'Ready' && each.status === 'True')
}

/** Nodes in order of their names. */
export function nodeStates(nodes: readonly Node[], leases: readonly Lease[]): NodeState[] {
  return nodes
    .map(node => {
      const name = node.metadata.name ?? ''
      const renew = leases.find(lease => lease.metadata.name === name)?.spec?.renewTime
      const { allocatable = {}, conditions = [] } = node.status ?? {}
      const changed = conditions.find(each => each.type === 'Ready')?.lastTransitionTime
      return {
        name,
        ready: isReady(node),
        readyAt: changed ? Date.parse(changed) : 0,
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
  if (pod.spec?.nodeName && !(node && isReady(node))) return 'lost'
  const broken = containerStatuses.some(
    each =>
      failingReasons.test(each.state?.waiting?.reason ?? '') ||
      (each.state?.terminated?.exitCode ?? 0) !== 0,
  )
  if (broken) return 'failing'
  const ready = conditions.some(each => each.type === 'Ready' && each.status === 'True')
  return phase === 'Running' && ready && !pod.metadata.deletionTimestamp ? 'running' : 'pending'
}

/** An Event of the API as a line; `heardAt` by our clock. */
export function eventLine(event: CoreEvent, heardAt: number): LogLine {
  const { involvedObject: object, reason = '', message = '', count = 1 } = event
  const repeats = count > 1 ? ` (x${count})` : ''
  const place = object.namespace ? `${object.namespace}/` : ''
  return {
    ...timeOf(event, heardAt),
    source: event.source?.component ?? event.reportingComponent ?? '',
    kind: 'KUBE',
    message: `${object.kind?.toLowerCase()}/${place}${object.name} ${reason}: ${message}${repeats}`,
    level: event.type === 'Warning' ? 'warn' : 'info',
  }
}

/** `eventTime` has microseconds, all others whole seconds. */
function timeOf(event: CoreEvent, heardAt: number): Pick<LogLine, 'at' | 'coarse'> {
  const { lastTimestamp, eventTime, metadata } = event
  if (eventTime && !lastTimestamp) return { at: Date.parse(eventTime) }
  const time = lastTimestamp ?? metadata.creationTimestamp
  return time ? secondOf(Date.parse(time), heardAt) : { at: 0 }
}
