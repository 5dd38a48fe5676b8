import type { MemberId, RaftConfig, Role } from './types.ts'

/** What a core knows of how late processes run. */
interface Punctuality {
  readonly config: RaftConfig
  readonly role: Role
  readonly late: number
  readonly leaderLate: number
  readonly progress: ReadonlyMap<MemberId, { readonly late: number }>
}

/** Patience ends at this many longest election timeouts: a leader that hangs is found out. */
const timeoutsMax = 5

/**
 * Ticks that are added to each timeout while processes are known to run late. The timeouts are for
 * hangs; a death shows by its connection, whatever the load. Lateness below a heartbeat is what the
 * timeouts allow for anyway; above it a message may be held up at both its ends.
 */
export function patience(core: Punctuality): number {
  const late = lateness(core)
  if (late <= core.config.heartbeatTicks) return 0
  return Math.min(2 * late, timeoutsMax * core.config.electionTicksMax)
}

/** The most that anybody is late of whom this member knows, in ticks. */
export function lateness(core: Punctuality): number {
  let late = Math.max(core.late, core.role === 'leader' ? 0 : core.leaderLate)
  for (const progress of core.progress.values()) late = Math.max(late, progress.late)
  return late
}
