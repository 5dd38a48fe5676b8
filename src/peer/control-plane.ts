import { setMaxListeners } from 'node:events'
import type { ComponentReport } from '../admin/types.ts'
import type { InformerFactory } from '../client/informer.ts'
import type { Client } from '../client/types.ts'
import type { ControllerManager } from '../controllers/manager.ts'
import { type Clock, sleep } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Scheduler } from '../scheduler/scheduler.ts'
import type { Leadership, Store } from '../store/types.ts'

/** Longest time for the caches to reach the revision at which a leadership begins. */
const syncTimeoutMs = 10_000
/** Attempts to establish before the peer keeps the store's leadership without the control plane. */
const roundsMax = 3
const backoffFirstMs = 500

export interface ControlPlaneOptions {
  readonly store: Store
  readonly factory: InformerFactory
  /** Absent where somebody else's places the pods. */
  readonly scheduler: Scheduler | undefined
  readonly schedulerClient: Client
  readonly manager: ControllerManager
  readonly managerClient: Client
  /** Objects that every cluster has: namespaces, the kubernetes Service. Idempotent. */
  readonly bootstrap: (term: number) => Promise<void>
  /** Objects that every cluster has too, and that nothing waits for. Idempotent. */
  readonly defaults: (term: number, signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly logger: Logger
  readonly onEvent: (message: string) => void
}

/**
 * Scheduler and controllers follow the Raft leadership, all or nothing. The gate opens when the
 * no-op of the term is applied and every informer has reached that revision: a predecessor's
 * writes may still be on their way to the caches.
 */
export class ControlPlane {
  readonly #options: ControlPlaneOptions
  #term = 0
  #running = false
  #attempt = new AbortController()
  #failedRounds = 0

  constructor(options: ControlPlaneOptions) {
    this.#options = options
  }

  get running(): boolean {
    return this.#running
  }

  get term(): number {
    return this.#term
  }

  /** Leads the store, and the control plane could not be started: /readyz is red. */
  get failed(): boolean {
    return this.#failedRounds >= roundsMax
  }

  get components(): readonly ComponentReport[] {
    const { scheduler, manager } = this.#options
    const state = this.#running ? 'running' : 'stopped'
    return [
      ...(scheduler === undefined ? [] : [reportOf(scheduler, state)]),
      ...manager.stats.map(stats => ({ ...stats, state }) as const),
    ]
  }

  onLeadership(leadership: Leadership): void {
    this.close()
    this.#term = leadership.term
    if (!leadership.leading) return
    this.#attempt = new AbortController()
    void this.#establish(leadership.term, leadership.revision, this.#attempt.signal)
  }

  /** Writes what every cluster has again, when the list of its API servers has changed. */
  refresh(): void {
    if (!this.#running) return
    const { logger } = this.#options
    this.#options.bootstrap(this.#term).catch((error: unknown) => {
      logger.warn('the kubernetes Service could not be written', { error: errorMessage(error) })
    })
  }

  /** Stops everything at once: the fence refuses what is still on its way. */
  close(): void {
    this.#attempt.abort(new Error('leadership lost'))
    if (this.#running) {
      this.#options.onEvent(`control plane closed (term ${this.#term})`)
      this.#options.logger.info('control plane closed', { term: this.#term })
    }
    this.#running = false
    this.#options.scheduler?.stop()
    this.#options.manager.stop()
  }

  async #establish(term: number, revision: number, signal: AbortSignal): Promise<void> {
    const { factory, scheduler, manager, logger, clock } = this.#options
    const began = clock.now()
    try {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(syncTimeoutMs)])
      // Every informer listens to it: more than the ten that Node takes for a leak.
      setMaxListeners(0, deadline)
      await factory.waitForSync(deadline)
      await factory.waitForRevision(String(revision), deadline)
      if (signal.aborted) return
      scheduler?.start(this.#options.schedulerClient.withFence(term))
      manager.start(this.#options.managerClient.withFence(term))
      this.#running = true
      this.#failedRounds = 0
      const tookMs = Math.round(clock.now() - began)
      logger.info('control plane established', { term, revision, tookMs })
      this.#options.onEvent(`control plane established in ${tookMs} ms (term ${term})`)
      await this.#options.bootstrap(term)
      await this.#createDefaults(term, signal)
    } catch (error) {
      if (signal.aborted) return
      logger.error('control plane could not be established', { term, error: errorMessage(error) })
      await this.#giveUp(term, revision, signal)
    }
  }

  /** The control plane does without them: the next leader tries again what this one could not. */
  async #createDefaults(term: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.defaults(term, signal)
    } catch (error) {
      if (signal.aborted) return
      this.#options.logger.warn('defaults are missing', { error: errorMessage(error) })
    }
  }

  /** Hands over to a peer that may do better; after three rounds leadership must not wander on. */
  async #giveUp(term: number, revision: number, signal: AbortSignal): Promise<void> {
    this.#running = false
    this.#options.scheduler?.stop()
    this.#options.manager.stop()
    this.#failedRounds++
    const backoffMs = backoffFirstMs * 2 ** Math.min(this.#failedRounds, 6)
    await sleep(backoffMs, signal).catch(() => {})
    if (signal.aborted) return
    if (!this.failed) {
      const moved = await this.#options.store.transferLeadership()
      if (moved.ok || signal.aborted) return
    }
    await this.#establish(term, revision, signal)
  }
}

function reportOf(scheduler: Scheduler, state: ComponentReport['state']): ComponentReport {
  const { queue, bound, failed } = scheduler.stats
  return { name: 'scheduler', state, queue, done: bound, errors: failed }
}
