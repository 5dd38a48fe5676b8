import type { Prng } from '../../src/kernel/prng.ts'
import type { Event } from '../../src/mvcc/types.ts'
import type { StoreFailure, Watch, WatchBatch } from '../../src/store/types.ts'
import { type Checker, check } from './checkers.ts'
import { byRevision, lineOf, textOf } from './history.ts'
import type { Life, SimPeer } from './peer.ts'
import type { World } from './world.ts'

/** What a watcher looks at; `prevKv`: it wants to know what was there before. */
export interface Watched {
  readonly key: string
  readonly rangeEnd: string
  readonly prevKv: boolean
}

interface Batch extends WatchBatch {
  /** First revision that the watch had not delivered before. */
  readonly from: number
  /** The member's floor at delivery: what was before it may be unknown. */
  readonly floor: number
}

/** Longest time at one member, milliseconds. */
const stayMsMax = 1_200
/** Longest rest between two stays, of those that rest: long enough for compactions to pass it. */
const restMsMax = 1_500
const restRatio = 0.25

/**
 * A client that watches for ever: it moves between members, resumes after what it has seen, and
 * compares each batch with the history that all members agree on: whole revisions, in order, none
 * left out and none twice; what compaction took is said, never skipped.
 */
export class SimWatcher implements Checker {
  readonly #world: World
  readonly #prng: Prng
  readonly #name: string
  readonly #watched: Watched
  readonly #batches: Batch[] = []
  #next = 2
  /** Counts the stays: what an ended one delivers does not count. */
  #stay = 0
  #watch: Watch | undefined
  resumes = 0

  constructor(world: World, prng: Prng, name: string, watched: Watched) {
    this.#world = world
    this.#prng = prng
    this.#name = name
    this.#watched = watched
  }

  /** Everything up to `revision` was delivered. */
  hasSeen(revision: number): boolean {
    return this.#next > revision
  }

  /** Goes to some member, now or as soon as one is up. */
  begin(): void {
    this.#watch?.cancel()
    const stay = ++this.#stay
    const life = this.#world.someLife(this.#prng)
    if (life === undefined) {
      this.#again(stay, 40)
      return
    }
    this.resumes++
    const request = { ...this.#watched, startRevision: this.#next }
    this.#watch = life.replica.watch(request, {
      onBatch: batch => {
        // A snapshot may have replaced the state since the watch began.
        if (this.#stay === stay) this.#onBatch(batch, life.replica.machine.mvcc.floor)
      },
      onEnd: failure => {
        if (this.#stay === stay) this.#onEnd(failure, stay)
      },
    })
    this.#world.whenDead(life, () => this.#again(stay, 10))
    this.#leave(stay, 100 + this.#prng.next() * stayMsMax)
  }

  /** Leaves the member after a while, and mostly goes on to another at once. */
  #leave(stay: number, afterMs: number): void {
    this.#world.timeline.plan(this.#world.timeline.now + afterMs, () => {
      if (this.#stay !== stay) return
      this.#watch?.cancel()
      const rests = !this.#world.isHealed && this.#prng.chance(restRatio)
      this.#again(++this.#stay, rests ? this.#prng.next() * restMsMax : 0)
    })
  }

  /** Members show what they applied after their turn: then the batches of it can be compared. */
  afterStep(_peer: SimPeer, _life: Life): void {
    for (const batch of this.#batches.splice(0)) this.#verify(batch)
  }

  #again(stay: number, afterMs: number): void {
    this.#world.timeline.plan(this.#world.timeline.now + afterMs, () => {
      if (this.#stay === stay) this.begin()
    })
  }

  #onBatch(batch: WatchBatch, floor: number): void {
    this.#batches.push({ ...batch, from: this.#next, floor })
    this.#next = Math.max(this.#next, batch.revision + 1)
  }

  #onEnd(failure: StoreFailure, stay: number): void {
    if (failure.why === 'compacted') {
      const { revision = 0 } = failure
      if (revision <= this.#next) {
        this.#world.fail(new Error(`${this.#name}: ${this.#next} was refused, floor ${revision}`))
      }
      this.#next = revision
    }
    this.#again(stay, 10)
  }

  #verify({ from, revision, events, floor }: Batch): void {
    const groups = byRevision(events)
    let last = 0
    for (const at of groups.keys()) {
      check(at >= from && at <= revision, () => `${this.#name}: ${at} not in ${from}..${revision}`)
      check(at > last, () => `${this.#name}: revision ${at} came after ${last}`)
      last = at
    }
    for (let at = from; at <= revision; at++) this.#verifyRevision(at, groups.get(at) ?? [], floor)
  }

  #verifyRevision(revision: number, events: readonly Event[], floor: number): void {
    const lines = this.#world.history.linesAt(revision)
    // Only what a compaction took before anybody could show it is unknown.
    if (lines === undefined) return
    const { key, rangeEnd, prevKv } = this.#watched
    const wanted = lines.filter(
      line => line.key >= key && (rangeEnd === '\0' || line.key < rangeEnd),
    )
    const expected = wanted.map(({ text }) => text).join('; ')
    const found = events.map(event => lineOf(event).text).sort()
    check(
      found.join('; ') === expected,
      () => `${this.#name}: revision ${revision} was "${found.join('; ')}", is "${expected}"`,
    )
    if (!prevKv) return
    for (const event of events) this.#verifyPrevious(event, revision, floor)
  }

  #verifyPrevious({ kv, prevKv }: Event, revision: number, floor: number): void {
    const { history } = this.#world
    const mod = history.modAt(kv.key, revision - 1)
    if (prevKv === undefined) {
      const isUnknown = mod === 0 || revision - 1 < floor
      check(isUnknown, () => `${this.#name}: ${kv.key} at ${revision} has no previous, but ${mod}`)
      return
    }
    const value = textOf(prevKv.value)
    const expected = history.valueAt(kv.key, revision - 1)
    check(
      prevKv.modRevision === mod && value === expected,
      () => `${this.#name}: before ${kv.key} at ${revision} came ${value}, not ${expected}`,
    )
  }
}
