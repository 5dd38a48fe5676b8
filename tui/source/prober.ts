import type { Client } from '../../src/client/types.ts'
import { type Clock, sleep } from '../../src/kernel/clock.ts'
import { errorMessage } from '../../src/kernel/result.ts'
import { Probe } from '../../src/probe/probe.ts'
import type { ProbeState, SourceEvent } from '../model/types.ts'

const namespace = 'quorate-probe'
const publishMs = 100
const judgeMs = 3_000
const retryMs = 1_000
const removeTimeoutMs = 3_000

/**
 * The client whose word counts: one writer through the load balancer, judged every few seconds
 * against what the cluster has. Judged objects are deleted, all others at the end.
 */
export class Prober {
  readonly #probe: Probe
  readonly #clock: Clock
  readonly #emit: (event: SourceEvent) => void
  readonly #stop = new AbortController()
  #loops: Promise<void>[] = []
  #acknowledged: number[] = []
  #verdict: ProbeState['verdict']
  #state: ProbeState['state'] = 'starting'
  #error: string | undefined

  constructor(client: Client, clock: Clock, emit: (event: SourceEvent) => void, id: string) {
    this.#clock = clock
    this.#emit = emit
    this.#probe = new Probe({
      client,
      clock,
      namespace,
      id,
      writers: 1,
      pauseMs: 20,
      onAcknowledged: () => this.#acknowledged.push(clock.wall()),
    })
  }

  start(): void {
    this.#loops = [this.#begin(), this.#publish()]
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await Promise.race([this.#finish(), sleep(removeTimeoutMs)])
  }

  async #finish(): Promise<void> {
    await Promise.all([this.#probe.stop(), ...this.#loops])
    if (this.#state === 'running') await this.#probe.remove().catch(() => {})
  }

  async #begin(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted && this.#state !== 'running') {
      try {
        await this.#probe.start()
        this.#state = 'running'
        this.#error = undefined
      } catch (error) {
        this.#state = 'failed'
        this.#error = errorMessage(error)
        await sleep(retryMs, signal).catch(() => {})
      }
    }
    while (!signal.aborted) {
      await sleep(judgeMs, signal).catch(() => {})
      if (signal.aborted) return
      await this.#judge()
    }
  }

  async #judge(): Promise<void> {
    try {
      const { lost, duplicated } = await this.#probe.judge()
      this.#verdict = { lost, duplicated, at: this.#clock.wall() }
      await this.#probe.prune()
    } catch {
      // No quorum just now: the verdict keeps its age, and the next round judges again.
    }
  }

  async #publish(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      const acknowledged = this.#acknowledged
      this.#acknowledged = []
      this.#emit({ type: 'probe', probe: this.#now(), acknowledged })
      await sleep(publishMs, signal).catch(() => {})
    }
  }

  #now(): ProbeState {
    const { creates, increments, longestGapMs, sinceWriteMs } = this.#probe.report
    return {
      state: this.#state,
      writes: creates.acknowledged + increments.acknowledged,
      retried: creates.retried + increments.retried,
      failed: creates.failed + increments.failed,
      unknown: creates.unknown + increments.unknown,
      longestGapMs,
      sinceWriteMs,
      verdict: this.#verdict,
      error: this.#error,
    }
  }
}
