import type { LeaseId, Revision, RevisionRow } from '../mvcc/types.ts'
import type { AuthAction, AuthView, Caller } from './auth/types.ts'
import type { AlarmMember, ClusterMember } from './member-types.ts'
import type { Membership, ProposeOptions, Store, StoreResult } from './types.ts'

/**
 * What only the embedded store can do, beyond Store: the ground of etcd's Lease, Cluster,
 * Maintenance and Auth services. The etcd face stands on it, in the same thread.
 */
export interface EmbeddedStore extends Store {
  /** The last revision that this member has applied, of this very moment. */
  readonly revision: Revision
  /** All leases, as this member knows them. */
  leases(): LeaseId[]
  /** The keys of a lease, as this member knows them; none when there is no such lease. */
  leaseKeys(id: LeaseId): Iterable<string>
  /** Asks the leader, who alone counts down. `invalid` with etcd's text when there is none. */
  leaseTimeToLive(id: LeaseId): Promise<StoreResult<LeaseTime>>
  /** Who belongs to the store, as this member knows it. */
  members(): ClusterMember[]
  /** Adds a member that has not started yet; its ID is in the result. */
  memberAdd: Membership['memberAdd']
  /** Removes for ever; refused with etcd's text where the cluster would not survive it. */
  memberRemove: Membership['memberRemove']
  /** Replaces addresses; also how a member that has started says its name. */
  memberUpdate: Membership['memberUpdate']
  /** A learner becomes a voter; refused with etcd's text while it is behind. */
  memberPromote: Membership['memberPromote']
  /** Raised alarms, as this member knows them. */
  alarms(): AlarmMember[]
  /** Raises or disarms; member "0" disarms for all. Resolves with the alarms it changed. */
  setAlarm(
    raised: boolean,
    alarm: AlarmMember,
    options?: ProposeOptions,
  ): Promise<StoreResult<{ readonly alarms: readonly AlarmMember[] }>>
  /** etcd's hash over keys and values up to `revision` (0: now), equal to a real etcd's. */
  hashKv(revision: number): Promise<StoreResult<HashKv>>
  /**
   * This moment's state, to be read in slices while writes go on: rows in the order of
   * (mod, sub), as etcd's backend has them.
   */
  freeze(): FrozenStore
  /** Gives memory back that old values still hold. */
  defragment(): Promise<void>
  readonly auth: AuthView
  authChange(action: AuthAction, options?: ProposeOptions): Promise<StoreResult<object>>
  /** Bytes of state above which an alarm stops writes. */
  readonly quotaBytes: number
}

export type { AuthAction, AuthView, Caller }

export interface LeaseTime {
  readonly grantedSeconds: number
  /** Whole seconds left; etcd rounds down. */
  readonly remainingSeconds: number
  readonly keys: readonly string[]
}

export interface HashKv {
  readonly hash: number
  /** The revision that was hashed. */
  readonly hashRevision: Revision
  readonly compactRevision: Revision
  readonly revision: Revision
}

/** The state of a moment; see EmbeddedStore.freeze. */
export interface FrozenStore {
  readonly revision: Revision
  readonly compactRevision: Revision
  readonly appliedIndex: number
  readonly term: number
  readonly leases: readonly { readonly id: LeaseId; readonly ttlSeconds: number }[]
  readonly members: readonly ClusterMember[]
  readonly alarms: readonly AlarmMember[]
  readonly auth: AuthView
  /** Rows by (modRevision, sub), in slices of bounded size; the reader lets others run between. */
  rows(): AsyncGenerator<readonly RevisionRow[]>
}
