import type { ClusterEvent } from '../../src/admin/types.ts'
import { type Clock, sleep } from '../../src/kernel/clock.ts'
import type { ProbeState as Seen } from '../../src/probe/messages.ts'
import { RemoteProbe, steadyLoad } from '../../src/probe/remote.ts'
import { electionId, faultId } from '../model/failover.ts'
import type { ProbeState, SourceEvent } from '../model/types.ts'

const namespace = 'quorate-probe'
const judgeMs = 3_000
const stopTimeoutMs = 3_000

/**
 * The clients whose word counts: staggered writers through the load balancer, in a thread that no
 * terminal can block, judged every few seconds against what the cluster has. Judged objects are
 * deleted, all others at the end.
 */
export class Prober {
  readonly #probe: RemoteProbe
  readonly #clock: Clock
  readonly #emit: (event: SourceEvent) => void
  readonly #stop = new AbortController()
  #judging: Promise<void> = Promise.resolve()
  #verdict: ProbeState['verdict']

  constructor(
    server: string,
    tls: { readonly ca: string; readonly cert: string; readonly key: string },
    clock: Clock,
    emit: (event: SourceEvent) => void,
  ) {
    this.#clock = clock
    this.#emit = emit
    const id = `tui-${process.pid}-${clock.wall().toString(36)}`
    const options = { server, tls, namespace, id, userAgent: 'quorate-tui', ...steadyLoad }
    this.#probe = new RemoteProbe(options, seen => this.#onState(seen))
  }

  start(): void {
    this.#judging = this.#judge()
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#probe.stop(stopTimeoutMs)
    await this.#judging
  }

  /** What may cost writes is measured, whether or not it turns out to. */
  heard({ at, data }: ClusterEvent): void {
    if (data?.type === 'fault') this.#probe.event(faultId(data.t0), data.t0)
    if (data?.type === 'elected') this.#probe.event(electionId(data.term), at)
  }

  async #judge(): Promise<void> {
    const { signal } = this.#stop
    while (!signal.aborted) {
      await sleep(judgeMs, signal).catch(() => {})
      if (signal.aborted) return
      try {
        const { lost, duplicated } = await this.#probe.judge()
        this.#verdict = { lost, duplicated, at: this.#clock.wall() }
        this.#probe.prune()
      } catch {
        // No quorum just now: the verdict keeps its age, and the next round judges again.
      }
    }
  }

  #onState({ state, error, report, outages }: Seen): void {
    const { creates, increments, longestGapMs, sinceWriteMs } = report
    const probe: ProbeState = {
      state,
      at: this.#clock.wall(),
      writes: creates.acknowledged + increments.acknowledged,
      retried: creates.retried + increments.retried,
      failed: creates.failed + increments.failed,
      unknown: creates.unknown + increments.unknown,
      ...{ longestGapMs, sinceWriteMs, error },
      ...(this.#verdict && { verdict: this.#verdict }),
    }
    this.#emit({ type: 'probe', probe, outages })
  }
}
