import { EventEmitter } from 'node:events'
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads'
import type { GossipedState } from '../admin/types.ts'
import { type Cancel, systemClock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Startable } from '../kernel/startable.ts'
import { connectStore } from '../store/connect.ts'
import type { Membership, Store } from '../store/types.ts'
import { beatMs, type ConsensusOptions, type FromConsensus, type ToConsensus } from './messages.ts'

const stopTimeoutMs = 5_000

/**
 * Of the consensus thread: a third of it is what one short collection may have to copy while the
 * thread stands still. Measured while 600,000 keys were loaded, the longest of them: 24 ms with
 * the default of 48, 11 ms with this, and no more of them in all.
 */
const maxYoungGenerationSizeMb = 12

/**
 * The consensus thread, seen from the main thread. Emits `gossip` (report), `event` (text) and
 * `died` (reason): without its store a peer must end. So it must when it is `refused` (text). The
 * mesh's `members` are told whenever they change.
 */
export class Consensus extends EventEmitter implements Startable {
  readonly store: (Store & Membership) | undefined
  readonly #worker: Worker
  readonly #control: MessagePort
  readonly #logger: Logger
  #beat: Cancel = () => {}
  #stopping = false

  constructor(options: Omit<ConsensusOptions, 'storePort' | 'controlPort'>, logger: Logger) {
    super()
    this.#logger = logger
    const storeChannel = new MessageChannel()
    const controlChannel = new MessageChannel()
    const workerData: ConsensusOptions = {
      ...options,
      storePort: storeChannel.port2,
      controlPort: controlChannel.port2,
    }
    this.#control = controlChannel.port1
    this.#worker = new Worker(new URL('./consensus-thread.js', import.meta.url), {
      workerData,
      transferList: [storeChannel.port2, controlChannel.port2],
      resourceLimits: { maxYoungGenerationSizeMb },
    })
    this.store = options.voters ? connectStore(storeChannel.port1) : undefined
  }

  /** @throws Error with the thread's reason, such as a damaged log or a taken port. */
  start(): Promise<void> {
    this.#beat = systemClock.every(beatMs, () => this.tell({ type: 'beat' }))
    return new Promise((resolve, reject) => {
      this.#control.on('message', (message: FromConsensus) => {
        if (message.type === 'started') resolve()
        else if (message.type === 'failed') reject(new Error(message.message))
        else this.#onMessage(message)
      })
      this.#worker.on('error', error => {
        reject(error)
        this.#died(`consensus thread failed: ${error.stack ?? error.message}`)
      })
      this.#worker.on('exit', code => {
        reject(new Error(`consensus thread ended with code ${code}`))
        this.#died(`consensus thread ended with code ${code}`)
      })
    })
  }

  tell(message: ToConsensus): void {
    this.#control.postMessage(message)
  }

  gossip(report: GossipedState): void {
    this.tell({ type: 'gossip', report })
  }

  async stop(): Promise<void> {
    this.#stopping = true
    const stopped = new Promise<void>(resolve => {
      this.once('stopped', resolve)
      setTimeout(resolve, stopTimeoutMs).unref()
    })
    this.tell({ type: 'stop' })
    await stopped
    this.#beat()
    await this.#worker.terminate()
  }

  #onMessage(message: FromConsensus): void {
    if (message.type === 'gossip') this.emit('gossip', message.report)
    if (message.type === 'event') this.emit('event', message.message)
    if (message.type === 'stopped') this.emit('stopped')
    if (message.type === 'members') this.emit('members', message.members)
    if (message.type === 'refused') this.emit('refused', message.message)
  }

  #died(reason: string): void {
    if (this.#stopping) return
    this.#logger.error('consensus thread died', { reason })
    this.emit('died', reason)
  }
}
