import type { Clock } from '../../src/kernel/clock.ts'
import type { Prng } from '../../src/kernel/prng.ts'
import type { Event } from '../../src/mvcc/types.ts'
import { eventTypes, type WatchResponse } from '../../src/store/etcd/rpc/watch.ts'
import type { Replica } from '../../src/store/replica.ts'
import { WatchFace } from '../support/watch-face.ts'
import { type Checker, check } from './checkers.ts'
import { byRevision, lineOf } from './history.ts'
import type { SimPeer } from './peer.ts'
import type { World } from './world.ts'

/** Longest time of one watch, milliseconds. */
const stayMsMax = 500

interface Heard {
  readonly from: number
  readonly response: WatchResponse
}

/**
 * A client of etcd's Watch service that watches from now, at one member after the other, just after
 * their starts as well: it begins where the member stands, hears of nothing before, and misses
 * nothing after.
 */
export class SimFaceWatcher implements Checker {
  readonly #world: World
  readonly #prng: Prng
  readonly #faces = new WeakMap<Replica, WatchFace>()
  readonly #clock: Clock
  #heard: Heard[] = []
  #next = 0
  #isCreated = false
  #isOver = false

  constructor(world: World, prng: Prng) {
    this.#world = world
    this.#prng = prng
    const never = () => () => {}
    const now = () => world.timeline.now
    this.#clock = { now, wall: () => 1e12 + now(), after: never, every: never }
  }

  onBoot(_peer: SimPeer, replica: Replica): void {
    this.#faces.set(replica, new WatchFace(replica, this.#clock))
  }

  next(): void {
    this.#world.timeline.plan(this.#world.timeline.now + this.#prng.next() * 30, () => {
      if (this.#world.isHealed) return
      this.#begin()
    })
  }

  afterStep(): void {
    for (const heard of this.#heard.splice(0)) this.#verify(heard)
  }

  #begin(): void {
    const life = this.#world.someLife(this.#prng)
    const face = life && this.#faces.get(life.replica)
    if (life === undefined || face === undefined) {
      this.next()
      return
    }
    this.#next = life.replica.revision + 1
    this.#isCreated = false
    this.#isOver = false
    const all = { key: '\0', rangeEnd: '\0' }
    const close = face.watch(all, response => this.#onResponse(response))
    let isEnded = false
    const end = () => {
      if (isEnded) return
      isEnded = true
      this.#isOver = true
      close()
      this.next()
    }
    this.#world.whenDead(life, end)
    const until = this.#world.timeline.now + this.#prng.next() * stayMsMax
    this.#world.timeline.plan(until, end)
  }

  #onResponse(response: WatchResponse): void {
    if (this.#isOver) return
    const { created, canceled, compactRevision, header } = response
    const revision = header?.revision ?? 0
    if (!this.#isCreated) {
      const isRight = created && !canceled && revision === this.#next - 1
      this.#require(isRight, () => `a watch from ${this.#next} began at ${revision}`)
      this.#isCreated = true
    } else if (canceled) {
      // A snapshot of the leader may have passed it, a compaction never does.
      const isBehind = compactRevision > this.#next
      this.#require(isBehind, () => `a watch at ${this.#next} ended, ${compactRevision} is gone`)
      this.#isOver = true
    } else {
      this.#heard.push({ from: this.#next, response })
      this.#next = revision + 1
    }
  }

  #verify({ from, response: { header, events } }: Heard): void {
    const to = header?.revision ?? 0
    const groups = byRevision(events.map(eventOf))
    for (const at of groups.keys()) {
      check(at >= from && at <= to, () => `face: ${at} came in ${from}..${to}`)
    }
    for (let at = from; at <= to; at++) {
      const lines = this.#world.history.linesAt(at)
      if (lines === undefined) continue
      const found = (groups.get(at) ?? []).map(event => lineOf(event).text).sort()
      const expected = lines.map(({ text }) => text)
      check(
        found.join('; ') === expected.join('; '),
        () => `face: revision ${at} was "${found.join('; ')}", is "${expected.join('; ')}"`,
      )
    }
  }

  /** Called within a turn of a member, which must not see what was thrown. */
  #require(condition: boolean, message: () => string): void {
    if (!condition) this.#world.fail(new Error(`face: ${message()}`))
  }
}

function eventOf({ type, kv }: WatchResponse['events'][number]): Event {
  return { type: eventTypes[type ?? 0]!, kv: kv as unknown as Event['kv'] }
}
