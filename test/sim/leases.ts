import type { Prng } from '../../src/kernel/prng.ts'
import type { Replica } from '../../src/store/replica.ts'
import { type Checker, check } from './checkers.ts'
import type { World } from './world.ts'

const ttlSeconds = 1
/** Keys without a value that go with a lease beside the one that is looked after. */
const leaseKeysMax = 60

interface Held {
  readonly id: number
  readonly key: string
  /** Revision of the put that attached the key. */
  readonly attachedAt: number
  /** When the last acknowledged grant or renewal was asked for: it took effect later. */
  renewedAt: number
  /** Somebody has asked for its end. */
  isRevoked: boolean
}

/**
 * Holds one lease after the other with a key on it, renews it, lets it run out or revokes it. The
 * key may go only when the time since the last acknowledged renewal is over; World checks that all
 * leases go in the end.
 */
export class SimLeaseClient implements Checker {
  readonly #world: World
  readonly #prng: Prng
  readonly #name: string
  #sequence = 0
  #held: Held | undefined
  renewals = 0

  constructor(world: World, prng: Prng, name: string) {
    this.#world = world
    this.#prng = prng
    this.#name = name
  }

  next(afterMs = 20 + this.#prng.next() * 300): void {
    this.#world.timeline.plan(this.#world.timeline.now + afterMs, () => {
      if (this.#world.isHealed) return
      void this.#act().catch(this.#world.fail)
    })
  }

  afterStep(): void {
    this.#checkKept()
  }

  async #act(): Promise<void> {
    const life = this.#world.someLife(this.#prng)
    if (life !== undefined) {
      const gone = new Promise<void>(resolve => this.#world.whenDead(life, resolve))
      await Promise.race([this.#ask(life.replica), gone])
    }
    this.next(this.#pauseMs())
  }

  /** Now and then the next renewal comes just when the time is over. */
  #pauseMs(): number | undefined {
    const held = this.#held
    if (held === undefined || !this.#prng.chance(0.3)) return undefined
    const over = held.renewedAt + ttlSeconds * 1_000
    return Math.max(1, over - this.#world.timeline.now - 40 + this.#prng.next() * 260)
  }

  async #ask(replica: Replica): Promise<void> {
    const held = this.#held
    if (held === undefined) return this.#grant(replica)
    const draw = this.#prng.next()
    if (draw < 0.8) return this.#renew(replica, held)
    if (draw < 0.9) return this.#revoke(replica, held)
    // No more renewals: it runs out.
    this.#held = undefined
  }

  async #grant(replica: Replica): Promise<void> {
    const asked = this.#world.timeline.now
    const granted = await replica.leaseGrant(ttlSeconds, undefined, { timeoutMs: 800 })
    if (!granted.ok) return
    const { id } = granted
    const key = `l${this.#name}-${++this.#sequence}`
    const op = { type: 'put', key, value: Buffer.from(`${key}-v`), lease: id } as const
    const more = Array.from({ length: this.#prng.below(leaseKeysMax) }, (_, at) => {
      return { ...op, key: `${key}/${at}`, value: Buffer.alloc(0) }
    })
    const success = [op, ...more]
    const put = await replica.txn({ compares: [], success, failure: [] }, { timeoutMs: 800 })
    if (put.ok) {
      const { revision } = put
      this.#held = { id, key, attachedAt: revision, renewedAt: asked, isRevoked: false }
      this.#world.note(`lease ${id} holds ${key}, granted at ${asked.toFixed(1)}`)
    } else if (put.why === 'invalid') this.#checkOver(id, asked)
  }

  async #renew(replica: Replica, held: Held): Promise<void> {
    const asked = this.#world.timeline.now
    const renewed = await replica.leaseKeepAlive(held.id)
    if (this.#held !== held) return
    if (renewed.ok) {
      this.#world.note(`${held.key} was renewed, asked at ${asked.toFixed(1)}`)
      held.renewedAt = Math.max(held.renewedAt, asked)
      this.renewals++
      this.#checkKept()
    } else if (renewed.why === 'invalid') {
      if (!held.isRevoked) this.#checkOver(held.id, held.renewedAt)
      this.#held = undefined
    }
  }

  async #revoke(replica: Replica, held: Held): Promise<void> {
    held.isRevoked = true
    const revoked = await replica.leaseRevoke(held.id, { timeoutMs: 800 })
    if (this.#held !== held) return
    const left = revoked.ok && replica.machine.mvcc.leases.get(held.id)
    check(!left, () => `lease ${held.id} lives on after its revocation`)
    const deleted = this.#world.history.deletedAfter(held.key, held.attachedAt)
    check(!revoked.ok || deleted !== undefined, () => `${held.key} outlives its lease`)
    this.#held = undefined
  }

  /** The lease is not found: its time must be over. */
  #checkOver(id: number, renewedAt: number): void {
    const { now } = this.#world.timeline
    const leftMs = renewedAt + ttlSeconds * 1_000 - now
    check(leftMs <= 0, () => `lease ${id} is gone with ${leftMs.toFixed(1)} ms left`)
  }

  /** The key of a lease that was renewed must be there. */
  #checkKept(): void {
    const held = this.#held
    if (held === undefined || held.isRevoked) return
    const deleted = this.#world.history.deletedAfter(held.key, held.attachedAt)
    if (deleted === undefined) return
    const leftMs = held.renewedAt + ttlSeconds * 1_000 - deleted
    check(leftMs <= 0, () => `${held.key} was deleted with ${leftMs.toFixed(1)} ms left`)
  }
}
