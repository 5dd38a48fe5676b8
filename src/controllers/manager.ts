import type { Kind } from '../api/kinds.ts'
import { hasStatusCause, namespaceTerminating } from '../api/status.ts'
import type { KubeObject } from '../api/types.ts'
import type { InformerFactory } from '../client/informer.ts'
import { createRecorder } from '../client/recorder.ts'
import type { Client, Informer } from '../client/types.ts'
import { runWorkers, WorkQueue } from '../client/workqueue.ts'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import { Expectations } from './shared/expectations.ts'
import {
  type Context,
  type Controller,
  type ControllerSettings,
  done,
  type Outcome,
} from './types.ts'

export interface ManagerOptions {
  readonly controllers: readonly Controller[]
  readonly factory: InformerFactory
  readonly clock: Clock
  readonly logger: Logger
  readonly settings: ControllerSettings
}

/** One controller's figures since the leadership began. */
export interface ControllerStats {
  readonly name: string
  readonly queue: number
  readonly done: number
  readonly errors: number
}

/**
 * Runs the table of controllers between `start` and `stop`: with the leadership. The informers
 * belong to the peer and are warm before it leads.
 * Source of the name: cmd/kube-controller-manager.
 */
export class ControllerManager {
  readonly #options: ManagerOptions
  readonly #informers = new Map<string, Informer<KubeObject>>()
  #runs: ControllerRun[] = []

  constructor(options: ManagerOptions) {
    this.#options = options
    for (const controller of options.controllers) {
      for (const { kind } of controller.watches) this.#informer(kind)
      for (const { kind, name, of } of controller.indexes ?? []) {
        options.factory.informer(kind, { indexes: { [name]: of } })
      }
    }
  }

  /** `client` carries the fence of the term. The informers must have synced. */
  start(client: Client): void {
    this.stop()
    this.#runs = this.#options.controllers.map(controller => {
      const run = new ControllerRun(controller, this.#context(controller, client), kind =>
        this.#informer(kind),
      )
      run.start()
      return run
    })
  }

  stop(): void {
    for (const run of this.#runs) run.stop()
    this.#runs = []
  }

  get stats(): readonly ControllerStats[] {
    return this.#runs.map(run => run.stats)
  }

  #context(controller: Controller, client: Client): Context {
    const { clock, logger, settings } = this.#options
    return {
      client,
      clock,
      settings,
      logger: logger.child({ controller: controller.name }),
      recorder: createRecorder(client, { component: `${controller.name}-controller` }, clock),
      expectations: new Expectations(),
      lister: kind => this.#informer(kind).lister as never,
      cacheRevision: kind => Number(this.#informer(kind).revision || 0),
    }
  }

  #informer(kind: Kind<KubeObject>): Informer<KubeObject> {
    const key = `${kind.group}/${kind.resource}`
    let informer = this.#informers.get(key)
    if (!informer) {
      informer = this.#options.factory.informer(kind)
      this.#informers.set(key, informer)
    }
    return informer
  }
}

class ControllerRun {
  readonly #controller: Controller
  readonly #context: Context
  readonly #informer: (kind: Kind<KubeObject>) => Informer<KubeObject>
  readonly #queue: WorkQueue
  readonly #removers: Cancel[] = []
  #done = 0
  #errors = 0

  constructor(
    controller: Controller,
    context: Context,
    informer: (kind: Kind<KubeObject>) => Informer<KubeObject>,
  ) {
    this.#controller = controller
    this.#context = context
    this.#informer = informer
    this.#queue = new WorkQueue(context.clock)
  }

  get stats(): ControllerStats {
    const { name } = this.#controller
    return { name, queue: this.#queue.length, done: this.#done, errors: this.#errors }
  }

  start(): void {
    for (const row of this.#controller.watches) {
      const enqueue = (object: KubeObject, old?: KubeObject) => {
        for (const key of row.keys(object, this.#context, old)) this.#queue.add(key)
      }
      this.#removers.push(
        this.#informer(row.kind).addHandler({
          onAdd: object => enqueue(object),
          onUpdate: (object, old) => enqueue(object, old),
          onDelete: object => enqueue(object),
        }),
      )
    }
    void runWorkers(
      this.#queue,
      this.#controller.workers,
      key => this.#work(key),
      (key, error) => this.#onError(key, error),
    )
  }

  stop(): void {
    for (const remove of this.#removers.splice(0)) remove()
    this.#queue.shutDown()
  }

  async #work(key: string): Promise<void> {
    const outcome = await this.#controller.reconcile(key, this.#context).catch(unlessTerminating)
    this.#done++
    if (outcome.requeueAfterMs !== undefined) this.#queue.addAfter(key, outcome.requeueAfterMs)
  }

  #onError(key: string, error: unknown): void {
    if (this.#queue.shuttingDown) return
    this.#errors++
    this.#context.logger.info('reconcile failed, will retry', { key, error: errorMessage(error) })
  }
}

/**
 * Nothing can be created any more in a namespace that is going, however often it is tried.
 * Source: pkg/controller, wherever NamespaceTerminatingCause is looked for.
 */
function unlessTerminating(error: unknown): Outcome {
  if (hasStatusCause(error, namespaceTerminating)) return done
  throw error
}
