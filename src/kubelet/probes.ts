import type { Container, Pod, Probe } from '../api/objects.ts'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { ProbeVerdicts } from './actions.ts'
import { type HandlerResult, runHandler } from './handlers.ts'
import type { Runtime, RuntimeContainer } from './runtime/types.ts'

export type ProbeKind = 'startup' | 'liveness' | 'readiness'

/** What a probe manager needs of the kubelet. */
export interface ProbeHost {
  readonly runtime: Runtime
  readonly clock: Clock
  /** A verdict changed. */
  onChange(podUid: string): void
  onFailure(pod: Pod, container: Container, kind: ProbeKind, output: string): void
}

interface Target {
  readonly pod: Pod
  readonly spec: Container
  readonly container: RuntimeContainer
  readonly podIp: string
}

/**
 * Probes of all running containers: each container has its own checks, which end with it.
 * Source: pkg/kubelet/prober.
 */
export class ProbeManager {
  readonly #host: ProbeHost
  readonly #checks = new Map<string, ContainerChecks>()

  constructor(host: ProbeHost) {
    this.#host = host
  }

  /** Starts the checks of a container, unless they run. `wasReady`: as its status says. */
  watch(target: Target, wasReady: boolean): void {
    if (this.#checks.has(target.container.id)) return
    this.#checks.set(target.container.id, new ContainerChecks(this.#host, target, wasReady))
  }

  /** Ends the checks of every container of the pod that is not in `running`. */
  retain(podUid: string, running: ReadonlySet<string>): void {
    for (const [id, checks] of this.#checks) {
      if (checks.podUid !== podUid || running.has(id)) continue
      checks.stop()
      this.#checks.delete(id)
    }
  }

  /** A pod that is being stopped: nothing of it is started again, but it may go on serving. */
  onlyReadiness(podUid: string): void {
    for (const checks of this.#checks.values()) {
      if (checks.podUid === podUid) checks.onlyReadiness()
    }
  }

  isReady(containerId: string | undefined): boolean {
    return this.#checks.get(containerId ?? '')?.isReady ?? false
  }

  /** The verdicts on a pod's containers; `idOf` names the running container. */
  verdicts(idOf: (container: string) => string | undefined): ProbeVerdicts {
    const checks = (name: string) => this.#checks.get(idOf(name) ?? '')
    return {
      isStarted: name => checks(name)?.isStarted ?? false,
      failed: name => checks(name)?.failed,
    }
  }

  stop(): void {
    for (const checks of this.#checks.values()) checks.stop()
    this.#checks.clear()
  }
}

class ContainerChecks {
  readonly podUid: string
  isStarted: boolean
  isReady: boolean
  failed: 'liveness' | 'startup' | undefined
  readonly #host: ProbeHost
  readonly #target: Target
  readonly #cancels = new Map<ProbeKind, Cancel>()
  #isStopped = false
  #isEnding = false

  constructor(host: ProbeHost, target: Target, wasReady: boolean) {
    this.#host = host
    this.#target = target
    this.podUid = target.pod.metadata.uid ?? ''
    const { startupProbe, readinessProbe } = target.spec
    this.isStarted = !startupProbe || wasReady
    this.isReady = !readinessProbe || wasReady
    if (this.isStarted) this.#startMain()
    else this.#schedule('startup', startupProbe!, counters())
  }

  stop(): void {
    this.#isStopped = true
    for (const cancel of this.#cancels.values()) cancel()
  }

  onlyReadiness(): void {
    for (const kind of ['startup', 'liveness'] as const) {
      this.#cancels.get(kind)?.()
      this.#cancels.delete(kind)
    }
    this.#isEnding = true
  }

  #startMain(): void {
    const { livenessProbe, readinessProbe } = this.#target.spec
    if (livenessProbe) this.#schedule('liveness', livenessProbe, counters())
    if (readinessProbe) this.#schedule('readiness', readinessProbe, counters())
  }

  #schedule(kind: ProbeKind, probe: Probe, seen: Counters): void {
    const startedAt = this.#target.container.startedAt ?? this.#host.clock.wall()
    const age = this.#host.clock.wall() - startedAt
    const initialMs = Math.max((probe.initialDelaySeconds ?? 0) * 1_000 - age, 0)
    const waitMs = seen.runs === 0 ? initialMs : (probe.periodSeconds ?? 10) * 1_000
    const run = () => void this.#run(kind, probe, seen)
    this.#cancels.set(kind, this.#host.clock.after(waitMs, run))
  }

  async #run(kind: ProbeKind, probe: Probe, seen: Counters): Promise<void> {
    seen.runs++
    const { runtime } = this.#host
    const result = await runHandler(
      probe,
      { runtime, ...this.#target },
      (probe.timeoutSeconds ?? 1) * 1_000,
    )
    if (this.#isStopped || (this.#isEnding && kind !== 'readiness')) return
    if (this.#judge(kind, probe, seen, result)) this.#schedule(kind, probe, seen)
  }

  /** Counts a result; false when this check is over. */
  #judge(kind: ProbeKind, probe: Probe, seen: Counters, result: HandlerResult): boolean {
    seen.successes = result.ok ? seen.successes + 1 : 0
    seen.failures = result.ok ? 0 : seen.failures + 1
    if (!result.ok) {
      this.#host.onFailure(this.#target.pod, this.#target.spec, kind, result.output)
    }
    const isGood = result.ok && seen.successes >= (probe.successThreshold ?? 1)
    const isBad = !result.ok && seen.failures >= (probe.failureThreshold ?? 3)
    if (kind === 'readiness') {
      if ((isGood && !this.isReady) || (isBad && this.isReady)) {
        this.isReady = isGood
        this.#host.onChange(this.podUid)
      }
      return true
    }
    if (kind === 'startup' && isGood) {
      this.isStarted = true
      this.#host.onChange(this.podUid)
      this.#startMain()
      return false
    }
    if (!isBad) return true
    this.failed = kind
    this.#host.onChange(this.podUid)
    return false
  }
}

interface Counters {
  runs: number
  successes: number
  failures: number
}

function counters(): Counters {
  return { runs: 0, successes: 0, failures: 0 }
}
