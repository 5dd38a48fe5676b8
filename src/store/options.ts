import type { RaftConfig } from '../raft/types.ts'

/** Times of a replica, milliseconds. All members of a cluster should have the same. */
export interface Timings {
  readonly tickMs: number
  readonly heartbeatMs: number
  /** Election timeouts are uniform in [electionMsMin, electionMsMax]. */
  readonly electionMsMin: number
  readonly electionMsMax: number
  /** After a dead leader, each rank of survivors waits this much longer than the one before. */
  readonly rankMs: number
  /** A proposal or read without an answer is sent again after this. */
  readonly retryMs: number
  /** Leases are looked at this often by the leader. */
  readonly leaseCheckMs: number
  /** A leader whose fsyncs take this long, several times, hands over; see SlowDisk. */
  readonly slowDiskMs: number
  /** It does so again after this at the earliest: the others' disks may be slow as well. */
  readonly slowDiskPauseMs: number
}

export const defaultTimings: Timings = {
  tickMs: 10,
  heartbeatMs: 50,
  electionMsMin: 300,
  electionMsMax: 600,
  rankMs: 15,
  retryMs: 300,
  leaseCheckMs: 200,
  slowDiskMs: 200,
  slowDiskPauseMs: 60_000,
}

/** Bounds of a replica's queues and messages. */
export const limits = {
  /** Requests of this peer that wait for their result. */
  pendingMax: 16_384,
  /** And what the writes among them may weigh together, in bytes; one above it is let in. */
  pendingBytesMax: 64 << 20,
  /** Commands of one log entry, in bytes. */
  entryBytesMax: 1 << 20,
  /** Entries that may be uncommitted before the leader lets commands wait. */
  uncommittedEntriesMax: 256,
  /** Commands that may wait at the leader, in bytes; forwarded ones above are dropped. */
  queueBytesMax: 64 << 20,
  appendBytesMax: 1 << 20,
  inflightMax: 256,
  inflightBytesMax: 16 << 20,
  /** Snapshot slices on their way to one follower. */
  snapshotWindow: 8,
  /** A bulk sender waits while this much is queued on the channel. */
  channelBytesMax: 4 << 20,
  /** A snapshot transfer without progress is given up after this. */
  snapshotStallMs: 10_000,
} as const

/** Times in ticks, as the core wants them. */
export function raftConfig(timings: Timings): RaftConfig {
  const ticks = (ms: number) => Math.max(1, Math.round(ms / timings.tickMs))
  const { appendBytesMax, inflightMax, inflightBytesMax } = limits
  return {
    heartbeatTicks: ticks(timings.heartbeatMs),
    electionTicksMin: ticks(timings.electionMsMin),
    electionTicksMax: ticks(timings.electionMsMax),
    rankTicks: ticks(timings.rankMs),
    ...{ appendBytesMax, inflightMax, inflightBytesMax },
  }
}
