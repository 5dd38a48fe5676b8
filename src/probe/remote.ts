import { Worker } from 'node:worker_threads'
import { within } from '../kernel/clock.ts'
import type { FromProbe, ProbeState, ProbeThreadOptions, ToProbe } from './messages.ts'
import type { Verdict } from './types.ts'

/** Writers of a probe, and from one write of each to its next: an acknowledgement every 10 ms. */
export const steadyLoad = { writers: 8, periodMs: 80 } as const

const judgeMs = 60_000

/** A probe in a thread of its own, seen from the thread that shows what it says. */
export class RemoteProbe {
  readonly #worker: Worker
  readonly #onState: (state: ProbeState) => void
  readonly #calls = new Map<number, (answer: Extract<FromProbe, { type: 'verdict' }>) => void>()
  readonly #stopped: Promise<void>
  #lastCall = 0

  /** `onState` hears of it ten times a second, less often while it does not return. */
  constructor(options: ProbeThreadOptions, onState: (state: ProbeState) => void) {
    this.#onState = onState
    this.#worker = new Worker(new URL('./probe-thread.js', import.meta.url), {
      workerData: options,
    })
    this.#stopped = new Promise(resolve => {
      this.#worker.on('message', (message: FromProbe) => {
        if (message.type === 'stopped') resolve()
        else this.#onMessage(message)
      })
      this.#worker.once('exit', () => resolve())
    })
    this.#worker.on('error', error => this.#onDied(error))
  }

  /** Something happened that may cost writes; `t0` by the wall clock, ms. Told twice: once. */
  event(id: string, t0: number): void {
    this.#tell({ type: 'event', id, t0 })
  }

  /** Reads everything back and compares. @throws Error when that can't be read now. */
  async judge(): Promise<Verdict> {
    const call = ++this.#lastCall
    const answer = new Promise<Extract<FromProbe, { type: 'verdict' }>>(resolve => {
      this.#calls.set(call, resolve)
    })
    this.#tell({ type: 'judge', call })
    const answered = await within(answer, judgeMs)
    this.#calls.delete(call)
    if (answered?.verdict !== undefined) return answered.verdict
    throw new Error(answered === undefined ? `no verdict in ${judgeMs} ms` : answered.error)
  }

  /** Deletes what the last judgement found as it should be. */
  prune(): void {
    this.#tell({ type: 'prune' })
  }

  /** Ends the writers, and deletes what they have made. What takes longer than that is left. */
  async stop(timeoutMs: number, remove = true): Promise<void> {
    this.#tell({ type: 'stop', remove })
    await within(this.#stopped, timeoutMs)
    await this.#worker.terminate()
  }

  #onMessage(message: Exclude<FromProbe, { type: 'stopped' }>): void {
    if (message.type === 'verdict') {
      this.#calls.get(message.call)?.(message)
      return
    }
    this.#onState(message)
    this.#tell({ type: 'seen' })
  }

  #onDied(error: Error): void {
    for (const [call, resolve] of this.#calls) {
      resolve({ type: 'verdict', call, error: error.message })
    }
    const { report, outages } = nothingSeen
    this.#onState({ state: 'failed', error: error.message, report, outages })
  }

  #tell(message: ToProbe): void {
    this.#worker.postMessage(message)
  }
}

const noTally = { acknowledged: 0, unknown: 0, failed: 0, retried: 0 } as const
const nothingSeen: Pick<ProbeState, 'report' | 'outages'> = {
  report: {
    ...{ creates: noTally, increments: noTally, reads: noTally },
    ...{ longestGapMs: 0, sinceWriteMs: 0, failures: [] },
  },
  outages: [],
}
