/** A member: opaque, ordered as a string, never reused. */
export type MemberId = string

/** Position in the log; the first entry is 1. */
export type Index = number

/**
 * One entry of the log. `config` entries hold a Membership as JSON; `noop` entries nothing; what
 * `command` entries hold is the state machine's affair.
 */
export interface Entry {
  readonly index: Index
  readonly term: number
  readonly kind: EntryKind
  readonly data: Uint8Array
}
export type EntryKind = 'noop' | 'command' | 'config'

/** Who votes and who only listens. Changed one member at a time (Raft thesis 4.1). */
export interface Membership {
  readonly voters: readonly MemberId[]
  readonly learners: readonly MemberId[]
}

export interface MembershipChange {
  readonly kind: 'add-learner' | 'add-voter' | 'remove'
  readonly id: MemberId
  /** What the state machine notes of it in the same entry. Source: etcd's ConfChange.Context. */
  readonly context?: unknown
}

/**
 * On disk before anything that promises leaves. `commit` may lag; it only saves work at restart.
 */
export interface HardState {
  readonly term: number
  readonly vote: MemberId | null
  readonly commit: Index
}

interface Envelope {
  readonly from: MemberId
  readonly to: MemberId
  /** The sender's term; of a pre-vote, the term it would have. */
  readonly term: number
}

/** A request for a vote, or with `pre` the question whether one would be given. */
export interface VoteMessage extends Envelope {
  readonly type: 'vote'
  readonly pre: boolean
  readonly lastIndex: Index
  readonly lastTerm: number
  /** Asked by the leader itself (TimeoutNow): its lease doesn't count. */
  readonly force: boolean
}
export interface VoteAnswerMessage extends Envelope {
  readonly type: 'vote-answer'
  readonly pre: boolean
  readonly granted: boolean
}
export interface AppendMessage extends Envelope {
  readonly type: 'append'
  readonly prevIndex: Index
  readonly prevTerm: number
  readonly entries: readonly Entry[]
  readonly commit: Index
}
/**
 * `index` is the follower's last entry known equal to the leader's; of a refusal, the prevIndex
 * refused, with the last entry that may agree as a hint.
 */
export interface AppendAnswerMessage extends Envelope {
  readonly type: 'append-answer'
  readonly ok: boolean
  readonly index: Index
  readonly hintIndex: Index
  readonly hintTerm: number
}
/**
 * `round` numbers the leader's confirmations for ReadIndex; the answer repeats it. `late`: by how
 * many ticks anybody is late that the leader has heard of.
 */
export interface HeartbeatMessage extends Envelope {
  readonly type: 'heartbeat'
  readonly commit: Index
  readonly round: number
  readonly late: number
}
/** `late`: by how many ticks the sender is. */
export interface HeartbeatAnswerMessage extends Envelope {
  readonly type: 'heartbeat-answer'
  readonly round: number
  readonly late: number
}
/** Tells a follower at once what is committed, instead of with the next append. No answer. */
export interface CommitMessage extends Envelope {
  readonly type: 'commit'
  readonly commit: Index
}
/** Given to the follower's core once the driver has the whole snapshot on its disk. */
export interface SnapshotMessage extends Envelope {
  readonly type: 'snapshot'
  readonly index: Index
  readonly snapshotTerm: number
  readonly membership: Membership
}
export interface TimeoutNowMessage extends Envelope {
  readonly type: 'timeout-now'
}
export interface ReadMessage extends Envelope {
  readonly type: 'read'
  readonly id: number
}
/** `index` is -1 when the asked one doesn't lead. */
export interface ReadAnswerMessage extends Envelope {
  readonly type: 'read-answer'
  readonly id: number
  readonly index: Index
}
export type Message =
  | VoteMessage
  | VoteAnswerMessage
  | AppendMessage
  | AppendAnswerMessage
  | HeartbeatMessage
  | HeartbeatAnswerMessage
  | CommitMessage
  | SnapshotMessage
  | TimeoutNowMessage
  | ReadMessage
  | ReadAnswerMessage

/** All that can happen to a core. */
export type Input =
  | { readonly type: 'message'; readonly message: Message }
  /** A tick of time has passed. */
  | { readonly type: 'tick' }
  /** Commands for the log. Given back unless this member leads and is not handing over. */
  | { readonly type: 'propose'; readonly data: readonly Uint8Array[] }
  /** Ignored unless this member leads, no other change is open and the term has a commit. */
  | { readonly type: 'change'; readonly change: MembershipChange }
  /** The process of `peer` is dead: its connection was lost and its redial refused. */
  | { readonly type: 'peer-lost'; readonly peer: MemberId }
  /** Everything up to the entry (index, term) is on this member's disk. */
  | { readonly type: 'synced'; readonly index: Index; readonly term: number }
  /** Asks for a read index; the answer is a ReadState with this id. */
  | { readonly type: 'read'; readonly id: number }
  /** Hand over to `to`, or to the voter that is furthest. Ignored when `mayTransfer` says no. */
  | { readonly type: 'transfer'; readonly to?: MemberId }
  /** The driver has delivered (or failed to deliver) a snapshot at `index`. */
  | {
      readonly type: 'snapshot-sent'
      readonly to: MemberId
      readonly index: Index
      readonly ok: boolean
    }
  /** This process was asleep: listen for a full election timeout before blaming anybody. */
  | { readonly type: 'overslept' }
  /** Ticks come this many ticks late here: the machine is busy, or this process is. */
  | { readonly type: 'late'; readonly ticks: number }
  /** Don't campaign while `passive`. */
  | { readonly type: 'passive'; readonly passive: boolean }
  /** Entries up to `index` are in a snapshot; the log forgets them. */
  | { readonly type: 'compact'; readonly index: Index }

/** -1: this read failed, ask again. Otherwise: a read that sees `index` applied is linearizable. */
export interface ReadState {
  readonly id: number
  readonly index: Index
}

export type Role = 'leader' | 'follower' | 'pre-candidate' | 'candidate'

/** What the driver has to do, in this order: see src/store/replica.ts. */
export interface Ready {
  /** A leader's appends and heartbeats, and what promises nothing: may leave during the fsync. */
  readonly messagesNow: readonly Message[]
  /** On disk before messagesAfterSync. */
  readonly hardState?: HardState
  /** The hard state's term or vote changed, or there are entries: an fsync is needed. */
  readonly mustSync: boolean
  /** In the WAL before messagesAfterSync; the first may replace a tail of the log. */
  readonly entries: readonly Entry[]
  /** Everything that promises: vote requests, votes, append answers. */
  readonly messagesAfterSync: readonly Message[]
  /** The state machine is to be replaced by the snapshot at this point, which the driver has. */
  readonly restored?: { readonly index: Index; readonly term: number }
  /** To apply, in order, exactly once. */
  readonly committed: readonly Entry[]
  readonly readStates: readonly ReadState[]
  /** Members whose log is too far behind: stream them a snapshot, then say `snapshot-sent`. */
  readonly snapshotsWanted: readonly MemberId[]
  /** Term, leader or role is not what it was. */
  readonly softChanged: boolean
  /** Commands of this step's `propose` that did not get into the log. */
  readonly notProposed: readonly Uint8Array[]
  /** Index of the first entry of this step's `propose`, when it was accepted. */
  readonly proposedAt?: Index
}

/** Times are in ticks, sizes in bytes. */
export interface RaftConfig {
  readonly heartbeatTicks: number
  /** Election timeouts are uniform in [electionTicksMin, electionTicksMax]. */
  readonly electionTicksMin: number
  readonly electionTicksMax: number
  /** After a lost leader, each rank waits this much longer than the one before. */
  readonly rankTicks: number
  readonly appendBytesMax: number
  readonly inflightMax: number
  readonly inflightBytesMax: number
}
