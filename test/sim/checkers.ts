import type { RaftLog } from '../../src/raft/log.ts'
import type { Entry, Message } from '../../src/raft/types.ts'
import type { Frame } from '../../src/store/frames.ts'
import type { Replica } from '../../src/store/replica.ts'
import type { Life, SimPeer } from './peer.ts'

/** A property that does not hold: the run is red. */
export class Violation extends Error {
  override readonly name = 'Violation'
}

export function check(condition: boolean, message: () => string): asserts condition {
  if (!condition) throw new Violation(message())
}

/** Looks at a member after each of its turns. */
export interface Checker {
  afterStep(peer: SimPeer, life: Life): void
  /** A frame leaves. */
  onSend?(from: string, frame: Frame): void
  onBoot?(peer: SimPeer, replica: Replica): void
  /** The member's disk was lost. */
  onWipe?(peer: SimPeer): void
}

/** At most one leader in a term (Raft 5.2), and nobody votes for two, whatever it has forgotten. */
export class ElectionSafety implements Checker {
  readonly #leaders = new Map<number, string>()
  readonly #votes = new Map<string, string>()

  afterStep(peer: SimPeer, life: Life): void {
    const { core } = life.replica
    if (core.role !== 'leader') return
    const name = `${peer.id} in its life ${life.number}`
    const known = this.#leaders.get(core.term) ?? name
    check(known === name, () => `term ${core.term} has two leaders: ${known}, ${name}`)
    this.#leaders.set(core.term, name)
  }

  onSend(_from: string, frame: Frame): void {
    for (const message of frame.r ?? []) {
      if (message.type === 'vote-answer' && message.granted && !message.pre) this.#onVote(message)
    }
  }

  #onVote({ from, to, term }: Message): void {
    const key = `${from} ${term}`
    const known = this.#votes.get(key) ?? to
    check(known === to, () => `${from} voted for ${known} and for ${to} in term ${term}`)
    this.#votes.set(key, to)
  }
}

/**
 * Two logs with the same entry at an index are the same up to it (Raft 5.3); a leader only appends;
 * and it commits by counting only entries of its own term (5.4.2).
 */
export class LogMatching implements Checker {
  readonly #entries = new Map<string, { readonly prevTerm: number; readonly entry: Entry }>()
  readonly #seen = new Map<
    string,
    { life: number; terms: number[]; leads: number; commit: number }
  >()

  afterStep(peer: SimPeer, life: Life): void {
    const { core } = life.replica
    const { log } = core
    let seen = this.#seen.get(peer.id)
    if (seen === undefined || seen.life !== life.number) {
      seen = { life: life.number, terms: [], leads: 0, commit: core.committed }
      this.#seen.set(peer.id, seen)
    }
    const { terms } = seen
    const leads = core.role === 'leader' ? core.term : 0
    const stays = leads !== 0 && leads === seen.leads
    check(!stays || log.last >= terms.length - 1, () => `leader ${peer.id} cut its own log`)
    let index = log.last
    for (; index > log.offset && terms[index] !== log.term(index); index--) {
      const replaced = terms[index] !== undefined && index < terms.length
      check(!stays || !replaced, () => `leader ${peer.id} replaced its entry ${index}`)
      this.#checkEntry(peer, life, index)
    }
    for (let at = index + 1; at <= log.last; at++) terms[at] = log.term(at)!
    terms.length = log.last + 1
    if (stays && core.committed > seen.commit) {
      const term = log.term(core.committed)
      check(term === core.term, () => `${peer.id} committed an entry of term ${term} by counting`)
    }
    seen.leads = leads
    seen.commit = core.committed
  }

  #checkEntry(peer: SimPeer, life: Life, index: number): void {
    const { log } = life.replica.core
    const entry = log.get(index)!
    const prevTerm = log.term(index - 1)!
    const key = `${index} ${entry.term}`
    const known = this.#entries.get(key)
    if (known === undefined) {
      this.#entries.set(key, { prevTerm, entry })
      return
    }
    const same = known.prevTerm === prevTerm && sameEntry(known.entry, entry)
    check(same, () => `${peer.id} has another entry ${index} of term ${entry.term}`)
  }
}

/** What was committed stays committed, on everybody, and every later leader has it (Raft 5.4). */
export class CommittedLog implements Checker {
  readonly entries: Entry[] = []
  readonly #checked = new Map<string, { life: number; commit: number; leads: number }>()

  afterStep(peer: SimPeer, life: Life): void {
    const { core } = life.replica
    let checked = this.#checked.get(peer.id)
    if (checked?.life !== life.number) {
      checked = { life: life.number, commit: core.log.offset, leads: 0 }
      this.#checked.set(peer.id, checked)
    }
    const from = Math.max(checked.commit, core.log.offset)
    for (let index = from + 1; index <= core.committed; index++) {
      const entry = core.log.get(index)!
      const known = this.entries[index]
      if (known === undefined) this.entries[index] = entry
      else check(sameEntry(known, entry), () => `${peer.id} committed another entry ${index}`)
    }
    checked.commit = core.committed
    const leads = core.role === 'leader' ? core.term : 0
    if (leads !== 0 && leads !== checked.leads) this.#checkLeader(peer, life)
    checked.leads = leads
  }

  #checkLeader(peer: SimPeer, life: Life): void {
    const { log, term } = life.replica.core
    for (let index = log.offset + 1; index < this.entries.length; index++) {
      const known = this.entries[index]
      if (known === undefined || known.term >= term) continue
      const own = log.get(index)
      const has = own !== undefined && sameEntry(known, own)
      check(has, () => `leader ${peer.id} of term ${term} lacks the committed entry ${index}`)
    }
  }
}

/** State machines at one index are equal, and a revision never goes back within a life. */
export class EqualStates implements Checker {
  readonly #hashes = new Map<number, string>()
  readonly #applied = new Map<string, { life: number; applied: number }>()
  readonly #revisions = new Map<string, { life: number; revision: number }>()

  afterStep(peer: SimPeer, life: Life): void {
    const { machine, appliedPoint, isMidEntry } = life.replica
    const { index: applied } = appliedPoint
    const seen = this.#applied.get(peer.id)
    if (isMidEntry || (seen?.life === life.number && seen.applied === applied)) return
    this.#applied.set(peer.id, { life: life.number, applied })
    const hash = machine.hash()
    const known = this.#hashes.get(applied) ?? hash
    check(known === hash, () => `${peer.id} has another state at index ${applied}`)
    this.#hashes.set(applied, hash)
    const { revision } = machine.mvcc
    const before = this.#revisions.get(peer.id)
    const back = before?.life === life.number && before.revision > revision
    check(!back, () => `${peer.id} went back from revision ${before?.revision} to ${revision}`)
    this.#revisions.set(peer.id, { life: life.number, revision })
  }
}

/** What a member acknowledged to a leader is still on its disk after a crash. */
export class KeptPromises implements Checker {
  readonly #promised = new Map<string, { readonly index: number; readonly term: number }>()
  readonly #replica: (id: string) => Replica | undefined

  constructor(replica: (id: string) => Replica | undefined) {
    this.#replica = replica
  }

  afterStep(peer: SimPeer, life: Life): void {
    const promise = this.#promised.get(peer.id)
    const { log } = life.replica.core
    if (promise === undefined || promise.index <= log.offset) return
    if (log.term(promise.index) === promise.term) return
    const replaced = log.lastTerm > promise.term
    check(replaced, () => `${peer.id} dropped entry ${promise.index}, which it acknowledged`)
    this.#promised.delete(peer.id)
  }

  onSend(from: string, frame: Frame): void {
    for (const message of frame.r ?? []) {
      if (message.type !== 'append-answer' || !message.ok) continue
      const term = this.#replica(from)?.core.log.term(message.index)
      if (term !== undefined) this.#promised.set(from, { index: message.index, term })
    }
  }

  onWipe(peer: SimPeer): void {
    this.#promised.delete(peer.id)
  }

  onBoot(peer: SimPeer, replica: Replica): void {
    const promise = this.#promised.get(peer.id)
    if (promise === undefined) return
    const { log } = replica.core
    const kept = promise.index <= log.offset || log.term(promise.index) === promise.term
    const replaced = log.lastTerm > promise.term
    check(kept || replaced, () => `${peer.id} forgot entry ${promise.index}, which it acknowledged`)
  }
}

/**
 * What a leader commits is in the logs of a majority of the voters of its newest membership: nobody
 * who was removed, learns only, or has promised nothing is counted (Raft thesis 4.1).
 */
export class CommitQuorum implements Checker {
  /** Newest log last; the one of a lost disk has made promises, too. */
  readonly #logs = new Map<string, RaftLog[]>()
  readonly #commits = new Map<string, { life: number; term: number; commit: number }>()

  afterStep(peer: SimPeer, life: Life): void {
    const { core } = life.replica
    this.#keep(peer.id, core.log)
    if (core.role !== 'leader') {
      this.#commits.delete(peer.id)
      return
    }
    const seen = this.#commits.get(peer.id)
    const stays = seen?.life === life.number && seen.term === core.term
    if (stays && core.committed > seen.commit) this.#checkCommit(peer, life)
    this.#commits.set(peer.id, { life: life.number, term: core.term, commit: core.committed })
  }

  #keep(id: string, log: RaftLog): void {
    const logs = this.#logs.get(id) ?? []
    if (logs.at(-1) !== log) this.#logs.set(id, [...logs, log].slice(-3))
  }

  #checkCommit(peer: SimPeer, { replica }: Life): void {
    const { committed, log, membership, memberships } = replica.core
    const term = log.term(committed)
    const has = (id: string) =>
      this.#logs.get(id)?.some(each => committed <= each.offset || each.term(committed) === term)
    const holders = membership.voters.filter(has)
    const isQuorum = (voters: readonly string[]) => voters.filter(has).length * 2 > voters.length
    check(
      // A voter may have been added in the turn of the commit, and after it.
      isQuorum(membership.voters) || isQuorum(memberships.at(committed).voters),
      () => `${peer.id} committed ${committed} with ${holders} of the voters ${membership.voters}`,
    )
  }
}

function sameEntry(left: Entry, right: Entry): boolean {
  if (left === right) return true
  const same = left.term === right.term && left.kind === right.kind
  return same && Buffer.compare(left.data, right.data) === 0
}
