import type { MessagePort } from 'node:worker_threads'
import { errorMessage } from '../kernel/result.ts'
import type { Event, KeyValue, RangeOp } from '../mvcc/types.ts'
import { type FromStore, type Method, Outbox, receive, type ToStore } from './port.ts'
import type { Membership, ReadOptions, Store, Watch, WatchBatch, WatchRequest } from './types.ts'

/** A long list is cut into parts of this many bytes, with turns for others between them. */
const partBytesMax = 256 * 1024
const partKvsMax = 512

/** Bytes of a watch that may be on their way; then it waits until the main thread has seen them. */
const unseenBytesMax = 4 << 20

/** Who belongs to the store can't be changed through every driver. */
type ServedFully = Store & Partial<Membership>

interface ServedWatch {
  request: WatchRequest
  watch: Watch | undefined
  next: number
  unseen: number
  /** A batch is on its way in parts; the watch goes on after it. */
  isSending: boolean
}

/**
 * Serves `store` to the thread at the other end of `port`, where `connectStore` gives a Store.
 * Returns a function that lets go of everything.
 */
export function serveStore(port: MessagePort, store: ServedFully): () => void {
  const served = new ServedStore(port, store)
  receive<ToStore>(port, message => served.onMessage(message))
  const unsubscribe = store.onLeadership(leadership => served.push(['leadership', leadership]))
  return () => {
    unsubscribe()
    served.close()
  }
}

class ServedStore {
  readonly #store: ServedFully
  readonly #outbox: Outbox<FromStore>
  readonly #watches = new Map<number, ServedWatch>()
  /** The `idle` message that was pushed last, while nothing has followed it. */
  #idle: { readonly revision: number; readonly ids: number[]; readonly posts: number } | undefined

  constructor(port: MessagePort, store: ServedFully) {
    this.#store = store
    this.#outbox = new Outbox(port)
  }

  push(message: FromStore, bytes = 64): void {
    this.#idle = undefined
    this.#outbox.push(message, bytes)
  }

  onMessage(message: ToStore): void {
    switch (message[0]) {
      case 'call':
        void this.#call(message[1], message[2], message[3])
        return
      case 'watch': {
        const [, id, request] = message
        const served = {
          request,
          watch: undefined,
          next: request.startRevision || 0,
          unseen: 0,
          isSending: false,
        }
        this.#watches.set(id, served)
        this.#open(id, served)
        return
      }
      case 'cancel':
        this.#watches.get(message[1])?.watch?.cancel()
        this.#watches.delete(message[1])
        return
      case 'seen':
        this.#seen(message[1], message[2])
        return
    }
  }

  close(): void {
    for (const { watch } of this.#watches.values()) watch?.cancel()
    this.#watches.clear()
  }

  async #call(id: number, method: Method, args: readonly unknown[]): Promise<void> {
    try {
      if (method === 'range') {
        await this.#range(id, ...(args as Parameters<Store['range']>))
        return
      }
      const call = this.#store[method] as ((...args: unknown[]) => Promise<unknown>) | undefined
      if (call === undefined) throw new Error(`this store has no ${method}`)
      const result = await call.apply(this.#store, [...args])
      this.push(['result', id, result], weigh(result))
    } catch (error) {
      this.push(['threw', id, errorMessage(error)])
    }
  }

  /** Some stores hand over parts as they read; what they don't is cut here. */
  async #range(id: number, op: RangeOp, options: ReadOptions = {}): Promise<void> {
    let sent = 0
    const onPart = (kvs: readonly KeyValue[], at: number) => {
      sent = at + kvs.length
      this.push(['part', id, kvs, at], bytesOf(kvs))
    }
    const result = await this.#store.range(op, { ...options, onPart })
    if (!result.ok) {
      this.push(['result', id, result])
      return
    }
    const { kvs } = result.range
    let at = 0
    for (;;) {
      const end = partEnd(kvs, at)
      if (end === kvs.length) break
      this.push(['part', id, kvs.slice(at, end), sent + at], partBytesMax)
      at = end
      await new Promise(resolve => setImmediate(resolve))
    }
    const rest = kvs.slice(at)
    const { range } = result
    this.push(['result', id, { ...result, range: { ...range, kvs: rest } }], bytesOf(rest))
  }

  #open(id: number, served: ServedWatch): void {
    const request = { ...served.request, startRevision: served.next || undefined }
    served.watch = this.#store.watch(request, {
      onBatch: batch => this.#onBatch(id, served, batch),
      onEnd: failure => {
        this.#watches.delete(id)
        this.push(['end', id, failure])
      },
    })
  }

  #onBatch(id: number, served: ServedWatch, { revision, events }: WatchBatch): void {
    served.next = Math.max(served.next, revision + 1)
    if (events.length === 0) {
      this.#pushIdle(id, revision)
      return
    }
    const bytes = events.reduce((sum, event) => sum + eventBytes(event), 0)
    served.unseen += bytes
    if (events.length > partKvsMax) {
      void this.#sendBatch(id, served, { revision, events }, bytes)
      return
    }
    this.push(['batch', id, revision, events, bytes], bytes + 16)
    if (served.unseen < unseenBytesMax) return
    // The main thread is behind: go on from here when it has caught up.
    served.watch?.cancel()
    served.watch = undefined
  }

  /** A long revision: in parts, with turns for others between them. */
  async #sendBatch(
    id: number,
    served: ServedWatch,
    { revision, events }: WatchBatch,
    bytes: number,
  ): Promise<void> {
    served.watch?.cancel()
    served.watch = undefined
    served.isSending = true
    let at = 0
    for (; events.length - at > partKvsMax; at += partKvsMax) {
      this.push(['events', id, events.slice(at, at + partKvsMax)], partBytesMax)
      await new Promise(resolve => setImmediate(resolve))
      if (this.#watches.get(id) !== served) return
    }
    this.push(['batch', id, revision, events.slice(at), bytes], partBytesMax)
    served.isSending = false
    if (served.unseen < unseenBytesMax) this.#open(id, served)
  }

  /** All that have nothing to hear of at this revision share a message. */
  #pushIdle(id: number, revision: number): void {
    const { posts } = this.#outbox
    if (this.#idle?.revision === revision && this.#idle.posts === posts) {
      this.#idle.ids.push(id)
      return
    }
    const ids = [id]
    this.push(['idle', revision, ids])
    // A full outbox has gone at once.
    if (this.#outbox.posts === posts) this.#idle = { revision, ids, posts }
  }

  #seen(id: number, bytes: number): void {
    const served = this.#watches.get(id)
    if (served === undefined) return
    served.unseen -= bytes
    const isReady = served.watch === undefined && !served.isSending
    if (isReady && served.unseen < unseenBytesMax / 2) this.#open(id, served)
  }
}

function partEnd(kvs: readonly KeyValue[], from: number): number {
  let bytes = 0
  let end = from
  while (end < kvs.length && end - from < partKvsMax && bytes < partBytesMax) {
    bytes += kvs[end]!.value.length + kvs[end]!.key.length
    end++
  }
  return end
}

function bytesOf(kvs: readonly KeyValue[]): number {
  return kvs.reduce((sum, { key, value }) => sum + key.length + value.length, 0)
}

function eventBytes({ kv, prevKv }: Event): number {
  return kv.key.length + kv.value.length + (prevKv?.value.length ?? 0) + 64
}

/** A transaction's ranges may be large; other results are small. */
function weigh(result: unknown): number {
  const { results } = result as { results?: readonly { kvs?: readonly KeyValue[] }[] }
  return 64 + (results ?? []).reduce((sum, { kvs }) => sum + bytesOf(kvs ?? []), 0)
}
