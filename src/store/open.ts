import type { Clock } from '../kernel/clock.ts'
import type { Logger } from '../kernel/logger.ts'
import type { Prng } from '../kernel/prng.ts'
import type { MvccOptions } from '../mvcc/mvcc.ts'
import type { Channel } from '../p2p/types.ts'
import { Core, type CoreStart } from '../raft/core.ts'
import type { Entry, RaftConfig } from '../raft/types.ts'
import { createDisk, type Disk } from '../wal/disk.ts'
import { removeUnfinishedSnapshots } from '../wal/snapshot.ts'
import { type Recovered, Wal } from '../wal/wal.ts'
import type { CompactorOptions } from './compactor.ts'
import { upgradeFormat } from './format.ts'
import type { Refusal } from './frames.ts'
import { storeIdOf } from './identity.ts'
import { nextIncarnation } from './incarnation.ts'
import { Machine } from './machine.ts'
import { checkLog, readNewest } from './newest.ts'
import type { EntryNotAppliedError } from './not-applied.ts'
import { defaultTimings, raftConfig, type Timings } from './options.ts'
import type { SelfDescription } from './publisher.ts'
import { Replica } from './replica.ts'
import type { SnapshotPoint } from './snapshots.ts'

/** What a replica is opened with. */
export interface OpenReplicaOptions {
  /** This member; opaque, never reused, also not after its disk was lost. */
  readonly id: string
  /**
   * The voters of a new cluster, the same list on each of them. Empty for a member that joins a
   * cluster which exists: it waits to be added by `changeMembership`. Ignored once the disk holds
   * a snapshot or a membership entry, as the log knows better.
   */
  readonly members: readonly { readonly id: string; readonly name: string }[]
  /** Directory of log and snapshots, made when it is missing; one process at a time. */
  readonly dataDir?: string
  /** Instead of `dataDir`: the simulator's. */
  readonly disk?: Disk
  readonly channel: Channel
  readonly clock: Clock
  readonly prng: Prng
  readonly logger: Logger
  readonly timings?: Partial<Timings>
  /** Default 10,000; half as many stay in the log for slow followers. */
  readonly snapshotEveryEntries?: number
  /** Default 64 MiB, or the size of the store if that is more. */
  readonly snapshotEveryBytes?: number
  /** Default 8 MiB. */
  readonly walSegmentBytes?: number
  /** Bytes of entries in one message to a follower; default 1 MiB. */
  readonly appendBytesMax?: number
  /** How the state is held in memory. */
  readonly mvcc?: MvccOptions
  /** Runs a callback after what has already arrived; default setImmediate. */
  readonly defer?: (callback: () => void) => void
  /** The other members that a new disk has to greet; default: the others of `members`. */
  readonly others?: readonly string[]
  /** What this member says of itself in the list of members. */
  readonly self?: SelfDescription
  /** Default 8 GiB. Source: etcd's suggested maximum; ours is in memory. */
  readonly quotaBytes?: number
  /** Default: every revision older than five minutes goes, as with kube-apiserver. */
  readonly compaction?: CompactorOptions
  /** Makes the name of a new disk; default: drawn from `prng`. */
  readonly newStoreId?: () => string
  /** This member was removed from the cluster, or its disk was replaced: the process must end. */
  readonly onRefused?: (refusal: Refusal) => void
  /** The disk does not take any more; default: the error is thrown where it happens. */
  readonly onDiskFailed?: (error: unknown) => void
  /** An entry can't be applied, now or after a start; default: thrown where it happens. */
  readonly onNotApplied?: (error: EntryNotAppliedError) => void
}

/** etcd's suggested maximum. Source: etcd docs, "Storage size limit". */
export const quotaBytesDefault = 8 * 2 ** 30
/** Source: kube-apiserver --etcd-compaction-interval. */
export const compactionDefault: CompactorOptions = { mode: 'periodic', retention: 300_000 }

/**
 * Opens the embedded store of one member: reads the newest snapshot and the log after it, and gives
 * back a Replica that is ready to `start()`. Until then it sends and applies nothing.
 *
 * After `start()` every member serves every method of Store: writes are passed on to the leader,
 * reads are confirmed by it, and results come from this member's own state, so that a caller sees
 * its own writes. A cluster of one leads within a tick; others after an election.
 *
 * Call `replica.setMainThreadStalled(true)` while the control plane's thread answers no beats, and
 * `stop()` at the end: it fails what is pending, ends the watches and closes the log.
 *
 * @throws WalDamagedError when the disk holds something that no crash explains. The member must not
 * start then: it may have forgotten a vote or an acknowledgement. Remove it and join as a new one.
 */
export async function openReplica(options: OpenReplicaOptions): Promise<Replica> {
  const { channel, clock, prng, logger } = options
  if (options.dataDir !== undefined) upgradeFormat(options.dataDir, logger)
  const disk = options.disk ?? createDisk(options.dataDir ?? fail('dataDir or disk is needed'))
  const timings = { ...defaultTimings, ...options.timings }
  const storeId = storeIdOf(disk, options.newStoreId ?? (() => drawStoreId(prng)))
  const incarnation = nextIncarnation(disk)
  const { wal, recovered } = Wal.open(disk, { segmentBytes: options.walSegmentBytes })
  if (recovered.tornBytes > 0) logger.warn('dropped a torn write', { bytes: recovered.tornBytes })
  removeUnfinishedSnapshots(disk)
  const snapshot = readNewest(disk, options.mvcc)
  const initial = { voters: options.members.map(({ id }) => id).sort(), learners: [] }
  const point = snapshot?.point ?? { index: 0, term: 0, membership: initial }
  const base = raftConfig(timings)
  const config = { ...base, appendBytesMax: options.appendBytesMax ?? base.appendBytesMax }
  const start = coreStart(options.id, config, point, recovered, wal)
  logger.info('store opened', { applied: start.applied, entries: start.entries.length })
  const fresh = snapshot === undefined && start.entries.length === 0 && start.hardState.term === 0
  return new Replica({
    ...{ wal, disk, channel, clock, prng, logger, timings, incarnation, storeId, fresh },
    core: new Core(start, prng),
    machine: snapshot?.machine ?? new Machine(options.mvcc),
    mvcc: options.mvcc,
    snapshotEveryEntries: options.snapshotEveryEntries ?? 10_000,
    snapshotEveryBytes: options.snapshotEveryBytes ?? 64 << 20,
    snapshotIndex: point.index,
    defer: options.defer ?? (callback => void setImmediate(callback)),
    others: othersOf(options),
    self: options.self ?? {},
    quotaBytes: options.quotaBytes ?? quotaBytesDefault,
    compaction: options.compaction ?? compactionDefault,
    onRefused: options.onRefused ?? (() => {}),
    onDiskFailed: options.onDiskFailed ?? rethrow,
    onNotApplied: options.onNotApplied ?? rethrow,
  })
}

function rethrow(error: unknown): never {
  throw error
}

function othersOf({ others, members, id }: OpenReplicaOptions): readonly string[] {
  return others ?? members.map(member => member.id).filter(other => other !== id)
}

function drawStoreId(prng: Prng): string {
  const word = () =>
    prng
      .below(2 ** 32)
      .toString(16)
      .padStart(8, '0')
  return word() + word() + word() + word()
}

function fail(message: string): never {
  throw new Error(message)
}

function coreStart(
  id: string,
  config: RaftConfig,
  point: SnapshotPoint,
  recovered: Recovered,
  wal: Wal,
): CoreStart {
  const { entries, hardState } = recovered
  checkLog(point, recovered)
  const first = entries[0]?.index ?? (recovered.reset?.index ?? 0) + 1
  const log = joinLog(point, entries)
  // The crash came after a leader's snapshot was in place and before the log was told.
  if (log.entries.length === 0 && first <= point.index) {
    wal.reset(point.index, point.term, hardState)
  }
  const state =
    hardState.term >= point.term ? hardState : { ...hardState, term: point.term, vote: null }
  const { membership, index: applied } = point
  return { id, config, hardState: state, membership, applied, ...log }
}

/** The log that goes with a snapshot: a tail before its point is kept for slow followers. */
function joinLog(
  point: { readonly index: number; readonly term: number },
  entries: readonly Entry[],
): Pick<CoreStart, 'offset' | 'entries'> {
  const first = entries[0]
  const alone = { offset: { index: point.index, term: point.term }, entries: [] }
  if (first === undefined) return alone
  if (first.index === point.index + 1) return { ...alone, entries }
  const at = entries[point.index - first.index]
  // A log that ends before the snapshot, or disagrees with it, was never committed from there on.
  if (at === undefined || at.term !== point.term) return alone
  return { offset: { index: first.index, term: first.term }, entries: entries.slice(1) }
}
