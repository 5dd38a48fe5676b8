import { sleep } from '../../src/kernel/clock.ts'
import type { Prng } from '../../src/kernel/prng.ts'
import { type EtcdClient, GrpcError } from '../../src/store/etcd/client.ts'
import type { RequestOp } from '../../src/store/etcd/rpc/kv.ts'
import { calls, surelyNot } from './calls.ts'
import type { Endpoints } from './endpoints.ts'

const keys = 40
/** As large as a request may be, nearly. */
const largeBytes = 1_400_000
/** Puts of one key, one after the other, while many slabs die around it. */
const rewrites = 100
/** On one lease, in transactions as long as a transaction may be. */
const leaseKeys = 600
const opsPerTxn = 100
const ttlSeconds = 30

/** What a key has: the length of its value and the letter that it is made of. */
type Known = ReadonlyMap<string, string>

/**
 * A client whose work is hard to store: empty values beside very large ones, one key written over
 * and over, ranges deleted, transactions in transactions, locks, leases with many keys. It is the
 * only one that writes below its prefix, and so it knows what must be there: every few steps it
 * reads all of it. What it can't know (a call without an answer may still be carried out) it leaves
 * behind, and goes on below another prefix.
 */
export class HostileClient {
  readonly #name: string
  readonly #prng: Prng
  readonly #endpoints: Endpoints
  readonly #problem: (text: string) => void
  readonly #known = new Map<string, string>()
  #generation = 0
  #sequence = 0
  #isMidStep = false
  /** Calls that were answered. */
  done = 0
  /** Times that all keys were found as they must be. */
  verified = 0

  constructor(name: string, prng: Prng, endpoints: Endpoints, problem: (text: string) => void) {
    this.#name = name
    this.#prng = prng
    this.#endpoints = endpoints
    this.#problem = problem
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#step(signal)
        await this.#verify()
      } catch (error) {
        if (!(error instanceof GrpcError)) throw error
        // Half a step is as little known as a call without an answer.
        if (!surelyNot(error) || this.#isMidStep) await this.#leave()
        this.#isMidStep = false
        await sleep(20 + this.#prng.next() * 80)
      }
    }
    await this.#leave()
  }

  #step(signal: AbortSignal): Promise<void> {
    const draw = this.#prng.next()
    if (draw < 0.1) return this.#rewrite(signal)
    if (draw < 0.15) return this.#lease()
    if (draw < 0.25) return this.#deleteRange()
    if (draw < 0.35) return this.#lock()
    if (draw < 0.6) return this.#delete()
    return this.#put(this.#key(), draw < 0.65 ? largeBytes : this.#length())
  }

  async #put(key: string, length: number): Promise<void> {
    const { value, known } = this.#value(length)
    await this.#ask(client => calls.put(client, { key, value, prevKv: this.#prng.chance(0.2) }))
    this.#known.set(key, known)
  }

  async #rewrite(signal: AbortSignal): Promise<void> {
    const key = this.#key()
    for (let left = rewrites; left > 0 && !signal.aborted; left--) await this.#put(key, 256)
  }

  async #delete(): Promise<void> {
    const key = this.#key()
    await this.#ask(client => calls.deleteRange(client, { key }))
    this.#known.delete(key)
  }

  async #deleteRange(): Promise<void> {
    const [key, rangeEnd] = [this.#key(), this.#key()].sort() as [string, string]
    if (key === rangeEnd) return
    await this.#ask(client => calls.deleteRange(client, { key, rangeEnd, prevKv: true }))
    for (const each of [...this.#known.keys()]) {
      if (each >= key && each < rangeEnd) this.#known.delete(each)
    }
  }

  /** Takes a free key with an empty value, or gives it up, in a transaction in a transaction. */
  async #lock(): Promise<void> {
    const key = this.#key()
    const other = this.#key()
    const { value, known } = this.#value(this.#length())
    const inner: RequestOp = {
      requestTxn: {
        compare: [{ key, target: 0, result: 0, version: 0 }],
        success: [{ requestPut: { key, value: Buffer.alloc(0) } }],
        failure: [{ requestDeleteRange: { key } }],
      },
    }
    const second: RequestOp[] = other === key ? [] : [{ requestPut: { key: other, value } }]
    const read = { requestRange: { key: this.#prefix, rangeEnd: `${this.#prefix}~`, limit: 3 } }
    await this.#ask(client => {
      return calls.txn(client, { compare: [], success: [read, inner, ...second], failure: [] })
    })
    if (this.#known.has(key)) this.#known.delete(key)
    else this.#known.set(key, knownOf(0, ''))
    if (other !== key) this.#known.set(other, known)
  }

  /** Many keys with empty values on one lease, which all go with it. */
  async #lease(): Promise<void> {
    const { id } = await this.#ask(client => calls.grant(client, { ttl: ttlSeconds, id: 0 }))
    this.#isMidStep = true
    for (let from = 0; from < leaseKeys; from += opsPerTxn) {
      const success: RequestOp[] = Array.from({ length: opsPerTxn }, (_, at) => ({
        requestPut: { key: `${this.#prefix}l${from + at}`, value: Buffer.alloc(0), lease: id },
      }))
      await this.#ask(client => calls.txn(client, { compare: [], success, failure: [] }))
    }
    await this.#ask(client => calls.revoke(client, { id }))
    this.#isMidStep = false
  }

  /** All that must be there is, and nothing else, whichever peer is asked. */
  async #verify(): Promise<void> {
    const range = { key: this.#prefix, rangeEnd: `${this.#prefix}~` }
    const { kvs, count } = await this.#ask(client => calls.range(client, range))
    const found: Known = new Map(
      kvs.map(({ key = '', value }) => {
        const bytes = Buffer.from(value ?? [])
        return [key, knownOf(bytes.length, bytes.toString('latin1', 0, 1))] as const
      }),
    )
    const wrong = [...new Set([...found.keys(), ...this.#known.keys()])].filter(
      key => found.get(key) !== this.#known.get(key),
    )
    if (Number(count) !== found.size) wrong.push(`count ${count} of ${found.size}`)
    for (const key of wrong.slice(0, 5)) {
      this.#problem(`${key} has ${found.get(key)} and not ${this.#known.get(key)}`)
    }
    if (wrong.length > 0) await this.#leave()
    else this.verified++
  }

  /** Goes on below another prefix; what is left behind is removed, if that can be had. */
  async #leave(): Promise<void> {
    const range = { key: this.#prefix, rangeEnd: `${this.#prefix}~` }
    this.#generation++
    this.#known.clear()
    const client = this.#endpoints.client(this.#endpoints.some(this.#prng))
    await calls.deleteRange(client, range).catch(() => {})
  }

  async #ask<T>(call: (client: EtcdClient) => Promise<T>): Promise<T> {
    const answer = await call(this.#endpoints.client(this.#endpoints.some(this.#prng)))
    this.done++
    return answer
  }

  get #prefix(): string {
    return `hostile/${this.#name}-${this.#generation}/`
  }

  #key(): string {
    return `${this.#prefix}k${String(this.#prng.below(keys)).padStart(2, '0')}`
  }

  #length(): number {
    return this.#prng.chance(0.5) ? 0 : this.#prng.below(2_000)
  }

  #value(length: number): { readonly value: Buffer; readonly known: string } {
    const letter = String.fromCharCode(97 + (this.#sequence++ % 26))
    return { value: Buffer.alloc(length, letter), known: knownOf(length, letter) }
  }
}

function knownOf(length: number, letter: string): string {
  return length === 0 ? 'nothing' : `${length} times ${letter}`
}
