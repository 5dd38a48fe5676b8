import type { MessagePort } from 'node:worker_threads'
import { Announced } from '../kernel/announced.ts'
import type { Event, KeyValue, LeaseId, RangeOp, Revision } from '../mvcc/types.ts'
import type { ClusterMember } from './member-types.ts'
import { type FromStore, type Method, Outbox, receive, type ToStore } from './port.ts'
import type * as types from './types.ts'

/**
 * The Store that `serveStore` serves at the other end of `port`. When the port closes, all calls
 * fail as `unknown` and all watches end.
 */
export function connectStore(port: MessagePort): types.Store & types.Membership {
  const store = new ConnectedStore(port)
  receive<FromStore>(port, message => store.onMessage(message))
  port.on('close', () => store.onClose())
  return store
}

interface Call {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
  readonly kvs: KeyValue[]
}

class ConnectedStore implements types.Store, types.Membership {
  readonly #outbox: Outbox<ToStore>
  readonly #calls = new Map<number, Call>()
  readonly #watches = new Map<number, types.WatchHandlers>()
  /** Of batches that come in parts. */
  readonly #parts = new Map<number, Event[]>()
  readonly #leadership = new Announced<types.Leadership>(nobody(0))
  #lastId = 0
  #closed = false

  constructor(port: MessagePort) {
    this.#outbox = new Outbox(port)
  }

  txn(request: types.TxnRequest, options?: types.ProposeOptions) {
    return this.#call<types.StoreResult<types.TxnOutcome>>('txn', request, options)
  }

  /** Whole: the parts in which a long result comes are put together here. */
  range(op: RangeOp, { onPart: _, ...options }: types.ReadOptions = {}) {
    return this.#call<Awaited<ReturnType<types.Store['range']>>>('range', op, options)
  }

  readIndex(options?: { readonly timeoutMs?: number }) {
    return this.#call<types.StoreResult<{ readonly revision: Revision }>>('readIndex', options)
  }

  compact(revision: number, options?: types.ProposeOptions) {
    type Result = types.StoreResult<{ readonly revision: Revision }>
    return this.#call<Result>('compact', revision, options)
  }

  leaseGrant(ttlSeconds: number, id?: LeaseId) {
    return this.#call<types.StoreResult<{ readonly id: LeaseId }>>('leaseGrant', ttlSeconds, id)
  }

  leaseKeepAlive(id: LeaseId) {
    return this.#call<types.StoreResult<{ readonly ttlSeconds: number }>>('leaseKeepAlive', id)
  }

  leaseRevoke(id: LeaseId) {
    return this.#call<types.StoreResult<object>>('leaseRevoke', id)
  }

  transferLeadership(to?: string) {
    return this.#call<types.StoreResult<object>>('transferLeadership', to)
  }

  members() {
    return this.#call<readonly ClusterMember[]>('members')
  }

  memberAdd(...args: Parameters<types.Membership['memberAdd']>) {
    type Result = types.StoreResult<{ readonly member: ClusterMember }>
    return this.#call<Result>('memberAdd', ...args)
  }

  memberRemove(...args: Parameters<types.Membership['memberRemove']>) {
    return this.#call<types.StoreResult<object>>('memberRemove', ...args)
  }

  memberUpdate(...args: Parameters<types.Membership['memberUpdate']>) {
    return this.#call<types.StoreResult<object>>('memberUpdate', ...args)
  }

  memberPromote(...args: Parameters<types.Membership['memberPromote']>) {
    return this.#call<types.StoreResult<object>>('memberPromote', ...args)
  }

  status(options?: { readonly hash?: boolean }) {
    return this.#call<types.StoreStatus>('status', options)
  }

  watch(request: types.WatchRequest, handlers: types.WatchHandlers): types.Watch {
    const id = ++this.#lastId
    if (this.#closed) {
      queueMicrotask(() => handlers.onEnd(closed))
      return { cancel() {} }
    }
    this.#watches.set(id, handlers)
    this.#outbox.push(['watch', id, request])
    return {
      cancel: () => {
        this.#parts.delete(id)
        if (this.#watches.delete(id)) this.#outbox.push(['cancel', id])
      },
    }
  }

  onLeadership(listener: (leadership: types.Leadership) => void): () => void {
    return this.#leadership.listen(listener)
  }

  onMessage(message: FromStore): void {
    switch (message[0]) {
      case 'part':
        this.#onPart(message[1], message[2], message[3])
        return
      case 'result':
        this.#onResult(message[1], message[2])
        return
      case 'threw': {
        const call = this.#calls.get(message[1])
        this.#calls.delete(message[1])
        call?.reject(new Error(message[2]))
        return
      }
      case 'events':
        this.#onEvents(message[1], message[2])
        return
      case 'batch': {
        const [, id, revision, last, bytes] = message
        const handlers = this.#watches.get(id)
        const parts = this.#parts.get(id)
        this.#parts.delete(id)
        if (handlers === undefined) return
        const events = parts === undefined ? last : [...parts, ...last]
        handlers.onBatch({ revision: revision as Revision, events })
        if (bytes > 0) this.#outbox.push(['seen', id, bytes])
        return
      }
      case 'idle': {
        const [, revision, ids] = message
        const batch = { revision: revision as Revision, events: [] }
        for (const id of ids) this.#watches.get(id)?.onBatch(batch)
        return
      }
      case 'end':
        this.#onEnd(message[1], message[2])
        return
      case 'leadership':
        this.#leadership.set(message[1])
        return
    }
  }

  onClose(): void {
    this.#closed = true
    for (const id of [...this.#calls.keys()]) this.#onResult(id, closed)
    for (const id of [...this.#watches.keys()]) this.#onEnd(id, closed)
    const { leading, term } = this.#leadership.value
    if (leading) this.#leadership.set(nobody(term))
  }

  #call<T>(method: Method, ...args: readonly unknown[]): Promise<T> {
    if (this.#closed) return Promise.resolve(closed as T)
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve: resolve as Call['resolve'], reject, kvs: [] })
      this.#outbox.push(['call', id, method, args])
    })
  }

  #onPart(id: number, kvs: readonly KeyValue[], at: number): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    call.kvs.length = at
    for (const kv of kvs) call.kvs.push(kv)
  }

  #onEvents(id: number, events: readonly Event[]): void {
    if (!this.#watches.has(id)) return
    const parts = this.#parts.get(id)
    if (parts === undefined) this.#parts.set(id, [...events])
    else for (const event of events) parts.push(event)
  }

  #onResult(id: number, result: unknown): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    this.#calls.delete(id)
    call.resolve((call.kvs.length > 0 ? withParts(result, call.kvs) : result) as never)
  }

  #onEnd(id: number, failure: types.StoreFailure): void {
    const handlers = this.#watches.get(id)
    this.#watches.delete(id)
    this.#parts.delete(id)
    handlers?.onEnd(failure)
  }
}

function nobody(term: number): types.Leadership {
  return { leading: false, term, leader: null }
}

/** Puts the parts of a long list before its last one. */
function withParts(result: unknown, kvs: KeyValue[]): unknown {
  const whole = result as Awaited<ReturnType<types.Store['range']>>
  if (!whole.ok) return whole
  for (const kv of whole.range.kvs) kvs.push(kv)
  return { ...whole, range: { ...whole.range, kvs } }
}

const closed: types.StoreFailure = {
  ok: false,
  why: 'unknown',
  message: 'the consensus thread has gone',
}
