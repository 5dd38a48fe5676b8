import type { Outbox } from './outbox.ts'
import { majority } from './quorum.ts'
import type { Index, MemberId, Membership } from './types.ts'

/** What reads have to know of the office. */
interface Office {
  readonly id: MemberId
  readonly term: number
  readonly committed: Index
  readonly hasCommitInTerm: boolean
  readonly membership: Membership
  readonly progress: ReadonlyMap<MemberId, { readonly round: number }>
  readonly outbox: Outbox
}

interface Read {
  readonly id: number
  readonly from: MemberId
}

/** Reads that wait for one confirmation of the leader's office. */
interface Round {
  readonly round: number
  readonly index: Index
  readonly reads: readonly Read[]
}

/**
 * Linearizable reads without a log entry (Raft thesis 6.4): the leader notes its commit index, is
 * sure by a round of heartbeats that it still leads, and answers. Never by a lease on a clock.
 */
export class Reads {
  #waiting: Read[] = []
  #rounds: Round[] = []
  #round = 0

  /** The last round given out; heartbeats carry it. */
  get round(): number {
    return this.#round
  }

  add(id: number, from: MemberId): void {
    this.#waiting.push({ id, from })
  }

  /** All waiting reads become one round. True when heartbeats have to go out for it. */
  open(office: Office): boolean {
    // Before the first commit of its term a leader may not know the latest committed entry.
    if (this.#waiting.length === 0 || !office.hasCommitInTerm) return false
    this.#rounds.push({ round: ++this.#round, index: office.committed, reads: this.#waiting })
    this.#waiting = []
    return true
  }

  /** Answers the rounds that a majority has confirmed. */
  settle(office: Office): void {
    while (this.#rounds.length > 0 && isConfirmed(office, this.#rounds[0]!.round)) {
      const { index, reads } = this.#rounds.shift()!
      for (const read of reads) answerRead(office, read, index)
    }
  }

  /** The office is lost: everybody has to ask again. */
  failAll(office: Office): void {
    for (const { reads } of this.#rounds) for (const read of reads) answerRead(office, read, -1)
    for (const read of this.#waiting) answerRead(office, read, -1)
    this.#rounds = []
    this.#waiting = []
  }
}

/** Tells a read's asker its index; -1: ask again. */
export function answerRead(office: Office, { id, from: to }: Read, index: Index): void {
  const { id: from, term } = office
  if (to === from) office.outbox.readStates.push({ id, index })
  else office.outbox.sendAfterSync({ type: 'read-answer', from, to, term, id, index })
}

function isConfirmed(office: Office, round: number): boolean {
  const { voters } = office.membership
  const confirmed = voters.filter(
    id => id === office.id || (office.progress.get(id)?.round ?? 0) >= round,
  )
  return confirmed.length >= majority(voters)
}
