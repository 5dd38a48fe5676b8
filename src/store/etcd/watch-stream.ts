import type { ClientStream } from './client.ts'
import { type Endpoint, type Endpoints, requireLeader } from './endpoints.ts'
import {
  type WatchCreateRequest,
  type WatchRequestMessage,
  type WatchResponse,
  watchRequest,
  watchResponse,
} from './rpc/watch.ts'

const path = '/etcdserverpb.Watch/Watch'

/** What one watch of the stream hears. */
export interface WireHandlers {
  onResponse(response: WatchResponse): void
  /** The stream has gone; the watch is to be made again. */
  onBroken(): void
}

/**
 * All etcd watches of this store over one stream, to the endpoint that is in use. When the stream
 * breaks or the endpoint is left, every watch hears it, and the next `create` opens another one.
 * A member that loses its leader ends the stream by itself: it would have nothing to tell.
 */
export class WatchStream {
  readonly #endpoints: Endpoints
  readonly #watches = new Map<number, WireHandlers>()
  #stream: ClientStream<WatchRequestMessage, WatchResponse> | undefined
  #lastId = 0

  constructor(endpoints: Endpoints) {
    this.#endpoints = endpoints
    endpoints.onMoved(() => this.close())
  }

  /** Returns what cancels it. */
  create(request: Partial<WatchCreateRequest>, handlers: WireHandlers): () => void {
    const stream = this.#stream ?? this.#open()
    const id = ++this.#lastId
    this.#watches.set(id, handlers)
    stream.send({ createRequest: { ...request, watchId: id } })
    return () => {
      if (!this.#watches.delete(id)) return
      if (this.#watches.size === 0) this.close()
      else if (stream === this.#stream) stream.send({ cancelRequest: { watchId: id } })
    }
  }

  close(): void {
    const stream = this.#stream
    this.#stream = undefined
    stream?.cancel()
    const broken = [...this.#watches.values()]
    this.#watches.clear()
    for (const handlers of broken) handlers.onBroken()
  }

  #open(): ClientStream<WatchRequestMessage, WatchResponse> {
    const endpoint = this.#endpoints.current
    const types = { request: watchRequest, response: watchResponse }
    const stream = endpoint.client.stream(path, types, 0, requireLeader)
    this.#stream = stream
    void this.#read(endpoint, stream)
    return stream
  }

  async #read(
    endpoint: Endpoint,
    stream: ClientStream<WatchRequestMessage, WatchResponse>,
  ): Promise<void> {
    try {
      for await (const response of stream.responses) {
        if (stream !== this.#stream) return
        this.#endpoints.sawRevision(response.header?.revision ?? 0)
        const handlers = this.#watches.get(response.watchId)
        if (response.canceled) this.#watches.delete(response.watchId)
        handlers?.onResponse(response)
      }
    } catch (error) {
      if (stream !== this.#stream) return
      this.#endpoints.complain(endpoint, error)
    }
    if (stream !== this.#stream) return
    this.#endpoints.leave(endpoint)
    // With one endpoint only there is nowhere to go: begin again with the same one.
    if (stream === this.#stream) this.close()
  }
}
