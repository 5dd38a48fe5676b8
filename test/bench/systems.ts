import type { Target } from './lean/session.ts'
import type { Figures } from './measure.ts'
import type { FromMember, ToMember } from './member.ts'
import type { InsideWorkload } from './workloads.ts'

/** A cluster of three members under test: real processes on this machine. */
export interface System {
  readonly name: string
  /** gRPC of each member. */
  readonly targets: readonly Target[]
  /** PIDs, in the order of `targets`. */
  pids(): readonly number[]
  /** Starts member `n` again after it was killed. */
  restart(n: number): Promise<void>
  /** Ends member `n` as it stands. */
  kill(n: number): Promise<void>
  /** The folder in which member `n` keeps its log and state. */
  dataOf(n: number): string
  /** Adds a learner with an empty disk, the fourth member, and starts it. */
  join(): Promise<Target>
  stop(): Promise<void>
}

/** Ours, which can also be asked from within, as the API server asks. */
export interface EmbeddedSystem extends System {
  /** Asks member `n`; without: the leader. */
  ask<T extends FromMember['type']>(
    message: ToMember,
    answer: T,
    n?: number,
  ): Promise<Extract<FromMember, { type: T }>>
  /** `first`: number of each writer's first request, 0 without; `keys`: of each writer. */
  measureInside(
    workload: InsideWorkload,
    outstanding: number,
    durationMs: number,
    first?: number,
    keys?: number,
  ): Promise<Figures>
  /** Cuts member `n` off from the others, both ways, or heals it. */
  partition(n: number, cut: boolean): Promise<void>
}
