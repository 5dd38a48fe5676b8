import type { MemberId } from '../raft/types.ts'
import type { Greeting, Refusal } from './frames.ts'
import type { Host } from './proposer.ts'
import type { ReadPermit } from './reader.ts'
import type { Roster } from './roster.ts'

/** How often a new disk says hello to those that have not answered. */
const repeatMs = 100

/** What Hello needs beside Host. */
export interface HelloHost extends Host {
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
 *                          another disk, or the member was removed ------> x
 *
 * A member whose own log may lag behind the record makes sure of it by a ReadIndex before it says
 * k. One that has an empty log can't: a cluster whose first entries are on a minority that has died
 * is begun anew, as with etcd's initial-cluster-state `new`.
 */
export class Hello {
  readonly #host: HelloHost
  readonly #storeId: string
  readonly #others: readonly MemberId[]
  readonly #welcomes = new Set<MemberId>()
  readonly #checking = new Set<MemberId>()
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

  onRefusal(refusal: Refusal): void {
    this.#host.onRefused(refusal)
  }

  #refuses(from: MemberId, { storeId }: Greeting): boolean {
    const reason = this.#refusalOf(from, storeId)
    if (reason !== undefined) this.#host.post(from, { x: { reason } })
    return reason !== undefined
  }

  #refusalOf(from: MemberId, storeId: string): Refusal['reason'] | undefined {
    const roster = this.#host.roster()
    if (roster.isRemoved(from)) return 'removed'
    const known = roster.get(from)?.storeId
    return known && known !== storeId ? 'wiped' : undefined
  }
}
