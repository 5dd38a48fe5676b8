import { sleep } from '../../src/kernel/clock.ts'
import type { Prng } from '../../src/kernel/prng.ts'
import { GrpcError } from '../../src/store/etcd/client.ts'
import type { WideInt } from '../../src/store/etcd/rpc/reader.ts'
import { calls, keepAlive, surelyNot } from './calls.ts'
import type { Endpoints } from './endpoints.ts'
import type { GrowingLease, Recorder } from './recorder.ts'

/** Seconds; the shortest that is granted. */
const ttlSeconds = 2

/** Keys of leases begin with it, below the round's prefix. */
export const leaseMark = 'l'

/**
 * Holds one lease after the other: a key on it, renewals, at last a revocation or none. Each is
 * watched by linearizable reads until its key is gone.
 */
export class LeaseClient {
  readonly #name: string
  readonly #prng: Prng
  readonly #endpoints: Endpoints
  readonly #recorder: Recorder
  #sequence = 0

  constructor(name: string, prng: Prng, endpoints: Endpoints, recorder: Recorder) {
    this.#name = name
    this.#prng = prng
    this.#endpoints = endpoints
    this.#recorder = recorder
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#live(signal)
      await sleep(100)
    }
  }

  /** Reads all keys once more, when their time must be over. */
  async readAll(): Promise<void> {
    for (const record of this.#recorder.leases) await this.#read(record)
  }

  async #live(signal: AbortSignal): Promise<void> {
    const call = performance.now()
    const granted = await this.#ask(client => calls.grant(client, { ttl: ttlSeconds, id: 0 }))
    if (!granted.ok) return
    const { id, ttl } = granted.answer
    const key = `${this.#recorder.prefix}${leaseMark}${this.#name}-${++this.#sequence}`
    const value = `${this.#name}-${this.#sequence}`
    const record: GrowingLease = {
      ...{ id: String(id), key, ttlMs: ttl * 1_000, grant: { call, end: performance.now() } },
      ...{ renewals: [], refusals: [], reads: [] },
    }
    if (!(await this.#attach(record, id, value))) return
    this.#recorder.leases.push(record)
    const renewals = this.#prng.below(12)
    for (let at = 0; at < renewals && !signal.aborted; at++) {
      await sleep(this.#prng.next() * 900)
      if (!(await this.#renew(record, id))) return
      await this.#read(record)
    }
    if (this.#prng.chance(0.3)) await this.#revoke(record, id)
    // Renewed no more: it is read until it is gone.
    const over = performance.now() + record.ttlMs + 4_000
    while (!signal.aborted && performance.now() < over) {
      if ((await this.#read(record)) === false) return
      await sleep(150)
    }
  }

  /** Puts the key on the lease; false when that can't be known. */
  async #attach(record: GrowingLease, id: WideInt, value: string): Promise<boolean> {
    const { key } = record
    const put = await this.#ask(client => {
      return calls.put(client, { key, value: Buffer.from(value), lease: id })
    })
    const revision = put.ok ? put.answer.header?.revision : undefined
    if (put.ok || !put.isSure) this.#recorder.writes.push({ key, value, revision })
    return put.ok
  }

  async #renew(record: GrowingLease, id: WideInt): Promise<boolean> {
    const call = performance.now()
    const done = await this.#ask(client => keepAlive(client, id))
    const end = performance.now()
    if (!done.ok) {
      record.renewals.push({ call, end: undefined })
      return true
    }
    if (done.answer > 0) record.renewals.push({ call, end })
    else record.refusals.push(end)
    return done.answer > 0
  }

  async #revoke(record: GrowingLease, id: WideInt): Promise<void> {
    const call = performance.now()
    const done = await this.#ask(client => calls.revoke(client, { id }))
    record.revoke = { call, end: done.ok ? performance.now() : undefined }
  }

  /** Whether the key is there; undefined without an answer. */
  async #read(record: GrowingLease): Promise<boolean | undefined> {
    const call = performance.now()
    const read = await this.#ask(client => calls.range(client, { key: record.key }))
    if (!read.ok) return undefined
    const isThere = read.answer.kvs.length > 0
    record.reads.push({ call, end: performance.now(), isThere })
    return isThere
  }

  async #ask<T>(
    call: (client: ReturnType<Endpoints['client']>) => Promise<T>,
  ): Promise<{ readonly ok: true; readonly answer: T } | { readonly ok: false; isSure: boolean }> {
    try {
      const client = this.#endpoints.client(this.#endpoints.some(this.#prng))
      return { ok: true, answer: await call(client) }
    } catch (error) {
      if (!(error instanceof GrpcError)) throw error
      return { ok: false, isSure: surelyNot(error) }
    }
  }
}
