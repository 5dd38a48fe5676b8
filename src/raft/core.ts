import { must } from '../kernel/assert.ts'
import type { Prng } from '../kernel/prng.ts'
import { RaftLog } from './log.ts'
import { Memberships } from './membership.ts'
import { Outbox } from './outbox.ts'
import { patience } from './patience.ts'
import { Progress } from './progress.ts'
import { Reads } from './read-index.ts'
import type {
  Entry,
  HardState,
  Index,
  MemberId,
  Membership,
  RaftConfig,
  Ready,
  Role,
  VoteMessage,
} from './types.ts'

/** What a core starts with: a snapshot's point (0 in a new cluster), and what the WAL held. */
export interface CoreStart {
  readonly id: MemberId
  readonly config: RaftConfig
  readonly hardState: HardState
  /** Of the snapshot; in a new cluster the initial voters at index 0; empty for one that joins. */
  readonly membership: Membership
  /** The state machine is here: the snapshot's index. */
  readonly applied: Index
  /** The point before the first of `entries`; not above `applied`. */
  readonly offset: { readonly index: Index; readonly term: number }
  readonly entries: readonly Entry[]
}

/**
 * The state of one member of a Raft group. Only `step` (step.ts) changes it; everybody else reads.
 * No clock, no disk, no socket, no randomness of its own: one seed replays a whole cluster.
 * Source: D. Ongaro's thesis; behaviour and names follow etcd-io/raft where they overlap.
 */
export class Core {
  readonly id: MemberId
  readonly config: RaftConfig
  readonly log: RaftLog
  readonly memberships: Memberships
  term: number
  vote: MemberId | null
  leader: MemberId | null = null
  role: Role = 'follower'
  committed: Index
  /** Entries up to here were given out to be applied. */
  applied: Index
  /** Entries up to here are on this member's disk. */
  synced: Index
  /** Ticks since start. */
  now = 0
  /** Ticks since the leader was heard, or since the campaign began; the leader's quorum check. */
  elapsed = 0
  /** The election timeout drawn for this round. */
  timeout: number
  /** The connection to the leader was lost and refused: its lease means nothing to this member. */
  lostLeader = false
  /** What was last refused for the leader's sake; should that be dead, the answer is another. */
  refusedQuestion: VoteMessage | null = null
  /** Ticks until a campaign that doesn't wait for the election timeout. */
  campaignIn: number | null = null
  /** Campaigns since a leader was lost: each waits longer for its answers than the one before. */
  attempts = 0
  /** Ticks during which nobody is blamed, after this process was asleep. */
  listen = 0
  passive = false
  /** Ticks by which this process runs late. */
  late = 0
  /** As the leader was heard to say of itself and of everybody. */
  leaderLate = 0
  readonly votes = new Map<MemberId, boolean>()
  /** Of all other members; only while this one leads. */
  readonly progress = new Map<MemberId, Progress>()
  readonly reads = new Reads()
  heartbeatElapsed = 0
  transferee: MemberId | null = null
  transferElapsed = 0
  /** By member: the tick at which a hand-over to it was given up. */
  readonly failedTransfers = new Map<MemberId, number>()
  elections = 0
  outbox = new Outbox()
  #saved: HardState
  #unsavedFrom: Index

  constructor(start: CoreStart, prng: Prng) {
    this.id = start.id
    this.config = start.config
    this.term = start.hardState.term
    this.vote = start.hardState.vote
    this.log = new RaftLog(start.offset.index, start.offset.term, start.entries)
    this.memberships = new Memberships(start.offset.index, start.membership, start.entries)
    this.applied = start.applied
    this.committed = Math.max(start.applied, Math.min(start.hardState.commit, this.log.last))
    this.synced = this.log.last
    this.timeout = drawTimeout(start.config, prng)
    // Nobody else could be asked.
    if (this.isVoter && this.membership.voters.length === 1) this.campaignIn = 0
    this.#saved = start.hardState
    this.#unsavedFrom = this.log.last + 1
  }

  get membership(): Membership {
    return this.memberships.current
  }

  get isVoter(): boolean {
    return this.membership.voters.includes(this.id)
  }

  /** The leader has committed an entry of its own term: only then it knows what is committed. */
  get hasCommitInTerm(): boolean {
    return this.log.term(this.committed) === this.term
  }

  /** All members but this one. */
  get others(): MemberId[] {
    const { voters, learners } = this.membership
    return [...voters, ...learners].filter(id => id !== this.id)
  }

  /** A leader is believed to live: votes for others are not given. Raft thesis 4.2.3, 6.4.1. */
  get inLease(): boolean {
    if (this.role === 'leader') return true
    const fresh = this.elapsed < this.config.electionTicksMin + patience(this)
    return this.leader !== null && !this.lostLeader && fresh
  }

  /** Appends to the log, cutting what conflicts. */
  appendEntries(entries: readonly Entry[]): void {
    const first = entries[0]
    if (first === undefined) return
    if (first.index <= this.log.last) {
      this.log.truncate(first.index)
      this.memberships.truncate(first.index)
      this.synced = Math.min(this.synced, first.index - 1)
    }
    this.#unsavedFrom = Math.min(this.#unsavedFrom, first.index)
    this.log.append(entries)
    this.memberships.append(entries)
  }

  /** Takes the place of a snapshot that the driver has on its disk. */
  restore(index: Index, term: number, membership: Membership): void {
    this.log.reset(index, term)
    this.memberships.reset(index, membership)
    this.committed = index
    this.applied = index
    this.synced = index
    this.#unsavedFrom = index + 1
    this.outbox.restored = { index, term }
  }

  /** Empties the outbox. */
  takeReady(soft: {
    readonly term: number
    readonly leader: MemberId | null
    readonly role: Role
  }): Ready {
    const entries = this.log.since(this.#unsavedFrom)
    this.#unsavedFrom = this.log.last + 1
    const { term, vote, committed: commit } = this
    const saved = this.#saved
    const promised = term !== saved.term || vote !== saved.vote
    const hardState = promised || commit !== saved.commit ? { term, vote, commit } : undefined
    if (hardState !== undefined) this.#saved = hardState
    const from = this.applied + 1
    this.applied = Math.max(this.applied, commit)
    const committed = this.log.since(from, this.applied)
    const out = this.outbox
    const ready: Ready = {
      // A leader whose own term is not yet on its disk must not speak for that term.
      messagesNow: promised ? [] : out.now,
      messagesAfterSync: promised ? [...out.now, ...out.afterSync] : out.afterSync,
      hardState,
      mustSync: promised || entries.length > 0 || out.restored !== undefined,
      entries,
      restored: out.restored,
      committed,
      readStates: out.readStates,
      snapshotsWanted: out.snapshotsWanted,
      softChanged: soft.term !== term || soft.leader !== this.leader || soft.role !== this.role,
      proposedAt: out.proposedAt,
      notProposed: out.notProposed,
    }
    this.outbox = new Outbox()
    return ready
  }
}

/** An election timeout, in ticks. */
export function drawTimeout(config: RaftConfig, prng: Prng): number {
  const { electionTicksMin, electionTicksMax } = config
  return electionTicksMin + prng.below(electionTicksMax - electionTicksMin + 1)
}

/** A new leader's view of the others: they are asked where the logs agree. */
export function resetProgress(core: Core): void {
  core.progress.clear()
  for (const id of core.others) core.progress.set(id, new Progress(core.log.last + 1))
}

/** Members may have come or gone with the last config entry. */
export function updateProgress(core: Core): void {
  const others = core.others
  for (const id of core.progress.keys()) if (!others.includes(id)) core.progress.delete(id)
  for (const id of others) {
    if (!core.progress.has(id)) core.progress.set(id, new Progress(core.log.last + 1))
  }
}

/** The match index of any member, as the leader knows it. */
export function matchOf(core: Core, id: MemberId): Index {
  return id === core.id ? core.synced : must(core.progress.get(id), `progress of ${id}`).match
}
