import { expect } from 'vitest'
import type { Event, Op, RangeOp } from '../../src/mvcc/types.ts'
import type {
  Leadership,
  Store,
  StoreFailure,
  StoreResult,
  TxnOutcome,
  TxnRequest,
  WatchRequest,
} from '../../src/store/types.ts'
import { until } from '../support/until.ts'

/** One implementation of Store, running. */
export interface Subject {
  /** The store as one of the views that the suite was given sees it. */
  store(view: string): Promise<Store>
  stop(): Promise<void>
}

/** What an implementation can't have. */
export interface Traits {
  /** Through whom each test is run: `leader`, `follower`. */
  readonly views: readonly string[]
  /** Another member can take the leadership over. */
  readonly transfers: boolean
}

let lastFolder = 0

/** Keys that no other test has. */
export function newFolder(): string {
  lastFolder++
  return `/test/${lastFolder}/`
}

export const bytes = (text: string) => Buffer.from(text)
export const text = (value: Uint8Array) => Buffer.from(value).toString()

export function put(key: string, value = key, more: Partial<Op & { type: 'put' }> = {}): Op {
  return { type: 'put', key, value: bytes(value), ...more }
}

export function txnOf(...success: Op[]): TxnRequest {
  return { compares: [], success, failure: [] }
}

/** The result, which must be one. */
export async function must<T>(
  promise: Promise<StoreResult<T>>,
): Promise<{ readonly ok: true } & T> {
  const result = await promise
  if (!result.ok) throw new Error(`${result.why}: ${result.message}`)
  return result
}

export async function refusal<T>(promise: Promise<StoreResult<T>>): Promise<StoreFailure> {
  const result = await promise
  if (result.ok) throw new Error(`not refused: ${JSON.stringify(result)}`)
  return result
}

/** Writes and returns the revision. */
export async function write(store: Store, ...ops: Op[]): Promise<number> {
  return (await must<TxnOutcome>(store.txn(txnOf(...ops)))).revision
}

export async function keysOf(store: Store, op: Omit<RangeOp, 'type'>): Promise<string[]> {
  const { range } = await must(store.range({ type: 'range', ...op }))
  return range.kvs.map(({ key }) => key)
}

export async function readValue(store: Store, key: string): Promise<string | undefined> {
  const { range } = await must(store.range({ type: 'range', key }))
  const [kv] = range.kvs
  return kv && text(kv.value)
}

/** A watch, what it has said so far, and its end. */
export class Watched {
  readonly events: Event[] = []
  /** Keys and revisions of each batch that had events. */
  readonly batches: { readonly revision: number; readonly events: readonly Event[] }[] = []
  ended: StoreFailure | undefined
  position = 0
  readonly cancel: () => void

  constructor(store: Store, request: WatchRequest) {
    const watch = store.watch(request, {
      onBatch: batch => {
        // Nothing comes twice, nothing comes late.
        for (const { kv } of batch.events) {
          expect(kv.modRevision).toBeGreaterThan(this.position)
          expect(kv.modRevision).toBeLessThanOrEqual(batch.revision)
        }
        this.position = Math.max(this.position, batch.revision)
        this.events.push(...batch.events)
        if (batch.events.length > 0) this.batches.push(batch)
      },
      onEnd: failure => {
        this.ended = failure
      },
    })
    this.cancel = () => watch.cancel()
  }

  /** `put /test/1/a` and so on. */
  get lines(): string[] {
    return this.events.map(({ type, kv }) => `${type} ${kv.key}`)
  }

  reached(revision: number): Promise<unknown> {
    return until(`the watch at ${revision}`, () => this.position >= revision)
  }
}

/** The leadership as it is now. */
export function leadershipOf(store: Store): Leadership {
  let now: Leadership | undefined
  store.onLeadership(leadership => {
    now = leadership
  })()
  if (now === undefined) throw new Error('onLeadership did not say the present state')
  return now
}
