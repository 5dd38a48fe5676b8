import { kinds } from '../api/kinds.ts'
import type { Binding, Namespace, Node, Pod, ReplicaSet, Service } from '../api/objects.ts'
import {
  matchesLabels,
  nothing,
  type Selector,
  selectorOf,
  selectorOfMap,
} from '../api/selectors.ts'
import { isStatusReason } from '../api/status.ts'
import type { InformerFactory } from '../client/informer.ts'
import { createRecorder, type EventRecorder } from '../client/recorder.ts'
import type { Client, Informer } from '../client/types.ts'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Prng } from '../kernel/prng.ts'
import { errorMessage } from '../kernel/result.ts'
import { SchedulerCache } from './cache.ts'
import { decide, fitErrorText } from './framework/framework.ts'
import type { BindPlugin, Cycle, Decision } from './framework/types.ts'
import { defaultProfile } from './plugins/default-profile.ts'
import { SchedulingQueue } from './queue.ts'

export const defaultSchedulerName = 'default-scheduler'

/** Bindings under way at once; the next cycle does not wait for the last one's binding. */
const bindingsMax = 64
const flushMs = 30_000

export interface SchedulerOptions {
  /** Shared informers: warm on every peer, so that a new leader begins at once. */
  readonly factory: InformerFactory
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
}

/** What a leader shows of its scheduler. */
export interface SchedulerStats {
  readonly queue: number
  readonly bound: number
  readonly failed: number
}

/**
 * Gives unscheduled pods a node: watch, filter, score, reserve, bind. Runs only between `start`
 * and `stop`, on the peer that leads. Source: pkg/scheduler/scheduler.go.
 */
export class Scheduler {
  readonly #options: SchedulerOptions
  readonly #pods: Informer<Pod>
  readonly #nodes: Informer<Node>
  readonly #services: Informer<Service>
  readonly #replicaSets: Informer<ReplicaSet>
  readonly #namespaces: Informer<Namespace>
  #run: Run | undefined

  constructor(options: SchedulerOptions) {
    this.#options = options
    const { factory } = options
    this.#pods = factory.informer(kinds.pods)
    this.#nodes = factory.informer(kinds.nodes)
    this.#services = factory.informer(kinds.services)
    this.#replicaSets = factory.informer(kinds.replicaSets)
    this.#namespaces = factory.informer(kinds.namespaces)
  }

  /** `client` carries the fence of the term. The informers must have synced. */
  start(client: Client): void {
    this.stop()
    this.#run = new Run(client, this.#options, {
      pod: (namespace, name) => this.#pods.lister.get(namespace, name),
      namespaceLabels: name => this.#namespaces.lister.get(undefined, name)?.metadata.labels ?? {},
      defaultSelector: pod => this.#defaultSelector(pod),
    })
    this.#run.start(this.#pods, this.#nodes)
  }

  stop(): void {
    this.#run?.stop()
    this.#run = undefined
  }

  get stats(): SchedulerStats {
    return this.#run?.stats ?? { queue: 0, bound: 0, failed: 0 }
  }

  /** Why the pod went, or did not go, where it did: kept for recent pods. */
  decision(namespace: string, name: string): Decision | undefined {
    return this.#run?.decisions.get(`${namespace}/${name}`)
  }

  /** Source: plugins/helper/spread.go DefaultSelector. */
  #defaultSelector(pod: Pod): Selector {
    const labels = pod.metadata.labels ?? {}
    const requirements = this.#services.lister
      .byNamespace(pod.metadata.namespace ?? '')
      .map(service => service.spec.selector ?? {})
      .filter(selector => Object.keys(selector).length > 0)
      .map(selectorOfMap)
      .filter(selector => matchesLabels(selector, labels))
      .flatMap(selector => selector.requirements)
    const owner = pod.metadata.ownerReferences?.find(reference => reference.controller)
    if (owner?.kind === 'ReplicaSet') {
      const replicaSet = this.#replicaSets.lister.get(pod.metadata.namespace, owner.name)
      if (replicaSet) requirements.push(...selectorOf(replicaSet.spec.selector).requirements)
    }
    return requirements.length === 0 ? nothing : { requirements, nothing: false }
  }
}

interface Lookups {
  pod(namespace: string, name: string): Pod | undefined
  namespaceLabels(namespace: string): Readonly<Record<string, string>>
  defaultSelector(pod: Pod): Selector
}

const decisionsMax = 200

/** One leadership's work: begun with an empty queue, thrown away at its end. */
class Run {
  readonly decisions = new Map<string, Decision>()
  readonly #client: Client
  readonly #options: SchedulerOptions
  readonly #lookups: Lookups
  readonly #recorder: EventRecorder
  readonly #cache = new SchedulerCache()
  readonly #queue: SchedulingQueue
  readonly #binder: BindPlugin
  readonly #removers: Cancel[] = []
  #stopped = false
  #binding = 0
  #bindingFree: (() => void) | undefined
  #bound = 0
  #failed = 0

  constructor(client: Client, options: SchedulerOptions, lookups: Lookups) {
    this.#client = client
    this.#options = options
    this.#lookups = lookups
    this.#queue = new SchedulingQueue(options.clock)
    this.#recorder = createRecorder(client, { component: defaultSchedulerName }, options.clock)
    this.#binder = { name: 'DefaultBinder', bind: (pod, node) => this.#postBinding(pod, node) }
  }

  get stats(): SchedulerStats {
    const { active, backoff, unschedulable } = this.#queue.lengths
    const queue = active + backoff + unschedulable
    return { queue, bound: this.#bound, failed: this.#failed }
  }

  start(pods: Informer<Pod>, nodes: Informer<Node>): void {
    this.#removers.push(
      nodes.addHandler({
        onAdd: node => this.#onNode(node),
        onUpdate: node => this.#onNode(node),
        onDelete: node => this.#cache.removeNode(node.metadata.name ?? ''),
      }),
      pods.addHandler({
        onAdd: pod => this.#onPod(pod),
        onUpdate: pod => this.#onPod(pod),
        onDelete: pod => this.#onPodGone(pod),
      }),
      this.#options.clock.every(flushMs, () => this.#queue.flushOld()),
    )
    void this.#loop()
  }

  stop(): void {
    this.#stopped = true
    for (const remove of this.#removers.splice(0)) remove()
    this.#queue.close()
    this.#bindingFree?.()
  }

  #onNode(node: Node): void {
    this.#cache.setNode(node)
    this.#queue.moveAll()
  }

  #onPod(pod: Pod): void {
    const key = keyOf(pod)
    if (isFinished(pod)) {
      this.#onPodGone(pod)
      return
    }
    if (pod.spec.nodeName) {
      this.#queue.remove(key)
      this.#cache.setPod(pod)
      // Another pod's affinity may have waited for this one.
      this.#queue.moveAll()
      return
    }
    if (!isOurs(pod) || this.#cache.isAssumed(pod.metadata.uid ?? '')) return
    this.#queue.add(key, pod)
  }

  #onPodGone(pod: Pod): void {
    this.#queue.remove(keyOf(pod))
    this.#cache.removePod(pod.metadata.uid ?? '')
    if (pod.spec.nodeName) this.#queue.moveAll()
  }

  async #loop(): Promise<void> {
    for (let next = await this.#queue.pop(); next; next = await this.#queue.pop()) {
      await this.#bindingSlot()
      if (this.#stopped) return
      try {
        this.#schedule(next)
      } catch (error) {
        this.#options.logger.error('scheduling failed', {
          pod: next.key,
          error: errorMessage(error),
        })
        this.#queue.retryLater(next)
      }
    }
  }

  #schedule(next: NonNullable<Awaited<ReturnType<SchedulingQueue['pop']>>>): void {
    const [namespace = '', name = ''] = next.key.split('/')
    const pod = this.#lookups.pod(namespace, name)
    if (!pod || pod.spec.nodeName || isFinished(pod) || !isOurs(pod)) return
    const moves = this.#queue.moves
    const cycle: Cycle = {
      pod,
      nodes: this.#cache.nodes(),
      defaultSelector: this.#lookups.defaultSelector(pod),
      namespaceLabels: this.#lookups.namespaceLabels,
      state: new Map(),
    }
    const decision = decide(defaultProfile, cycle, this.#options.prng)
    this.#remember(next.key, decision)
    if (decision.nodeName === undefined) {
      this.#failed++
      this.#queue.retry(next, moves)
      void this.#reportUnschedulable(pod, fitErrorText(decision))
      return
    }
    this.#cache.reserve(pod, decision.nodeName)
    void this.#bind(next, pod, decision.nodeName)
  }

  async #bind(
    next: NonNullable<Awaited<ReturnType<SchedulingQueue['pop']>>>,
    pod: Pod,
    nodeName: string,
  ): Promise<void> {
    this.#binding++
    try {
      await this.#binder.bind(pod, nodeName)
      this.#bound++
      this.#recorder.event(
        pod,
        'Normal',
        'Scheduled',
        `Successfully assigned ${keyOf(pod)} to ${nodeName}`,
      )
    } catch (error) {
      this.#cache.unreserve(pod)
      if (this.#stopped || isStatusReason(error, 'NotFound')) return
      this.#options.logger.warn('binding failed', { pod: next.key, error: errorMessage(error) })
      this.#recorder.event(
        pod,
        'Warning',
        'FailedScheduling',
        `binding rejected: ${errorMessage(error)}`,
      )
      this.#queue.retryLater(next)
    } finally {
      this.#binding--
      this.#bindingFree?.()
    }
  }

  async #postBinding(pod: Pod, nodeName: string): Promise<void> {
    const { namespace, name = '', uid } = pod.metadata
    const binding: Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { kind: 'Node', name: nodeName },
    }
    await this.#client.createSub(kinds.pods, namespace, name, 'binding', binding)
  }

  async #reportUnschedulable(pod: Pod, message: string): Promise<void> {
    this.#recorder.event(pod, 'Warning', 'FailedScheduling', message)
    const before = pod.status?.conditions?.find(each => each.type === 'PodScheduled')
    if (before?.status === 'False' && before.message === message) return
    const condition = {
      type: 'PodScheduled',
      status: 'False',
      reason: 'Unschedulable',
      message,
      lastTransitionTime:
        before?.status === 'False'
          ? before.lastTransitionTime
          : new Date(this.#options.clock.wall()).toISOString().replace(/\.\d+Z$/, 'Z'),
    }
    const { namespace, name = '' } = pod.metadata
    const body = { status: { conditions: [condition] } }
    try {
      await this.#client.patch(kinds.pods, namespace, name, {
        type: 'strategic',
        body,
        subresource: 'status',
      })
    } catch (error) {
      this.#options.logger.debug('condition not written', { error: errorMessage(error) })
    }
  }

  async #bindingSlot(): Promise<void> {
    while (this.#binding >= bindingsMax && !this.#stopped) {
      await new Promise<void>(resolve => {
        this.#bindingFree = resolve
      })
    }
  }

  #remember(key: string, decision: Decision): void {
    this.decisions.delete(key)
    this.decisions.set(key, decision)
    if (this.decisions.size <= decisionsMax) return
    const oldest = this.decisions.keys().next().value
    if (oldest !== undefined) this.decisions.delete(oldest)
  }
}

function keyOf(pod: Pod): string {
  return `${pod.metadata.namespace}/${pod.metadata.name}`
}

function isFinished(pod: Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed'
}

/** Ours: named after us, not held by gates, not on its way out. */
function isOurs(pod: Pod): boolean {
  return (
    (pod.spec.schedulerName ?? defaultSchedulerName) === defaultSchedulerName &&
    (pod.spec.schedulingGates ?? []).length === 0 &&
    !pod.metadata.deletionTimestamp
  )
}
