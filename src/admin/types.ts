/**
 * The status and fault protocol that dashboard, command line and tests speak: JSON over HTTPS with
 * a client certificate of the cluster's administrators.
 * ```
 * GET  /status            PeerReport            each control-plane peer and worker
 * GET  /events?after=N    EventsAnswer          each of these, and the supervisor
 * POST /fault             Fault -> FaultDone    peers that were started with --faults; supervisor
 * POST /transfer          {to?} -> {}           leader transfer
 * GET  /members           {members: MemberReport[]}   masters
 * POST /members/remove    {id} -> {}            masters
 * POST /members/promote   {id} -> {}            masters
 * GET  /processes         ProcessReport[]       supervisor only
 * ```
 */

/** `paused` and `down` are the supervisor's and the client's words: such a peer can't say it. */
export type PeerRole =
  | 'leader'
  | 'follower'
  | 'pre-candidate'
  | 'candidate'
  | 'learner'
  | 'worker'
  | 'paused'
  | 'down'

/** One follower as the leader sees it. */
export interface ReplicationReport {
  readonly peer: string
  readonly match: number
  readonly next: number
  readonly state: 'probe' | 'replicate' | 'snapshot'
  readonly lastHeardMs: number
  readonly rttMs: number
}

/** One part of the control plane: scheduler, a controller, the cloud controller. */
export interface ComponentReport {
  readonly name: string
  readonly state: 'stopped' | 'starting' | 'running' | 'failed'
  readonly queue: number
  /** Reconciles since the start of this leadership; rates are differences. */
  readonly done: number
  readonly errors: number
  readonly note?: string
}

/** What a peer says of itself. Times in milliseconds. */
export interface PeerReport {
  readonly cluster: string
  readonly name: string
  readonly id: string
  readonly pid: number
  readonly roles: readonly string[]
  readonly role: PeerRole
  readonly term: number
  readonly vote: string | null
  /** The leader's name. */
  readonly leader: string | null
  readonly firstIndex: number
  readonly lastIndex: number
  readonly commit: number
  readonly applied: number
  readonly revision: number
  readonly compactRevision: number
  /** State hash at `revision`, only when asked for with ?hash=1. */
  readonly hash?: string
  readonly voters: readonly string[]
  readonly api: string
  readonly etcd: string
  readonly mesh: string
  readonly admin: string
  readonly startedAt: string
  readonly dbBytes: number
  readonly walBytes: number
  readonly watchers: number
  readonly leases: number
  readonly fsyncMs: { readonly p50: number; readonly p99: number }
  readonly commitMs: { readonly p50: number; readonly p99: number }
  /** How late the consensus thread's ticks came of late, ms: what stops it stops every write. */
  readonly tickLateMs: { readonly p99: number; readonly max: number }
  readonly counters: Readonly<Record<string, number>>
  readonly replication: readonly ReplicationReport[]
  readonly controlPlane: {
    readonly running: boolean
    readonly term: number
    readonly components: readonly ComponentReport[]
  }
  readonly ready: boolean
  /** Nodes as this peer's cache has them. */
  readonly nodes: readonly { readonly name: string; readonly ready: boolean }[]
  /** What gossip says of the others: a hint with its age. */
  readonly gossip: readonly GossipReport[]
  readonly faults: readonly string[]
  /** Raised alarms of the store, by name; while there are any it takes no writes. */
  readonly alarms: readonly string[]
}

/** The part of a report that peers gossip. */
export interface GossipedState {
  readonly name: string
  readonly role: PeerRole
  readonly term: number
  readonly commit: number
  readonly applied: number
}

/** What a peer has heard of another one. */
export interface GossipReport extends GossipedState {
  /** The member whose signature it bore: an ID as in `voters`. */
  readonly id: string
  readonly ageMs: number
}

/** Who belongs to the cluster, by the store's records. */
export interface MemberReport {
  /** 16 hex digits. */
  readonly id: string
  /** Empty until it has started. */
  readonly name: string
  readonly role: 'voter' | 'learner' | 'worker'
  readonly isLeader: boolean
  readonly mesh: string
  readonly etcd: string
}

/** What happened, for programs: no text is ever read to find out. */
export type EventData =
  | { readonly type: 'no-leader'; readonly term: number }
  | { readonly type: 'follows'; readonly term: number; readonly leader: string }
  | { readonly type: 'elected'; readonly term: number }
  | {
      readonly type: 'fault'
      readonly fault: FaultName
      readonly peers: readonly string[]
      /** When it took effect: see FaultDone. */
      readonly t0: number
      /** When it was asked for, by the clock of who asked; absent: not told. */
      readonly askedAt?: number
    }

/** A fault, or a planned change of leadership. */
export type FaultName = Fault['type'] | 'transfer'

/** Something that happened: kept in a bounded ring by each peer and the supervisor. */
export interface ClusterEvent {
  /** Grows by one within one source. */
  readonly id: number
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly source: string
  readonly kind: 'RAFT' | 'FAULT' | 'CONTROL' | 'NODE' | 'STORE' | 'PROCESS'
  readonly message: string
  readonly data?: EventData
}

/** An answer to GET /events: `now` is the answering clock, by which offsets are measured. */
export interface EventsAnswer {
  readonly now: number
  readonly events: readonly ClusterEvent[]
}

/** The answer to a fault. */
export interface FaultDone {
  /**
   * When it took effect, ms since the epoch: after kill(2) returned, or, of what several peers do
   * to themselves, when the last of them had acknowledged it.
   */
  readonly t0: number
}

/**
 * Faults for demonstrations and tests. `kill`, `pause`, `resume` and `restart` are the
 * supervisor's; the others a peer does to itself.
 */
export type Fault =
  | { readonly type: 'kill' | 'pause' | 'resume' | 'restart'; readonly peer: string }
  | { readonly type: 'partition'; readonly from: readonly string[] }
  | { readonly type: 'slow'; readonly peers: readonly string[]; readonly delayMs: number }
  | { readonly type: 'heal' }
  /** Blocks the peer's main thread: a garbage collection or a slow webhook at its worst. */
  | { readonly type: 'block-main'; readonly ms: number }
  /** Holds back controllers' writes until released: to see a late write meet its fence. */
  | { readonly type: 'hold-writes'; readonly hold: boolean }

/** One process that `up` started. */
export interface ProcessReport {
  readonly name: string
  readonly pid: number
  readonly state: 'running' | 'paused' | 'down'
  readonly startedAt: string
}
