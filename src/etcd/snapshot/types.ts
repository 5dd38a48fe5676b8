import type { LeaseId, Revision, RevisionRow } from '../../mvcc/types.ts'
import type { AuthRole, AuthUser } from '../../store/auth/types.ts'
import type { AlarmMember, ClusterMember } from '../../store/member-types.ts'

export interface WriteOptions {
  /** What etcd takes for the cluster's version; default "3.4.0", which all later ones read. */
  readonly clusterVersion?: string
}

/** A snapshot on its way out, as `etcdctl snapshot save` has it in its file. */
export interface SnapshotStream {
  /** Bytes of the database, whose hash follows it. */
  readonly databaseBytes: number
  /** Bytes of everything: the database and the 32 of its SHA-256. */
  readonly totalBytes: number
  /** To be read once; chunks of at most 256 KiB. The last one is the hash alone. */
  readonly chunks: AsyncIterable<Uint8Array>
}

export interface ReadOptions {
  /** Takes a file without a hash, such as a member's own `member/snap/db`, or with a wrong one. */
  readonly skipHashCheck?: boolean
}

/** A snapshot file that was read from end to end once, and found to be whole. */
export interface EtcdSnapshot {
  readonly revision: Revision
  /** 0: never compacted. */
  readonly compactRevision: Revision
  /** Raft index that the state stands for (etcd's consistent index); 0 when it is not there. */
  readonly appliedIndex: number
  /** Of etcd 3.5 and later; else 0. */
  readonly term: number
  /** "3.4.0"; empty when it is not there. */
  readonly clusterVersion: string
  readonly leases: readonly { readonly id: LeaseId; readonly ttlSeconds: number }[]
  /** Leases whose ID had to change, because a real etcd's are integers of 64 bits. */
  readonly renamedLeases: readonly RenamedLease[]
  readonly members: readonly ClusterMember[]
  /** IDs of members that left, 16 hex digits. */
  readonly removedMembers: readonly string[]
  readonly alarms: readonly AlarmMember[]
  readonly auth: SnapshotAuth
  /** Rows that `rows` gives. */
  readonly rowCount: number
  /** Rows by (modRevision, sub), in slices; values are views, to be copied when they are kept. */
  rows(): AsyncGenerator<RevisionRow[]>
  /**
   * etcd's HashKV at `revision` (0: the last), over the leases' own IDs: what the etcd that made
   * the file answers.
   */
  hashKv(revision?: number): Promise<number>
  close(): Promise<void>
}

export interface SnapshotAuth {
  readonly enabled: boolean
  readonly revision: number
  readonly users: readonly AuthUser[]
  readonly roles: readonly AuthRole[]
}

export interface RenamedLease {
  /** As etcdctl shows it: hex. */
  readonly from: string
  readonly to: LeaseId
}

/** Why a file is not taken: what is wrong with it, and what to do. For people. */
export class SnapshotRefusedError extends Error {
  override readonly name = 'SnapshotRefusedError'
}
