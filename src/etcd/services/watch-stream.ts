import type { Event } from '../../mvcc/types.ts'
import {
  type WatchCreateRequest,
  type WatchResponse,
  watchFilters,
  watchRequest,
  watchResponse,
} from '../../store/etcd/rpc/watch.ts'
import type { StoreFailure, Watch, WatchBatch, WatchRequest } from '../../store/types.ts'
import { type Context, confirmed, decode } from '../context.ts'
import { etcdError } from '../errors.ts'
import { type RpcError, rpcErrorOf } from '../grpc/status.ts'
import type { Call, ServerStream, StreamHandlers } from '../grpc/types.ts'
import { endOf } from './ops.ts'
import { encodeEvents, encodeEventsSteps, stepEvents } from './watch-response.ts'

/** Watches of one stream. */
const watchesMax = 16_384

/** How often a quiet watch is told that it misses nothing. Source: etcd progressReportInterval. */
const progressMs = 600_000

/** ID of a response that belongs to no watch. Source: clientv3.InvalidWatchID. */
const noWatch = -1

interface Watching {
  readonly id: number
  readonly request: WatchRequest
  readonly filters: readonly Event['type'][]
  readonly fragment: boolean
  readonly progressNotify: boolean
  /** First revision that was not delivered; 0: none was yet. */
  next: number
  /** Absent while the client is too far behind, or many events are being encoded. */
  watch: Watch | undefined
  isEncoding: boolean
  /** Nothing was sent since the last look of the progress timer. */
  quiet: boolean
}

/**
 * One Watch call: many watches that share a stream. Their batches are encoded as they come. When
 * the client is slow its watches are taken out of the store, with the revision they had reached,
 * and resume from there: what waits in memory is bounded, and history replaces the queue.
 * Source: etcd server/etcdserver/api/v3rpc/watch.go.
 */
export class WatchStream implements StreamHandlers {
  readonly #context: Context
  readonly #stream: ServerStream
  readonly #call: Call
  readonly #watches = new Map<number, Watching>()
  readonly #stopProgress: () => void
  #nextId = 0
  #isResuming = false
  #progressWanted = false

  constructor(context: Context, stream: ServerStream, call: Call) {
    this.#context = context
    this.#stream = stream
    this.#call = call
    const jitter = Math.random() * (progressMs / 10)
    this.#stopProgress = context.options.clock.every(progressMs + jitter, () => this.#onTimer())
  }

  onMessage(message: Buffer): void | Promise<void> {
    try {
      const request = decode(watchRequest, message)
      if (request.createRequest) return this.#onCreate(request.createRequest)
      if (request.cancelRequest) this.#cancel(request.cancelRequest.watchId ?? 0)
      else if (request.progressRequest) this.#onProgressRequest()
    } catch (error) {
      this.#stream.end(rpcErrorOf(error))
    }
  }

  onClose(): void {
    this.#stopProgress()
    for (const watching of this.#watches.values()) watching.watch?.cancel()
    this.#watches.clear()
  }

  /** Before a refusal it is asked again who may read, of what this member had not applied. */
  #onCreate(request: Partial<WatchCreateRequest>): void | Promise<void> {
    try {
      this.#checkRead(request)
    } catch {
      const { context, call } = { context: this.#context, call: this.#call }
      return confirmed(context, call, () => this.#checkRead(request)).then(
        () => this.#create(request),
        error => this.#refuse(reasonOf(rpcErrorOf(error))),
      )
    }
    this.#create(request)
  }

  #create(request: Partial<WatchCreateRequest>): void {
    if (this.#stream.isOver) return
    const refusal = this.#refusal(request)
    if (refusal !== undefined) {
      this.#refuse(refusal)
      return
    }
    const id = request.watchId || this.#newId()
    const { prevKv = false, rangeEnd, startRevision = 0 } = request
    const watching: Watching = {
      id,
      request: { key: request.key || '\0', ...endOf(rangeEnd), prevKv },
      filters: (request.filters ?? []).flatMap(filter => watchFilters[filter] ?? []),
      fragment: request.fragment ?? false,
      progressNotify: request.progressNotify ?? false,
      next: startRevision || this.#context.position.revision + 1,
      watch: undefined,
      isEncoding: false,
      quiet: true,
    }
    this.#watches.set(id, watching)
    this.#send({ watchId: id, created: true })
    this.#begin(watching)
  }

  /** Why a watch can't be made, in etcd's words. */
  #refusal(request: Partial<WatchCreateRequest>): string | undefined {
    const { key = '', rangeEnd = '', startRevision = 0, watchId = 0 } = request
    if (startRevision < 0) return 'etcdserver: mvcc: required revision has been compacted'
    if (rangeEnd > '\0' && (key || '\0') >= rangeEnd) return 'mvcc: watcher range is empty'
    if (this.#watches.has(watchId) && watchId !== 0) {
      return 'mvcc: duplicate watch ID provided on the WatchStream'
    }
    if (this.#watches.size >= watchesMax) return 'etcdserver: too many requests'
    return undefined
  }

  /** @throws RpcError */
  #checkRead({ key, rangeEnd = '' }: Partial<WatchCreateRequest>): void {
    const { admission } = this.#context
    admission.checkRead(admission.callerOf(this.#call), key || '\0', rangeEnd)
  }

  #refuse(cancelReason: string): void {
    this.#send({ watchId: noWatch, created: true, canceled: true, cancelReason })
  }

  #newId(): number {
    while (this.#watches.has(this.#nextId)) this.#nextId++
    return this.#nextId++
  }

  #begin(watching: Watching): void {
    const { store } = this.#context.options
    const request = { ...watching.request, startRevision: watching.next }
    watching.watch = store.watch(request, {
      onBatch: batch => this.#onBatch(watching, batch),
      onEnd: failure => this.#onEnd(watching, failure),
    })
  }

  #onBatch(watching: Watching, batch: WatchBatch): void {
    if (this.#watches.get(watching.id) !== watching) return
    const { filters } = watching
    const events = filters.length
      ? batch.events.filter(event => !filters.includes(event.type))
      : batch.events
    if (events.length > 0) {
      if (this.#stream.isCongested) {
        this.#pause(watching)
        return
      }
      if (events.length > stepEvents) {
        void this.#sendLarge(watching, batch.revision, events)
        return
      }
      const header = this.#context.header(batch.revision)
      for (const message of encodeEvents(header, watching.id, events, watching.fragment)) {
        this.#stream.write(message)
      }
      watching.quiet = false
    }
    watching.next = Math.max(watching.next, batch.revision + 1)
    if (this.#progressWanted) this.#answerProgress()
  }

  /** Takes a watch out of the store while its events are encoded, a part a turn. */
  async #sendLarge(watching: Watching, revision: number, events: readonly Event[]): Promise<void> {
    watching.watch?.cancel()
    watching.watch = undefined
    watching.isEncoding = true
    const header = this.#context.header(revision)
    const steps = encodeEventsSteps(header, watching.id, events, watching.fragment)
    const messages = await this.#context.longWork.run(steps)
    watching.isEncoding = false
    if (this.#watches.get(watching.id) !== watching || this.#stream.isOver) return
    for (const message of messages) this.#stream.write(message)
    watching.quiet = false
    watching.next = Math.max(watching.next, revision + 1)
    this.#begin(watching)
  }

  /** Takes a watch out of the store until the client has read what it was sent. */
  #pause(watching: Watching): void {
    watching.watch?.cancel()
    watching.watch = undefined
    if (this.#isResuming) return
    this.#isResuming = true
    void this.#stream.drained().then(() => {
      this.#isResuming = false
      if (this.#stream.isOver) return
      for (const paused of this.#watches.values()) {
        if (paused.watch === undefined && !paused.isEncoding) this.#begin(paused)
      }
    })
  }

  #onEnd(watching: Watching, failure: StoreFailure): void {
    if (this.#watches.get(watching.id) !== watching) return
    if (failure.why !== 'compacted') {
      this.#stream.end(etcdError('etcdserver: server stopped'))
      return
    }
    this.#watches.delete(watching.id)
    this.#send({ watchId: watching.id, canceled: true, compactRevision: failure.revision ?? 0 }, 0)
  }

  #cancel(id: number): void {
    const watching = this.#watches.get(id)
    if (watching === undefined) return
    this.#watches.delete(id)
    watching.watch?.cancel()
    this.#send({ watchId: id, canceled: true })
  }

  #onProgressRequest(): void {
    this.#progressWanted = true
    this.#answerProgress()
  }

  /** One answer for all watches, once none of them misses anything up to it. */
  #answerProgress(): void {
    const { revision } = this.#context.position
    for (const { next } of this.#watches.values()) {
      if (next <= revision) return
    }
    this.#progressWanted = false
    this.#send({ watchId: noWatch }, revision)
  }

  #onTimer(): void {
    const { revision } = this.#context.position
    for (const watching of this.#watches.values()) {
      const { id, progressNotify, quiet, next } = watching
      if (progressNotify && quiet && next > revision) this.#send({ watchId: id }, revision)
      watching.quiet = true
    }
  }

  #send(response: Partial<WatchResponse>, revision?: number): void {
    this.#stream.write(
      watchResponse.encodeParts({ header: this.#context.header(revision), ...response }),
    )
  }
}

/** A refusal of permission as etcd puts it into cancel_reason: with grpc-go's frame around it. */
function reasonOf({ code, message }: RpcError): string {
  const name = code.charAt(0).toUpperCase() + code.slice(1)
  return `rpc error: code = ${name} desc = ${message}`
}
