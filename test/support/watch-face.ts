import { Buffer } from 'node:buffer'
import { Admission } from '../../src/etcd/auth/admission.ts'
import { createContext } from '../../src/etcd/context.ts'
import type { Call, Outgoing, ServerStream } from '../../src/etcd/grpc/types.ts'
import { Position } from '../../src/etcd/position.ts'
import { WatchStream } from '../../src/etcd/services/watch-stream.ts'
import type { Clock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import type { EmbeddedStore } from '../../src/store/embedded-types.ts'
import {
  type WatchCreateRequest,
  type WatchResponse,
  watchRequest,
  watchResponse,
} from '../../src/store/etcd/rpc/watch.ts'

/** etcd's Watch service over a store, without a network: what the real one does with a stream. */
export class WatchFace {
  readonly position: Position
  readonly #store: EmbeddedStore
  readonly #clock: Clock

  constructor(store: EmbeddedStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
    this.position = new Position(store)
    this.position.start()
  }

  /** One stream with one watch; gives back what closes it. */
  watch(
    request: Partial<WatchCreateRequest>,
    onResponse: (response: WatchResponse) => void,
  ): () => void {
    const stream = new Sink(onResponse)
    const [store, clock] = [this.#store, this.#clock]
    const tls = { ca: '', cert: '', key: '' }
    const ids = { clusterId: '1'.padStart(16, '0'), memberId: '2'.padStart(16, '0') }
    const options = { store, clock, tls, ...ids, host: '', port: 0, logger: silentLogger }
    const admission = new Admission(() => store.auth, clock)
    const context = createContext(options, this.position, admission)
    const watches = new WatchStream(context, stream, root)
    void watches.onMessage(Buffer.from(watchRequest.encode({ createRequest: request as never })))
    return () => watches.onClose()
  }
}

class Sink implements ServerStream {
  readonly isCongested = false
  isOver = false
  readonly #onResponse: (response: WatchResponse) => void

  constructor(onResponse: (response: WatchResponse) => void) {
    this.#onResponse = onResponse
  }

  write(message: Outgoing): void {
    this.#onResponse(watchResponse.decode(Buffer.concat(message)))
  }

  end(): void {
    this.isOver = true
  }

  async drained(): Promise<void> {}
}

const root: Call = {
  client: { commonName: 'root', groups: [] },
  header: () => undefined,
  timeoutMs: undefined,
  onOver: () => () => {},
}
