import type { Core } from '../raft/core.ts'
import type { Wal } from '../wal/wal.ts'
import type { Machine } from './machine.ts'
import type { RaftRole, ReplicationStatus, StoreStatus } from './types.ts'

/** Where a status comes from. */
export interface StatusSources {
  readonly core: Core
  /** Index of the last entry that was applied. */
  readonly applied: number
  readonly machine: Machine
  readonly wal: Wal
  readonly tickMs: number
  readonly rtts: ReadonlyMap<string, number>
  readonly proposals: number
  /** Refused by their fence before they reached the log. */
  readonly fencedEarly: number
  readonly refusedFrames: number
  readonly watchers: number
  readonly fsyncMs: StoreStatus['fsyncMs']
  readonly commitMs: StoreStatus['commitMs']
  readonly tickLateMs: StoreStatus['tickLateMs']
}

/** The status of a replica, without its hash. */
export function readStatus(sources: StatusSources): StoreStatus {
  const { core, machine, wal, fsyncMs, commitMs, tickLateMs } = sources
  const { voters, learners } = core.membership
  return {
    id: core.id,
    role: roleOf(core),
    term: core.term,
    vote: core.vote,
    leader: core.leader,
    firstIndex: core.log.offset + 1,
    lastIndex: core.log.last,
    commit: core.committed,
    applied: sources.applied,
    revision: machine.mvcc.revision,
    compactRevision: machine.mvcc.floor,
    voters,
    learners,
    replication: replicationOf(sources),
    dbBytes: machine.mvcc.bytes,
    walBytes: wal.bytes,
    watchers: sources.watchers,
    leases: machine.mvcc.leases.size,
    counters: {
      proposals: sources.proposals,
      ...machine.counters,
      fenced: machine.counters.fenced + sources.fencedEarly,
      elections: core.elections,
      fsyncs: wal.fsyncs,
      refusedFrames: sources.refusedFrames,
    },
    fsyncMs,
    commitMs,
    tickLateMs,
    alarms: machine.roster.alarms.map(({ alarm }) => alarm),
  }
}

function roleOf(core: Core): RaftRole {
  return core.membership.learners.includes(core.id) ? 'learner' : core.role
}

function replicationOf({ core, tickMs, rtts }: StatusSources): ReplicationStatus[] {
  return [...core.progress].map(([id, { match, next, state, heardTick }]) => {
    const lastHeardMs = (core.now - heardTick) * tickMs
    return { id, match, next, state, lastHeardMs, rttMs: rtts.get(id) ?? 0 }
  })
}
