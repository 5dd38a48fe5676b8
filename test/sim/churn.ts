import type { Prng } from '../../src/kernel/prng.ts'
import type { SimPeer } from './peer.ts'
import type { World } from './world.ts'

/** Between two attempts of one change, milliseconds. */
const retryMs = 150

/**
 * Members come and go: one is removed, a new one joins as a learner and gets the vote once it has
 * caught up; and disks are lost, whose members must be refused and replaced.
 */
export class Churn {
  readonly #world: World
  readonly #prng: Prng
  #isBusy = false
  #joined = 0
  readonly #removed = new Set<string>()
  replaced = 0
  wiped = 0

  constructor(world: World, prng: Prng) {
    this.#world = world
    this.#prng = prng
  }

  /**
   * Replaces `wanted`, unless another replacement is under way. A member without its disk goes
   * first: who removes a whole one meanwhile may be left without a majority.
   */
  replace(wanted: SimPeer): void {
    if (this.#isBusy || this.#world.isHealed) return
    const voters = this.#world.voters()
    const victim = this.#lost(voters) ?? wanted
    if (!voters.includes(victim.id)) return
    this.#isBusy = true
    this.#replace(victim)
      .catch(this.#world.fail)
      .finally(() => {
        this.#isBusy = false
        const lost = this.#lost(this.#world.voters())
        if (lost !== undefined) this.replace(lost)
      })
  }

  /** Two members are replaced at one time: their removals overlap. */
  overlap(): void {
    const voters = this.#world.voters()
    const isCalm = !this.#isBusy && !this.#world.isHealed && this.#lost(voters) === undefined
    if (!isCalm || voters.length < 3) return
    const first = this.#prng.below(voters.length)
    const second = (first + 1 + this.#prng.below(voters.length - 1)) % voters.length
    const victims = [first, second].map(at => this.#world.peers.find(p => p.id === voters[at])!)
    this.#isBusy = true
    Promise.all(victims.map(victim => this.#replace(victim)))
      .catch(this.#world.fail)
      .finally(() => {
        this.#isBusy = false
      })
  }

  /** The removal of this member was asked for at least. */
  hasRemoved(id: string): boolean {
    return this.#removed.has(id)
  }

  #lost(voters: readonly string[]): SimPeer | undefined {
    return this.#world.peers.find(({ id, isWiped }) => isWiped && voters.includes(id))
  }

  /**
   * The disk of `peer` is lost while it is down. Only one that all others know may be: a cluster
   * whose first entries are nowhere else is begun anew; see Hello.
   */
  wipe(peer: SimPeer): boolean {
    if (this.#isBusy || this.#world.isHealed || !this.#isKnown(peer)) return false
    this.wiped++
    this.#world.wipe(peer)
    return true
  }

  #isKnown(peer: SimPeer): boolean {
    const voters = this.#world.voters()
    const lives = this.#world.peers.filter(each => voters.includes(each.id) && each.isUp)
    const knows = ({ life }: SimPeer) => life?.replica.machine.roster.get(peer.id)?.storeId
    return (
      this.#lost(voters) === undefined &&
      voters.length >= 3 &&
      voters.includes(peer.id) &&
      lives.length === voters.length &&
      lives.every(knows)
    )
  }

  async #replace(victim: SimPeer): Promise<void> {
    const { id } = victim
    this.#removed.add(id)
    const removed = await this.#retry(async via => {
      if (via.id === id) return false
      const { ok } = await via.life!.replica.memberRemove(id)
      return ok || via.life?.replica.machine.roster.isRemoved(id) === true
    })
    if (!removed) return
    const peer = this.#world.addPeer()
    const peerUrls = [`https://127.0.0.1:${10_000 + ++this.#joined}`]
    const added = await this.#retry(async via => {
      const { replica } = via.life!
      const { voters, learners } = replica.core.membership
      if (voters.includes(peer.id) || learners.includes(peer.id)) return true
      return (await replica.memberAdd({ id: peer.id, peerUrls, isLearner: true })).ok
    })
    if (!added) return
    this.#world.join(peer)
    await this.#retry(async via => {
      if (via.life!.replica.core.membership.voters.includes(peer.id)) return true
      return (await via.life!.replica.memberPromote(peer.id)).ok
    })
    this.replaced++
  }

  /** Asks one living member after the other until one says yes; false when time is over. */
  async #retry(ask: (via: SimPeer) => Promise<boolean>): Promise<boolean> {
    while (!this.#world.isHealed) {
      const living = this.#world.peers.filter(({ isUp }) => isUp)
      const via = living[this.#prng.below(living.length)]
      if (via?.life !== undefined) {
        const { life } = via
        const died = new Promise<boolean>(resolve => {
          this.#world.whenDead(life, () => resolve(false))
        })
        if (await Promise.race([ask(via), died])) return true
      }
      await this.#world.sleep(retryMs)
    }
    return false
  }
}
