import { Packr } from 'msgpackr'
import type { Prng } from '../../src/kernel/prng.ts'
import { encodeMembership } from '../../src/raft/membership.ts'
import { joinCommands, packCommand } from '../../src/store/command.ts'
import { type Frame, packFrame } from '../../src/store/frames.ts'
import { check } from './checkers.ts'
import type { SimPeer } from './peer.ts'
import type { World } from './world.ts'

/** In the mesh, and no member of the store: a worker. */
const worker = 'w1'

const packr = new Packr({ useRecords: false })

/** What the forger knows of its target. */
interface Target {
  readonly from: string
  readonly to: string
  /** A term above everybody's. */
  readonly term: number
  readonly last: number
}

type Forgery = (target: Target, prng: Prng) => Frame | Uint8Array

/**
 * Whoever is in the mesh without being a member, be it a worker or a removed peer that still has
 * its key, sends what would harm: nothing may come of it. The checkers watch as in every run.
 */
export class Hostile {
  readonly #world: World
  readonly #prng: Prng

  constructor(world: World, prng: Prng) {
    this.#world = world
    this.#prng = prng
  }

  /** One frame to somebody who can know that its sender is no member. */
  forge(): void {
    const living = this.#world.peers.filter(({ isUp }) => isUp)
    const peer = living[this.#prng.below(living.length)]
    if (peer?.life === undefined) return
    const { core, machine } = peer.life.replica
    const removed = this.#world.peers.filter(({ id }) => machine.roster.isRemoved(id))
    const outside = [worker, ...removed.map(({ id }) => id)]
    const inside = core.others.filter(id => !outside.includes(id))
    // What a member says of its own log and vote is believed; what it proposes is read.
    const isMember = inside.length > 0 && this.#prng.chance(0.3)
    const from = pick(isMember ? inside : outside, this.#prng)
    const forgery = pick(isMember ? unreadable : forgeries, this.#prng)
    const term = core.term + 1 + (isMember ? 0 : this.#prng.below(9))
    const { id: to, log } = core
    const frame = forgery({ from, to, term, last: log.last }, this.#prng)
    const bytes = frame instanceof Uint8Array ? frame : packFrame(frame)
    this.#world.deliver(from, to, bytes, this.#world.timeline.now)
  }

  /** A member ends because the others don't want it: only after its removal, or without its disk. */
  checkRefused(peer: SimPeer): void {
    const isDue = peer.isWiped || this.#world.churn.hasRemoved(peer.id)
    check(isDue, () => `${peer.id} has stopped for a removal that nobody asked for`)
  }
}

/** What can't be read, or is in another's name. */
const unreadable: readonly Forgery[] = [
  foreignProposal,
  ({ term }) => ({ p: [Buffer.from([0xc1])], t: term - 1 }),
  (_, prng) => Buffer.from(Array.from({ length: prng.below(40) }, () => prng.below(256))),
  () => packr.pack({ r: [[0, 1]], p: 'text', t: -1 }),
]

const forgeries: readonly Forgery[] = [
  ...unreadable,
  () => ({ x: { reason: 'removed' } }),
  () => ({ x: { reason: 'wiped' } }),
  () => ({ k: true }),
  ({ from, to, term, last }) => ({
    r: [
      {
        ...{ type: 'vote', from, to, term, pre: false, force: true },
        ...{ lastIndex: last + 9, lastTerm: term },
      },
    ],
  }),
  ({ from, to, term }) => ({
    r: [{ type: 'heartbeat', from, to, term, commit: 0, round: 0, late: 0 }],
  }),
  ({ from, to, term }) => ({ r: [{ type: 'timeout-now', from, to, term: term - 1 }] }),
  ({ from, to, term, last }) => {
    const data = encodeMembership({ voters: [from], learners: [] })
    const entry = { index: last + 1, term, kind: 'config', data } as const
    const at = { prevIndex: last, prevTerm: term, entries: [entry], commit: last + 1 }
    return { r: [{ type: 'append', from, to, term, ...at }] }
  },
  ({ term }) => ({ s: { id: 7, n: 0, term, data: Buffer.from([0xc1]), last: true } }),
  ({ from }) => ({ q: { id: 1, request: { type: 'transfer', to: from } } }),
  ({ to }) => {
    const change = { kind: 'remove', id: to } as const
    return { q: { id: 1, request: { type: 'change', change, strict: false } } }
  },
  ({ from }) => {
    const record = { name: '', peerId: '', storeId: '', peerUrls: [], clientUrls: [] }
    return { m: [{ id: from, ...record }] }
  },
]

function pick<T>(from: readonly T[], prng: Prng): T {
  return from[prng.below(from.length)]!
}

/** Under the name of a member, or one that no member could apply. */
function foreignProposal({ from, to, term }: Target, prng: Prng): Frame {
  const identity = { incarnation: 1e6, sequence: 1 + prng.below(1e6), settledBelow: 1, fence: 0 }
  const action = { type: 'member-remove', id: to } as const
  const foreign = { origin: to, ...identity, action }
  const nonsense = { origin: from, ...identity, action: { type: 'nonsense' } as never }
  const command = packCommand(prng.chance(0.5) ? foreign : nonsense)
  // Terms of forged frames are above everybody's; a proposal has to name the right one.
  return { p: [prng.chance(0.5) ? command : joinCommands([command])], t: term - 1 }
}
