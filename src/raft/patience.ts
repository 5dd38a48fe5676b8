import type { Core } from './core.ts'

/** Patience ends at this many longest election timeouts: a leader that hangs is found out. */
const timeoutsMax = 5

/**
 * Ticks that are added to each timeout while processes are known to run late. The timeouts are for
 * hangs; a death shows by its connection, whatever the load. Lateness below a heartbeat is what the
 * timeouts allow for anyway; above it a message may be held up at both its ends.
 */
export function patience(core: Core): number {
  const late = lateness(core)
  if (late <= core.config.heartbeatTicks) return 0
  return Math.min(2 * late, timeoutsMax * core.config.electionTicksMax)
}

/** The most that anybody is late of whom this member knows, in ticks. */
export function lateness(core: Core): number {
  let late = Math.max(core.late, core.role === 'leader' ? 0 : core.leaderLate)
  for (const progress of core.progress.values()) late = Math.max(late, progress.late)
  return late
}
