import type { Core } from './core.ts'
import { majority } from './quorum.ts'
import type { Index, MemberId } from './types.ts'

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
 * Linearizable reads without a log entry (Raft thesis 6.4): the leader notes its commit index,
 * makes
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
  open(core: Core): boolean {
    // Before the first commit of its term a leader may not know the latest committed entry.
    if (this.#waiting.length === 0 || !core.hasCommitInTerm) return false
    this.#rounds.push({ round: ++this.#round, index: core.committed, reads: this.#waiting })
    this.#waiting = []
    return true
  }

  /** Answers the rounds that a majority has confirmed. */
  settle(core: Core): void {
    while (this.#rounds.length > 0 && isConfirmed(core, this.#rounds[0]!.round)) {
      const { index, reads } = this.#rounds.shift()!
      for (const read of reads) answerRead(core, read, index)
    }
  }

  /** The office is lost: everybody has to ask again. */
  failAll(core: Core): void {
    for (const { reads } of this.#rounds) for (const read of reads) answerRead(core, read, -1)
    for (const read of this.#waiting) answerRead(core, read, -1)
    this.#rounds = []
    this.#waiting = []
  }
}

/** Tells a read's asker its index; -1: ask again. */
export function answerRead(core: Core, { id, from: to }: Read, index: Index): void {
  const { id: from, term } = core
  if (to === from) core.outbox.readStates.push({ id, index })
  else core.outbox.sendAfterSync({ type: 'read-answer', from, to, term, id, index })
}

function isConfirmed(core: Core, round: number): boolean {
  const { voters } = core.membership
  const confirmed = voters.filter(
    id => id === core.id || (core.progress.get(id)?.round ?? 0) >= round,
  )
  return confirmed.length >= majority(voters)
}
