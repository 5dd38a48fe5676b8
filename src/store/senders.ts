import type { MemberId } from '../raft/types.ts'
import type { MemberRecord } from './member-types.ts'
import type { Host } from './proposer.ts'
import type { Roster } from './roster.ts'

/**
 * What a sender is to this member.
 * - member: votes or learns, as far as this member knows, or was introduced by one that does.
 * - removed: from the cluster, for ever.
 * - stranger: anybody else in the mesh, a worker for example.
 */
export type Sender = 'member' | 'removed' | 'stranger'

/** Between two inquiries, milliseconds. */
const inquiryMs = 500

/** What Senders needs beside Host. */
export interface SendersHost extends Host {
  roster(): Roster
  /** Members that this one did not know were introduced. */
  onIntroduced(records: readonly MemberRecord[]): void
}

/**
 * Who sends. All frames of the store are consensus, and for members: those of others are not even
 * decoded. A removed one is told that it is, whatever it sends; workers have the API, and gossip.
 *
 * A member that lags does not know who joined since, and one of those may lead:
 * when a stranger shows, the members that are known are asked.
 *
 *     lagging member            a member it knows
 *     i ----------------------> the members of its log, with their records
 *     these may send now <----- m
 */
export class Senders {
  readonly #host: SendersHost
  /** Known from the start: a new disk's log has nobody in it. */
  readonly #first: ReadonlySet<MemberId>
  readonly #introduced = new Map<MemberId, MemberRecord>()
  #inquiredAt = Number.NEGATIVE_INFINITY

  constructor(host: SendersHost, first: readonly MemberId[]) {
    this.#host = host
    this.#first = new Set(first)
  }

  of(id: MemberId): Sender {
    if (this.#host.roster().isRemoved(id)) return 'removed'
    return this.#isMember(id) || this.#introduced.has(id) ? 'member' : 'stranger'
  }

  /** Those that were introduced, and are not in this member's own log yet. */
  get introduced(): readonly MemberRecord[] {
    return [...this.#introduced.values()]
  }

  /** All other members known here, which have a say in whether this one belongs to them. */
  get known(): readonly MemberId[] {
    const ids = this.#isBlank ? [...this.#first] : this.#host.core.membership.voters
    return ids.filter(id => id !== this.#host.core.id && !this.#host.roster().isRemoved(id))
  }

  /** A stranger has shown: is it a member by now? */
  inquire(): void {
    const now = this.#host.clock.now()
    if (now - this.#inquiredAt < inquiryMs) return
    this.#inquiredAt = now
    for (const to of this.known) this.#host.post(to, { i: true })
  }

  onInquiry(from: MemberId): void {
    const { voters, learners } = this.#host.core.membership
    const roster = this.#host.roster()
    const m = [...voters, ...learners].map(id => roster.get(id) ?? bareRecord(id))
    this.#host.post(from, { m })
  }

  onIntroduction(records: readonly MemberRecord[]): void {
    const { core } = this.#host
    const isNew = ({ id }: MemberRecord) => id !== core.id && this.of(id) === 'stranger'
    const come = records.filter(isNew)
    for (const record of come) this.#introduced.set(record.id, record)
    if (come.length > 0) this.#host.onIntroduced(this.introduced)
  }

  /** Once the log says who the members are, the files have nothing to add. */
  get #isBlank(): boolean {
    const { log, membership } = this.#host.core
    return log.last === 0 || membership.voters.length === 0
  }

  #isMember(id: MemberId): boolean {
    const { current } = this.#host.core.memberships
    if (current.voters.includes(id) || current.learners.includes(id)) return true
    return this.#isBlank && this.#first.has(id)
  }
}

function bareRecord(id: MemberId): MemberRecord {
  return { id, name: '', peerId: '', storeId: '', peerUrls: [], clientUrls: [] }
}
