import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Prng } from '../kernel/prng.ts'
import type { MvccOptions } from '../mvcc/mvcc.ts'
import type { Channel } from '../p2p/types.ts'
import type { Core } from '../raft/core.ts'
import type { Disk } from '../wal/disk.ts'
import type { Wal } from '../wal/wal.ts'
import type { Refusal } from './frames.ts'
import type { Machine } from './machine.ts'
import type { EntryNotAppliedError } from './not-applied.ts'
import type { Timings } from './options.ts'

/** What a replica is made of; `openReplica` puts it together. */
export interface ReplicaParts {
  readonly core: Core
  readonly machine: Machine
  readonly wal: Wal
  readonly disk: Disk
  readonly channel: Channel
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly timings: Timings
  readonly incarnation: number
  /** Names this member's disk; see Hello. */
  readonly storeId: string
  /** The other members known at the start. */
  readonly others: readonly string[]
  /** Nothing was ever written on this disk. */
  readonly fresh: boolean
  /** Applied entries after which a snapshot is taken. */
  readonly snapshotEveryEntries: number
  /** Bytes of applied entries after which a snapshot is taken, whatever their number. */
  readonly snapshotEveryBytes: number
  /** Index of the snapshot on the disk. */
  readonly snapshotIndex: number
  /** Bytes of state above which writes are refused; see etcd's --quota-backend-bytes. */
  readonly quotaBytes: number
  /** How the state is held that a leader's snapshot brings. */
  readonly mvcc?: MvccOptions
  /** Runs a callback after all that has already arrived: setImmediate. */
  readonly defer: (callback: () => void) => void
  /** This member was removed, or stands on another disk: its process has to end. */
  readonly onRefused: (refusal: Refusal) => void
  /** The disk did not take what this member would have promised: its process has to end. */
  readonly onDiskFailed: (error: unknown) => void
  /** An entry can't be applied, so the state can't go on: the process has to end. */
  readonly onNotApplied: (error: EntryNotAppliedError) => void
}
