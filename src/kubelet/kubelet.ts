import { mkdirSync } from 'node:fs'
import { kinds } from '../api/kinds.ts'
import type { Node } from '../api/objects.ts'
import { InformerFactory } from '../client/informer.ts'
import { createRecorder } from '../client/recorder.ts'
import type { Informer } from '../client/types.ts'
import { type Cancel, type Clock, systemClock } from '../kernel/clock.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Startable } from '../kernel/startable.ts'
import { Backoff } from './backoff.ts'
import { fieldPathOf, type KubeletContext } from './context.ts'
import { NodeAgent } from './node.ts'
import { PodWorkers } from './podworkers.ts'
import { ProbeManager } from './probes.ts'
import { createKubeletServer, type KubeletServer } from './server/server.ts'
import { defaultTimings, type KubeletOptions, type KubeletTimings } from './types.ts'

/**
 * The agent of one node: registers it, runs its pods, tells their state, serves their logs.
 * `stop` leaves the pods running; the next kubelet of this node adopts them.
 * @throws Error from `start` when the server can't listen or the runtime can't start. `start` does
 * not wait for the API: the node registers when it answers.
 */
export function createKubelet(options: KubeletOptions): Startable {
  return new Kubelet(options)
}

const probeNames = { startup: 'Startup', liveness: 'Liveness', readiness: 'Readiness' } as const

class Kubelet implements Startable {
  readonly #options: KubeletOptions
  readonly #clock: Clock
  readonly #timings: KubeletTimings
  readonly #factory: InformerFactory
  readonly #ownsFactory: boolean
  readonly #nodes: Informer<Node>
  readonly #agent: NodeAgent
  readonly #probes: ProbeManager
  readonly #workers: PodWorkers
  readonly #server: KubeletServer | undefined
  readonly #undo: Cancel[] = []
  readonly #stopped = new AbortController()
  #podCidr: Promise<void> | undefined

  constructor(options: KubeletOptions) {
    this.#options = options
    const { client, nodeName, logger } = options
    this.#clock = options.clock ?? systemClock
    this.#timings = { ...defaultTimings, ...options.timings }
    this.#ownsFactory = !options.factory
    this.#factory = options.factory ?? new InformerFactory(client, { logger })
    this.#nodes = this.#factory.informer(kinds.nodes, {
      fieldSelector: `metadata.name=${nodeName}`,
    })
    const ownNode = () => this.#nodes.lister.get(undefined, nodeName)
    this.#agent = new NodeAgent(options, this.#clock, this.#timings, ownNode)
    const context = this.#context()
    this.#probes = context.probes
    this.#workers = new PodWorkers(context, ownNode)
    this.#server = this.#createServer()
  }

  async start(): Promise<void> {
    const { runtime, dataDir, nodeName, logger } = this.#options
    mkdirSync(dataDir, { recursive: true, mode: 0o700 })
    await runtime.start()
    await this.#server?.start()
    this.#workers.start()
    this.#undo.push(runtime.onChange(uid => this.#workers.wake(uid)))
    const pods = this.#factory.informer(kinds.pods, { fieldSelector: `spec.nodeName=${nodeName}` })
    this.#undo.push(
      pods.addHandler({
        onAdd: pod => this.#workers.update(pod),
        onUpdate: (pod, old) => {
          // A pod of the same name may have taken its place between two lists.
          if (pod.metadata.uid !== old.metadata.uid) this.#workers.remove(old)
          this.#workers.update(pod)
        },
        onDelete: pod => this.#workers.remove(pod),
      }),
    )
    if (this.#ownsFactory) await this.#factory.start()
    this.#undo.push(this.#clock.every(this.#timings.syncMs, () => this.#workers.wakeAll()))
    pods.waitForSync(this.#stopped.signal).then(
      () => this.#workers.synced(),
      () => undefined,
    )
    void this.#agent.start(this.#server?.port ?? 0)
    logger.info('kubelet started', { node: nodeName, runtime: runtime.name })
  }

  async stop(): Promise<void> {
    this.#stopped.abort(new Error('stopped'))
    for (const undo of this.#undo.splice(0)) undo()
    this.#agent.stop()
    this.#probes.stop()
    await this.#server?.stop()
    await this.#workers.stop()
    if (this.#ownsFactory) await this.#factory.stop()
    await this.#options.runtime.stop()
  }

  #context(): KubeletContext {
    const { client, runtime, logger, nodeAddress, dataDir, nodeName } = this.#options
    const clock = this.#clock
    const { crashBackoffMs, imageBackoffMs } = this.#timings
    const recorder = createRecorder(client, { component: 'kubelet', host: nodeName }, clock)
    const probes = new ProbeManager({
      runtime,
      clock,
      onChange: uid => this.#workers.wake(uid),
      onFailure: (pod, container, kind, output) => {
        const text = `${probeNames[kind]} probe failed: ${output}`
        recorder.event(pod, 'Warning', 'Unhealthy', text, fieldPathOf(pod, container))
      },
    })
    return {
      client,
      runtime,
      recorder,
      clock,
      logger,
      timings: this.#timings,
      probes,
      services: this.#factory.informer(kinds.services).lister,
      nodeAddress,
      dataDir,
      crashes: new Backoff(crashBackoffMs.first, crashBackoffMs.max),
      pulls: new Backoff(imageBackoffMs.first, imageBackoffMs.max),
      podCidr: () => {
        this.#podCidr ??= this.#findPodCidr().catch(error => {
          this.#podCidr = undefined
          throw error
        })
        return this.#podCidr
      },
    }
  }

  #createServer(): KubeletServer | undefined {
    const { serverPort, tls, nodeAddress, runtime, logger } = this.#options
    if (serverPort === undefined || !tls) return undefined
    return createKubeletServer({
      host: nodeAddress,
      port: serverPort,
      tls,
      runtime,
      logger,
      findPod: (namespace, name) => this.#workers.find(namespace, name),
      pods: () => this.#workers.pods(),
    })
  }

  /** Gives the runtime the node's range: what the controllers allotted, else the fallback. */
  async #findPodCidr(): Promise<void> {
    const { podCidrFallback, nodeName, runtime, logger } = this.#options
    const deadline = this.#clock.now() + this.#timings.podCidrWaitMs
    const allotted = () => this.#nodes.lister.get(undefined, nodeName)?.spec.podCIDR
    while (!allotted() && this.#clock.now() < deadline && !this.#stopped.signal.aborted) {
      await new Promise(resolve => setTimeout(resolve, 20))
    }
    const cidr = allotted() ?? podCidrFallback
    if (!cidr) throw new Error(`node "${nodeName}" has no podCIDR yet`)
    try {
      runtime.setPodCidr(cidr)
    } catch (error) {
      logger.error('the range of pod addresses is wrong', { cidr, error: errorMessage(error) })
      throw error
    }
  }
}
