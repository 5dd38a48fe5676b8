import { sleep } from '../../src/kernel/clock.ts'
import type { Prng } from '../../src/kernel/prng.ts'
import type { EtcdClient } from '../../src/store/etcd/client.ts'
import type { KeyValueMessage, RequestOp, ResponseHeader } from '../../src/store/etcd/rpc/kv.ts'
import type { RegisterInput, RegisterOutput } from '../linearizability/register.ts'
import type { TxnInput, TxnOutput, TxnStep } from '../linearizability/txn.ts'
import { calls, surelyNot } from './calls.ts'
import type { Endpoints } from './endpoints.ts'
import type { Recorder } from './recorder.ts'

const registerKeys = 12
/** Keys of transactions, in groups that are never mixed. */
const txnGroups = 4
const txnKeys = 3

interface Done<Output> {
  readonly output: Output
  readonly header: Partial<ResponseHeader> | undefined
  /** It has made a revision. */
  readonly wrote: boolean
  readonly kvs: readonly Partial<KeyValueMessage>[]
  readonly isSerializable?: boolean
}

/** One client: does one thing after the other at some endpoint, and writes down what it was told. */
export class NemesisClient {
  readonly #name: string
  readonly #prng: Prng
  readonly #endpoints: Endpoints
  readonly #recorder: Recorder
  /** Longest pause between two calls, milliseconds. */
  readonly #thinkMs: number
  #sequence = 0
  #endpoint: string
  readonly #known = new Map<string, string | undefined>()

  constructor(name: string, prng: Prng, endpoints: Endpoints, recorder: Recorder, thinkMs: number) {
    this.#name = name
    this.#prng = prng
    this.#endpoints = endpoints
    this.#recorder = recorder
    this.#thinkMs = thinkMs
    this.#endpoint = endpoints.some(prng)
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.#prng.chance(0.02)) this.#endpoint = this.#endpoints.some(this.#prng)
      const ok = this.#prng.chance(0.2) ? await this.#txn() : await this.#register()
      // Who is refused goes elsewhere.
      if (!ok) this.#endpoint = this.#endpoints.some(this.#prng)
      await sleep(ok ? this.#prng.next() * this.#thinkMs : 20 + this.#prng.next() * 80)
    }
  }

  #register(): Promise<boolean> {
    const key = `${this.#recorder.prefix}k${this.#prng.below(registerKeys)}`
    const value = this.#value()
    const draw = this.#prng.next()
    if (draw < 0.35) return this.#get(key, this.#prng.chance(0.15))
    if (draw < 0.65) return this.#put({ type: 'put', key, value, prev: this.#prng.chance(0.5) })
    if (draw < 0.95) return this.#cas({ type: 'cas', key, from: this.#known.get(key), to: value })
    return this.#delete({ type: 'delete', key, prev: true })
  }

  async #get(key: string, isSerializable: boolean): Promise<boolean> {
    return this.#call<RegisterInput, RegisterOutput>(
      isSerializable ? undefined : this.#recorder.registers,
      { type: 'get', key },
      async client => {
        const { header, kvs } = await calls.range(client, { key, serializable: isSerializable })
        const value = textOf(kvs[0])
        if (!isSerializable) this.#known.set(key, value)
        return { output: { value }, header, wrote: false, kvs, isSerializable }
      },
    )
  }

  #put(input: Extract<RegisterInput, { type: 'put' }>): Promise<boolean> {
    const { key, value } = input
    return this.#write(input, key, value, async client => {
      const request = { key, value: Buffer.from(value), prevKv: input.prev ?? false }
      const { header, prevKv } = await calls.put(client, request)
      const output = input.prev ? { value: textOf(prevKv) } : {}
      return { output, header, wrote: true, kvs: [] }
    })
  }

  #cas(input: Extract<RegisterInput, { type: 'cas' }>): Promise<boolean> {
    const { key, from, to } = input
    return this.#write(input, key, to, async client => {
      const done = await calls.txn(client, {
        compare: [compareOf(key, from)],
        success: [{ requestPut: { key, value: Buffer.from(to) } }],
        failure: [{ requestRange: { key } }],
      })
      const kvs = done.responses[0]?.responseRange?.kvs ?? []
      const value = done.succeeded ? to : textOf(kvs[0])
      this.#known.set(key, value)
      const output = done.succeeded ? { swapped: true } : { swapped: false, value }
      return { output, header: done.header, wrote: done.succeeded, kvs }
    })
  }

  #delete(input: Extract<RegisterInput, { type: 'delete' }>): Promise<boolean> {
    const { key } = input
    return this.#write(input, key, undefined, async client => {
      const { header, deleted, prevKvs } = await calls.deleteRange(client, { key, prevKv: true })
      const output = { deleted: deleted > 0, value: textOf(prevKvs[0]) }
      return { output, header, wrote: deleted > 0, kvs: prevKvs }
    })
  }

  #write(
    input: RegisterInput,
    key: string,
    value: string | undefined,
    ask: (client: EtcdClient) => Promise<Done<RegisterOutput>>,
  ): Promise<boolean> {
    return this.#call(this.#recorder.registers, input, ask, [{ key, value }])
  }

  #txn(): Promise<boolean> {
    const group = this.#prng.below(txnGroups)
    const keys = Array.from({ length: txnKeys }, (_, at) => {
      return `${this.#recorder.prefix}t${group}-${at}`
    })
    const value = this.#value()
    const gets = keys.map(key => ({ type: 'get', key }) as const)
    const isRead = this.#prng.chance(0.4)
    const chosen = keys.filter(() => this.#prng.chance(0.6))
    const compares = isRead ? [] : chosen.map(key => ({ key, value: this.#known.get(key) }))
    const sets = keys
      .filter(() => this.#prng.chance(0.7))
      .map(key => ({ type: 'set', key, value }) as const)
    const input: TxnInput = { compares, success: isRead ? gets : sets, failure: gets }
    const writes = isRead ? [] : sets.map(({ key }) => ({ key, value }))
    return this.#call<TxnInput, TxnOutput>(
      this.#recorder.txns,
      input,
      async client => {
        const done = await calls.txn(client, {
          compare: compares.map(({ key, value: wanted }) => compareOf(key, wanted)),
          success: input.success.map(requestOf),
          failure: input.failure.map(requestOf),
        })
        const ranges = done.responses.flatMap(({ responseRange }) => responseRange ?? [])
        const reads = ranges.map(({ kvs }) => textOf(kvs?.[0]))
        for (const [at, read] of reads.entries()) this.#known.set(keys[at]!, read)
        const wrote = done.succeeded && !isRead && sets.length > 0
        const kvs = ranges.flatMap(range => range.kvs ?? [])
        return { output: { succeeded: done.succeeded, reads }, header: done.header, wrote, kvs }
      },
      writes,
    )
  }

  /** Asks, and writes down the answer; what surely had no effect is not written down. */
  async #call<Input, Output>(
    history: { push(operation: unknown): unknown } | undefined,
    input: Input,
    ask: (client: EtcdClient) => Promise<Done<Output>>,
    writes: readonly { readonly key: string; readonly value: string | undefined }[] = [],
  ): Promise<boolean> {
    const { counts, answers, acknowledgedAt, writes: known } = this.#recorder
    const endpoint = this.#endpoints.process(this.#endpoint)
    const client = this.#name
    const call = performance.now()
    try {
      const done = await ask(this.#endpoints.client(this.#endpoint))
      const end = performance.now()
      const revision = done.header?.revision ?? 0
      history?.push({ client, endpoint, call, end, input, output: done.output })
      counts.acknowledged++
      if (done.wrote) acknowledgedAt.push(end)
      const { wrote, isSerializable } = done
      const kvs = done.kvs.map(keyOf)
      // A deletion's answer shows what was there, which is older than the answer.
      answers.push({ client, endpoint, call, end, revision, wrote, isSerializable, keys: kvs })
      if (wrote) for (const write of writes) known.push({ ...write, revision })
      return true
    } catch (error) {
      if (surelyNot(error)) {
        counts.refused++
        return false
      }
      counts.unknown++
      history?.push({ client, endpoint, call, input })
      for (const write of writes) known.push({ ...write, revision: undefined })
      return false
    }
  }

  #value(): string {
    return `${this.#name}-${++this.#sequence}`
  }
}

function compareOf(key: string, value: string | undefined) {
  // Indexes of compareTargets and compareResults: version = 0, or value.
  if (value === undefined) return { key, target: 0, result: 0, version: 0 }
  return { key, target: 3, result: 0, value: Buffer.from(value) }
}

function requestOf(step: TxnStep): RequestOp {
  if (step.type === 'get') return { requestRange: { key: step.key } }
  return { requestPut: { key: step.key, value: Buffer.from(step.value ?? '') } }
}

function textOf(kv: Partial<KeyValueMessage> | undefined): string | undefined {
  return kv?.value === undefined ? undefined : Buffer.from(kv.value).toString()
}

function keyOf(kv: Partial<KeyValueMessage>) {
  const { key = '', modRevision = 0, createRevision = 0, version = 0 } = kv
  return { key, value: textOf(kv) ?? '', modRevision, createRevision, version }
}
