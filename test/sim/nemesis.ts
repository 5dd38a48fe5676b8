import { createPrng, type Prng } from '../../src/kernel/prng.ts'
import { Hostile } from './hostile.ts'
import type { SimPeer } from './peer.ts'
import type { World } from './world.ts'

/** What goes wrong, how often; weights of one draw. */
export interface NemesisPlan {
  /** Mean time between faults, milliseconds. */
  readonly everyMs: number
  readonly weights: Readonly<Partial<Record<Fault, number>>>
  /** Longest time until a crashed process starts again. */
  readonly downMsMax: number
}

type Fault =
  | 'crash'
  | 'crash-leader'
  | 'isolate'
  | 'isolate-leader'
  | 'split'
  | 'one-way'
  | 'heal'
  | 'sleep'
  | 'slow-disk'
  | 'transfer'
  | 'false-alarm'
  | 'replace'
  | 'replace-leader'
  | 'wipe'
  | 'overlap'

/** Breaks things, at random but from the seed. */
export class Nemesis {
  readonly #world: World
  readonly #prng: Prng
  readonly #plan: NemesisPlan
  readonly hostile: Hostile

  constructor(world: World, prng: Prng, plan: NemesisPlan) {
    this.#world = world
    this.#prng = prng
    this.#plan = plan
    this.hostile = new Hostile(world, createPrng(prng.below(2 ** 31)))
  }

  /** Plans the next fault. */
  next(): void {
    const wait = this.#prng.next() * 2 * this.#plan.everyMs
    this.#world.timeline.plan(this.#world.timeline.now + wait, () => {
      if (this.#world.isHealed) return
      const fault = this.#draw()
      this.#world.note(`nemesis: ${fault}`)
      this.#faults[fault]()
      for (let more = this.#prng.below(4); more > 0; more--) this.hostile.forge()
      this.next()
    })
  }

  /** How long a process that has died stays away. */
  downMs(): number {
    return 5 + this.#prng.next() * this.#plan.downMsMax
  }

  readonly #faults: Record<Fault, () => void> = {
    crash: () => this.#crash(this.#somePeer()),
    'crash-leader': () => this.#crash(this.#leader()),
    isolate: () => this.#isolate(this.#somePeer()),
    'isolate-leader': () => this.#isolate(this.#leader()),
    split: () => {
      const { ids, network } = this.#world
      const left = ids.filter(() => this.#prng.chance(0.5))
      const right = ids.filter(id => !left.includes(id))
      network.heal()
      network.cut(left, right)
      network.cut(right, left)
    },
    'one-way': () => {
      const { id } = this.#somePeer()
      const others = this.#world.ids.filter(other => other !== id && this.#prng.chance(0.7))
      if (this.#prng.chance(0.5)) this.#world.network.cut([id], others)
      else this.#world.network.cut(others, [id])
    },
    heal: () => this.#world.network.heal(),
    sleep: () => {
      const peer = this.#prng.chance(0.5) ? this.#leader() : this.#somePeer()
      peer.busyUntil = this.#world.timeline.now + 100 + this.#prng.next() * 1_500
    },
    'slow-disk': () => {
      this.#somePeer().syncMs = this.#prng.chance(0.5) ? 0.2 : 1 + this.#prng.next() * 60
    },
    transfer: () => {
      const to = this.#prng.chance(0.5) ? this.#somePeer().id : undefined
      void this.#leader().life?.replica.transferLeadership(to)
    },
    'false-alarm': () => {
      this.#somePeer().loses(this.#leader().id)
    },
    replace: () => this.#world.churn.replace(this.#somePeer()),
    'replace-leader': () => this.#world.churn.replace(this.#leader()),
    overlap: () => this.#world.churn.overlap(),
    wipe: () => this.#world.wipeSoon(this.#somePeer()),
  }

  #crash(peer: SimPeer): void {
    if (peer.isUp) peer.crash()
  }

  #isolate({ id }: SimPeer): void {
    const others = this.#world.ids.filter(other => other !== id)
    this.#world.network.heal()
    this.#world.network.cut([id], others)
    this.#world.network.cut(others, [id])
  }

  #somePeer(): SimPeer {
    const peers = this.#world.peers.filter(({ isGone }) => !isGone)
    return peers[this.#prng.below(peers.length)]!
  }

  /** Somebody who leads, or believes so; else anybody. */
  #leader(): SimPeer {
    const leaders = this.#world.peers.filter(peer => peer.life?.replica.core.role === 'leader')
    return leaders[this.#prng.below(leaders.length)] ?? this.#somePeer()
  }

  #draw(): Fault {
    const entries = Object.entries(this.#plan.weights) as [Fault, number][]
    let draw = this.#prng.next() * entries.reduce((sum, [, weight]) => sum + weight, 0)
    for (const [fault, weight] of entries) {
      draw -= weight
      if (draw < 0) return fault
    }
    return entries[0]![0]
  }
}
