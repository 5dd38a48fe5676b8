import type {
  Compare,
  Event,
  Key,
  LeaseId,
  Op,
  OpResult,
  PartListener,
  RangeOp,
  RangeResult,
  Revision,
} from '../mvcc/types.ts'
import type { Caller } from './auth/types.ts'
import type { ClusterMember, MemberChange } from './member-types.ts'

/** Raft term; also the fence of a controller's write: the term in which its peer leads. */
export type Term = number

/**
 * Why a request has no result.
 * - `unavailable`: surely not applied (no leader until the deadline): HTTP 503 with Retry-After.
 * - `unknown`: it was sent and the outcome is not known: HTTP 504.
 * - `fenced`: the fence is not the term of the entry: surely not applied.
 * - `compacted`: the revision asked for is below `revision`: HTTP 410, etcd ErrCompacted.
 * - `future`: the revision asked for is above the store's.
 * - `too-large`: above txnBytesMax. `no-space`: the quota is reached. `invalid`: `message` says
 * why.
 */
export type StoreFailure = {
  readonly ok: false
  readonly why:
    | 'unavailable'
    | 'unknown'
    | 'fenced'
    | 'compacted'
    | 'future'
    | 'too-large'
    | 'no-space'
    | 'invalid'
  readonly message: string
  readonly revision?: Revision
}
export type StoreResult<T> = ({ readonly ok: true } & T) | StoreFailure

export interface TxnRequest {
  readonly compares: readonly Compare[]
  readonly success: readonly Op[]
  readonly failure: readonly Op[]
}

export interface ProposeOptions {
  /** Milliseconds from now; default proposeTimeoutMs. */
  readonly timeoutMs?: number
  /** Refuse unless the entry's own term equals this. */
  readonly fence?: Term
  /** Whose permissions count, when the entry is applied; absent: this process itself. */
  readonly caller?: Caller
}

export interface TxnOutcome {
  readonly succeeded: boolean
  readonly results: readonly OpResult[]
  /** The store's revision after this transaction. */
  readonly revision: Revision
}

/** Changes of one or more whole revisions, in order. Complete up to and including `revision`. */
export interface WatchBatch {
  readonly revision: Revision
  readonly events: readonly Event[]
}

export interface WatchRequest {
  readonly key: Key
  /** As in RangeOp. */
  readonly rangeEnd?: Key
  /** First revision wanted; absent: from now on. */
  readonly startRevision?: number
  readonly prevKv?: boolean
}

export interface WatchHandlers {
  /** `events` may be empty: then it only says that nothing up to `revision` is missing. */
  onBatch(batch: WatchBatch): void
  /** The watch has ended: `compacted` when startRevision is below the floor. */
  onEnd(failure: StoreFailure): void
}

export interface Watch {
  cancel(): void
}

export type RaftRole = 'leader' | 'follower' | 'pre-candidate' | 'candidate' | 'learner'

/** Progress of one peer as the leader sees it. */
export interface ReplicationStatus {
  readonly id: string
  readonly match: number
  readonly next: number
  readonly state: 'probe' | 'replicate' | 'snapshot'
  /** Milliseconds since its last answer. */
  readonly lastHeardMs: number
  readonly rttMs: number
}

export interface StoreStatus {
  readonly id: string
  readonly role: RaftRole
  readonly term: Term
  readonly vote: string | null
  readonly leader: string | null
  readonly firstIndex: number
  readonly lastIndex: number
  readonly commit: number
  readonly applied: number
  readonly revision: Revision
  readonly compactRevision: Revision
  readonly voters: readonly string[]
  readonly learners: readonly string[]
  readonly replication: readonly ReplicationStatus[]
  readonly dbBytes: number
  readonly walBytes: number
  readonly watchers: number
  readonly leases: number
  /** Cumulative counters: rates are differences. */
  readonly counters: {
    readonly proposals: number
    readonly applied: number
    readonly fenced: number
    readonly duplicates: number
    readonly elections: number
    readonly fsyncs: number
    /** Frames of the mesh that their sender must not have sent, or that say nothing. */
    readonly refusedFrames: number
  }
  /** Recent fsyncs and commits, milliseconds. */
  readonly fsyncMs: { readonly p50: number; readonly p99: number }
  readonly commitMs: { readonly p50: number; readonly p99: number }
  /** How late the consensus thread's ticks came of late, ms: what stops it stops every write. */
  readonly tickLateMs: { readonly p99: number; readonly max: number }
  /** Raised alarms, by name. */
  readonly alarms: readonly string[]
  /**
   * Hash over all live keys, values and revisions at `revision`: equal on peers at one revision.
   */
  readonly hash?: string
}

/** `leading` comes when the no-op of the term is applied on this peer, not when the vote is won. */
export type Leadership =
  | { readonly leading: true; readonly term: Term; readonly revision: Revision }
  | { readonly leading: false; readonly term: Term; readonly leader: string | null }

/** Changes of who belongs to the store, from whichever thread. See EmbeddedStore. */
export interface Membership {
  members(): Promise<readonly ClusterMember[]> | readonly ClusterMember[]
  memberAdd(
    member: MemberToAdd,
    options?: ProposeOptions,
  ): Promise<StoreResult<{ readonly member: ClusterMember }>>
  memberRemove(id: string, options?: ProposeOptions): Promise<StoreResult<object>>
  memberUpdate(
    id: string,
    change: MemberChange,
    options?: ProposeOptions,
  ): Promise<StoreResult<object>>
  memberPromote(id: string, options?: ProposeOptions): Promise<StoreResult<object>>
}

/** A member before its first start. `worker`: it is in the mesh only, and has no copy. */
export type MemberToAdd = Pick<ClusterMember, 'peerUrls' | 'isLearner'> &
  Partial<ClusterMember> & { readonly worker?: boolean; readonly peer?: unknown }

export interface ReadOptions {
  readonly serializable?: boolean
  readonly timeoutMs?: number
  /** Gets the beginning of a long result as it is read; the result has the rest alone. */
  readonly onPart?: PartListener
}

/** What the API server and the etcd face see of the store, whichever driver is below. */
export interface Store {
  /** A transaction through the log: atomic, durable on a majority when it resolves. */
  txn(request: TxnRequest, options?: ProposeOptions): Promise<StoreResult<TxnOutcome>>
  /** Reads; linearizable unless `serializable`. Without `revision` in `op`: the current one. */
  range(
    op: RangeOp,
    options?: ReadOptions,
  ): Promise<StoreResult<{ readonly range: RangeResult; readonly revision: Revision }>>
  /** The revision that any later read must have reached to be linearizable (Raft thesis 6.4). */
  readIndex(options?: {
    readonly timeoutMs?: number
  }): Promise<StoreResult<{ readonly revision: Revision }>>
  watch(request: WatchRequest, handlers: WatchHandlers): Watch
  compact(
    revision: number,
    options?: ProposeOptions,
  ): Promise<StoreResult<{ readonly revision: Revision }>>
  /** Without `id` the store chooses one. */
  leaseGrant(
    ttlSeconds: number,
    id?: LeaseId,
    options?: ProposeOptions,
  ): Promise<StoreResult<{ readonly id: LeaseId }>>
  leaseKeepAlive(id: LeaseId): Promise<StoreResult<{ readonly ttlSeconds: number }>>
  leaseRevoke(id: LeaseId, options?: ProposeOptions): Promise<StoreResult<object>>
  transferLeadership(to?: string): Promise<StoreResult<object>>
  status(options?: { readonly hash?: boolean }): Promise<StoreStatus>
  /** Called at once with the present state, then at each change. Returns the unsubscriber. */
  onLeadership(listener: (leadership: Leadership) => void): () => void
}
