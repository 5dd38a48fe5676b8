import type { Prng } from '../../src/kernel/prng.ts'
import type { LeaseId } from '../../src/mvcc/types.ts'
import type { Replica } from '../../src/store/replica.ts'
import { check } from './checkers.ts'
import type { World } from './world.ts'

const ttlSeconds = 1
const prefix = { key: 'lock/', rangeEnd: 'lock0' } as const

/** The session under way, and the key that stands in the queue. */
interface Session {
  readonly lease: LeaseId
  readonly key: string
  /** The revision of that key, once it is known to be there. */
  queuedAt: number | undefined
}

/**
 * Locks as clientv3/concurrency does: a lease, an empty value under it that is put only where no
 * key is yet, and whoever has the oldest key of the queue holds the lock. It is given back, or goes
 * with its lease. What the queue looks like must be what the history says.
 * Source: etcd client/v3/concurrency/mutex.go.
 */
export class SimLockClient {
  readonly #world: World
  readonly #prng: Prng
  #session: Session | undefined
  held = 0

  constructor(world: World, prng: Prng) {
    this.#world = world
    this.#prng = prng
  }

  next(): void {
    const at = this.#world.timeline.now + 10 + this.#prng.next() * 150
    this.#world.timeline.plan(at, () => {
      if (this.#world.isHealed) return
      void this.#act().catch(this.#world.fail)
    })
  }

  async #act(): Promise<void> {
    const life = this.#world.someLife(this.#prng)
    if (life !== undefined) {
      const gone = new Promise<void>(resolve => this.#world.whenDead(life, resolve))
      await Promise.race([this.#ask(life.replica), gone])
    }
    this.next()
  }

  #ask(replica: Replica): Promise<void> {
    const session = this.#session
    if (session === undefined) return this.#begin(replica)
    if (session.queuedAt === undefined) return this.#queue(replica, session)
    return this.#look(replica, session)
  }

  async #begin(replica: Replica): Promise<void> {
    const granted = await replica.leaseGrant(ttlSeconds, undefined, { timeoutMs: 800 })
    if (!granted.ok) return
    const key = `${prefix.key}${granted.id.toString(16)}`
    this.#session = { lease: granted.id, key, queuedAt: undefined }
  }

  async #queue(replica: Replica, session: Session): Promise<void> {
    const { key, lease } = session
    const put = { type: 'put', key, value: Buffer.alloc(0), lease } as const
    const isFree = { key, target: 'create', op: '=', operand: 0 } as const
    const success = [put, { type: 'range', ...prefix, limit: 1 } as const]
    const failure = [{ type: 'range', key } as const, { type: 'range', ...prefix } as const]
    const done = await replica.txn({ compares: [isFree], success, failure }, { timeoutMs: 800 })
    if (done.ok) session.queuedAt = done.revision
    else if (done.why === 'invalid') this.#session = undefined
  }

  async #look(replica: Replica, { lease, key }: Session): Promise<void> {
    const read = await replica.range({ type: 'range', ...prefix }, { timeoutMs: 800 })
    if (!read.ok) return
    this.#world.history.onList(prefix, read.range.kvs, read.revision)
    const queue = [...read.range.kvs].sort((a, b) => a.createRevision - b.createRevision)
    if (!queue.some(kv => kv.key === key)) {
      this.#session = undefined
      return
    }
    check(
      queue.every(kv => kv.value.length === 0),
      () => `a lock has a value: ${key}`,
    )
    if (queue[0]!.key === key) this.held++
    if (this.#prng.chance(0.4)) return
    this.#session = undefined
    if (this.#prng.chance(0.3)) return
    if (this.#prng.chance(0.3)) await replica.leaseRevoke(lease, { timeoutMs: 800 })
    else await replica.txn({ compares: [], success: [{ type: 'delete', key }], failure: [] })
  }
}
