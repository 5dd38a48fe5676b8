import type { Address, Role } from '../config/types.ts'

/** How a peer joins a cluster that runs. */
export interface JoinOptions {
  /** URLs of masters or of the load balancer, tried in turn. */
  readonly servers: readonly string[]
  readonly token: string
  readonly name: string
  readonly roles: readonly Role[]
  readonly addresses: Partial<Record<'mesh' | 'api' | 'etcd' | 'admin', Address>>
  readonly labels: Readonly<Record<string, string>>
  readonly data: string
}

/** What is known of a snapshot file. */
export interface SnapshotSummary {
  readonly file: string
  readonly bytes: number
  readonly revision: number
  readonly compactRevision: number
  /** Versions of keys, deletions among them. */
  readonly rows: number
  readonly leases: number
  readonly members: number
  /** etcd's HashKV at the revision. */
  readonly hash: number
}

/** As SnapshotSummary, of a file that was made of a stopped peer's disk. */
export interface DiskSnapshotSummary extends SnapshotSummary {
  /** Index of the log entry that the state stands for. */
  readonly appliedIndex: number
  /** Entries up to here are known to be committed. */
  readonly committed: number
  /** Of the log. */
  readonly lastIndex: number
  /** Why the state ends before the log does. */
  readonly stoppedBy: string | undefined
}
