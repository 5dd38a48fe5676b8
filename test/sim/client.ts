import type { Prng } from '../../src/kernel/prng.ts'
import type { Replica } from '../../src/store/replica.ts'
import type { ProposeOptions, StoreResult, TxnOutcome, TxnRequest } from '../../src/store/types.ts'
import { check } from './checkers.ts'
import { textOf } from './history.ts'
import { drawHostileOps, hostileRange } from './hostile-ops.ts'
import type { World } from './world.ts'

const keyCount = 8

/** Does one thing after the other at random members, and tells the history what it was told. */
export class SimClient {
  readonly #world: World
  readonly #prng: Prng
  readonly #name: string
  #sequence = 0
  /** The write it would refuse, by what it read last. */
  #known = new Map<string, number>()
  done = 0

  constructor(world: World, prng: Prng, name: string) {
    this.#world = world
    this.#prng = prng
    this.#name = name
  }

  /** Plans the next request. */
  next(): void {
    // Once healed they only keep the cluster from being idle.
    const pause = 1 + this.#prng.next() * this.#world.thinkMs * (this.#world.isHealed ? 4 : 1)
    this.#world.timeline.plan(this.#world.timeline.now + pause, () => this.#act())
  }

  #act(): void {
    const life = this.#world.someLife(this.#prng)
    if (life === undefined) {
      this.next()
      return
    }
    let settled = false
    const settle = (after: () => void) => {
      if (settled) return
      settled = true
      after()
      this.done++
      this.next()
    }
    // Whoever asked a process that died gets no answer.
    this.#world.whenDead(life, () => settle(() => {}))
    this.#request(life.replica, settle)
  }

  #request(replica: Replica, settle: (after: () => void) => void): void {
    const key = `k${this.#prng.below(keyCount)}`
    const draw = this.#prng.next()
    if (draw < 0.3) this.#read(replica, key, settle)
    else if (draw < 0.35) this.#list(replica, settle)
    else if (draw < 0.65) this.#put(replica, key, settle)
    else if (draw < 0.9) this.#compareAndSwap(replica, key, settle)
    else if (draw < 0.95) this.#delete(replica, key, settle)
    else this.#compact(replica, settle)
  }

  #read(replica: Replica, key: string, settle: (after: () => void) => void): void {
    const { history } = this.#world
    const before = history.acknowledged
    const onResult = (result: Awaited<ReturnType<Replica['range']>>) => {
      if (!result.ok) return
      const kv = result.range.kvs[0]
      const value = kv && textOf(kv.value)
      history.onRead(key, value, result.revision, before)
      this.#known.set(key, kv?.modRevision ?? 0)
    }
    void replica
      .range({ type: 'range', key }, { timeoutMs: 1_000 })
      .then(result => settle(() => onResult(result)))
      .catch(this.#world.fail)
  }

  /** Several keys, now or as they were not long ago. */
  #list(replica: Replica, settle: (after: () => void) => void): void {
    const { history } = this.#world
    const range = this.#prng.chance(0.5) ? hostileRange : { key: 'k', rangeEnd: 'l' }
    const revision = Math.max(0, replica.revision - this.#prng.below(30))
    const op = { type: 'range', ...range, ...(this.#prng.chance(0.5) && { revision }) } as const
    void replica
      .range(op, { timeoutMs: 1_000, serializable: this.#prng.chance(0.3) })
      .then(read => {
        settle(() => {
          if (read.ok) history.onList(range, read.range.kvs, op.revision || read.revision)
        })
      })
      .catch(this.#world.fail)
  }

  #put(replica: Replica, key: string, settle: (after: () => void) => void): void {
    const value = this.#value()
    const other = `k${this.#prng.below(keyCount)}`
    const op = { type: 'put', key, value: Buffer.from(value) } as const
    const own = other === key ? [op] : [op, { ...op, key: other }]
    const success = [...own, ...drawHostileOps(this.#prng)]
    const fence = this.#prng.chance(0.3) ? replica.core.term : undefined
    this.#write(replica, { compares: [], success, failure: [] }, value, settle, { fence })
  }

  #compareAndSwap(replica: Replica, key: string, settle: (after: () => void) => void): void {
    const { history } = this.#world
    const value = this.#value()
    const operand = this.#known.get(key) ?? 0
    const request: TxnRequest = {
      compares: [{ key, target: 'mod', op: '=', operand }],
      success: [{ type: 'put', key, value: Buffer.from(value) }, ...drawHostileOps(this.#prng)],
      failure: [{ type: 'range', key }],
    }
    this.#write(replica, request, value, settle, {}, outcome => {
      const at = outcome.succeeded ? outcome.revision - 1 : outcome.revision
      const holds = history.modAt(key, at) === operand
      check(holds === outcome.succeeded, () => `${value}: compared wrongly at ${at}`)
    })
  }

  #write(
    replica: Replica,
    request: TxnRequest,
    value: string,
    settle: (after: () => void) => void,
    options: ProposeOptions,
    inspect: (outcome: TxnOutcome) => void = () => {},
  ): void {
    const { history } = this.#world
    const before = history.acknowledged
    const onResult = (result: StoreResult<TxnOutcome>) => {
      if (!result.ok) {
        if (result.why !== 'unknown') history.onRefused(value)
        return
      }
      inspect(result)
      if (result.succeeded) history.onAcknowledged(value, result.revision, before)
      else history.onRefused(value)
    }
    void replica
      .txn(request, { timeoutMs: 500 + this.#prng.below(1_000), ...options })
      .then(result => settle(() => onResult(result)))
      .catch(this.#world.fail)
  }

  #delete(replica: Replica, key: string, settle: (after: () => void) => void): void {
    const request: TxnRequest = { compares: [], success: [{ type: 'delete', key }], failure: [] }
    void replica.txn(request, { timeoutMs: 1_000 }).then(() => settle(() => {}))
  }

  #compact(replica: Replica, settle: (after: () => void) => void): void {
    const revision = replica.machine.mvcc.revision - 20
    void replica.compact(revision, { timeoutMs: 1_000 }).then(() => settle(() => {}))
  }

  #value(): string {
    return `${this.#name}-${++this.#sequence}`
  }
}
