import type { MemberId } from '../raft/types.ts'
import type { Greeting, Refusal } from './frames.ts'
import type { Host } from './proposer.ts'
import type { ReadPermit } from './reader.ts'
import type { Roster } from './roster.ts'
import type { Senders } from './senders.ts'

/** How often a new disk says hello to those that have not answered. */
const repeatMs = 100

/** A removed member is told so once in this time, however much it sends. */
const tellMs = 100

/** What Hello needs beside Host. */
export interface HelloHost extends Host {
  readonly senders: Senders
  roster(): Roster
  /** Resolves when this member's state has everything that was committed before the call. */
  catchUp(): Promise<ReadPermit>
  /** This member is not wanted any more: it has to stop. */
  onRefused(refusal: Refusal): void
}

/**
 * Members tell each other which disk they stand on. A new disk takes no part (no vote, no answer)
 * before a majority has answered that it knows of no other one under this identity: the vote that
 * a lost disk has forgotten can't be given twice.
 *
 *     new disk            others
 *     h {storeId} ------>  record of that member: none or the same ------> k
 *                          another disk ---------------------------------> x
 *     anything    ------>  the member was removed -----------------------> x
 *
 * A member whose own log may lag behind the record makes sure of it by a ReadIndex before it says
 * k. One that has an empty log can't: a cluster whose first entries are on a minority that has died
 * is begun anew, as with etcd's initial-cluster-state `new`.
 *
 * A refusal ends a member for good, and so one word is not enough for one that takes part: it is
 * believed from the leader whom this member follows, or from a majority of the others.
 */
export class Hello {
  readonly #host: HelloHost
  readonly #storeId: string
  readonly #others: readonly MemberId[]
  readonly #welcomes = new Set<MemberId>()
  readonly #checking = new Set<MemberId>()
  readonly #refusers = new Map<MemberId, Refusal['reason']>()
  readonly #toldAt = new Map<MemberId, number>()
  #isWaiting: boolean
  #saidAt = Number.NEGATIVE_INFINITY

  /** `others`: the members known at the start; `fresh`: nothing was ever written on the disk. */
  constructor(host: HelloHost, storeId: string, others: readonly MemberId[], fresh: boolean) {
    this.#host = host
    this.#storeId = storeId
    this.#others = others
    this.#isWaiting = fresh && others.length > 0
  }

  /** True while this member must not take part. */
  get isWaiting(): boolean {
    return this.#isWaiting
  }

  /** Greets a member whose connection has come up, so that a removed one learns of it. */
  greet(to: MemberId): void {
    this.#host.post(to, { h: { storeId: this.#storeId, isNew: this.#isWaiting } })
  }

  tick(now: number): void {
    if (!this.#isWaiting || now - this.#saidAt < repeatMs) return
    this.#saidAt = now
    for (const to of this.#others) if (!this.#welcomes.has(to)) this.greet(to)
  }

  onGreeting(from: MemberId, greeting: Greeting): void {
    if (this.#refuses(from, greeting) || !greeting.isNew) return
    if (this.#host.core.log.last === 0) {
      this.#host.post(from, { k: true })
      return
    }
    if (this.#checking.has(from)) return
    this.#checking.add(from)
    void this.#host.catchUp().then(permit => {
      this.#checking.delete(from)
      if (permit.ok && !this.#refuses(from, greeting)) this.#host.post(from, { k: true })
    })
  }

  onWelcome(from: MemberId): void {
    if (!this.#isWaiting || !this.#others.includes(from)) return
    this.#welcomes.add(from)
    const majority = Math.floor((this.#others.length + 1) / 2) + 1
    if (this.#welcomes.size + 1 < majority) return
    this.#isWaiting = false
    this.#host.wake()
  }

  /** `from` says that this member is not wanted any more. */
  onRefusal(from: MemberId, { reason }: Refusal): void {
    const { core, senders } = this.#host
    const { known } = senders
    if (!known.includes(from)) return
    this.#refusers.set(from, reason)
    const agreed = known.filter(id => this.#refusers.get(id) === reason).length
    const majority = Math.floor(known.length / 2) + 1
    // A new disk has no part yet that one liar could take from it.
    const isBelieved = this.#isWaiting || from === core.leader || agreed >= majority
    if (isBelieved) this.#host.onRefused({ reason })
  }

  /** Tells a removed member that it is. */
  tellRemoved(to: MemberId): void {
    const now = this.#host.clock.now()
    if (now - (this.#toldAt.get(to) ?? Number.NEGATIVE_INFINITY) < tellMs) return
    this.#toldAt.set(to, now)
    this.#host.post(to, { x: { reason: 'removed' } })
  }

  #refuses(from: MemberId, { storeId }: Greeting): boolean {
    const known = this.#host.roster().get(from)?.storeId
    if (!known || known === storeId) return false
    this.#host.post(from, { x: { reason: 'wiped' } })
    return true
  }
}
