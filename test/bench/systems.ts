import type { Target } from './lean/session.ts'
import type { Figures } from './measure.ts'
import type { Workload } from './workloads.ts'

/** A cluster of three members under test: real processes on this machine. */
export interface System {
  readonly name: string
  /** gRPC of each member. */
  readonly targets: readonly Target[]
  /** PIDs, in the order of `targets`. */
  pids(): readonly number[]
  /** Starts member `n` again after it was killed. */
  restart(n: number): Promise<void>
  stop(): Promise<void>
}

/** Ours, which can also be asked from within, as the API server asks. */
export interface EmbeddedSystem extends System {
  measureInside(workload: Workload, outstanding: number, durationMs: number): Promise<Figures>
  /** Cuts member `n` off from the others, both ways, or heals it. */
  partition(n: number, cut: boolean): Promise<void>
}
