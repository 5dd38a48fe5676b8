import type { Duplex } from 'node:stream'
import type { ApiRequest, ApiResponse, Transport, UserInfo } from '../api/http.ts'
import { services } from '../api/resources/core.ts'
import { ResourceRegistry } from '../api/resources/registry.ts'
import { registerStoreMetrics } from '../store/metrics.ts'
import { Admission, admissionPlugins } from './admission/plugins.ts'
import { attributesOf, type Filter, type Serve } from './filters/attributes.ts'
import { compose, handlerChain } from './filters/chain.ts'
import type { LeaderRole, Parts } from './http/context.ts'
import { BodyDecoder } from './http/decoder.ts'
import { dispatcher } from './http/dispatch.ts'
import { HttpsFace } from './http/https.ts'
import { Metrics } from './http/metrics.ts'
import { claimsOf, ServiceAllocator } from './registry/service-allocator.ts'
import { RegistryStore } from './registry/store.ts'
import { Watches } from './registry/watch.ts'
import { WatchCache } from './storage/cache/watch-cache.ts'
import { type Repaired, repairClaims } from './storage/claim-repair.ts'
import { Codec } from './storage/codec.ts'
import { Follower } from './storage/follow.ts'
import { Reader } from './storage/reader.ts'
import { Storage } from './storage/storage.ts'
import { serveUpgrade } from './streams/upgrade.ts'
import type { ApiServer, ApiServerOptions } from './types.ts'

/** An API server over a store; it serves after `start`. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  return new KubeApiServer(options)
}

class KubeApiServer implements ApiServer {
  readonly #parts: Parts
  readonly #filters: readonly Filter[]
  readonly #serve: Serve
  readonly #face: HttpsFace
  #leadership: LeaderRole = 'unknown'
  #unsubscribe: () => void = () => {}

  constructor(options: ApiServerOptions) {
    const { store, logger, clock } = options
    const { resources = new ResourceRegistry() } = options
    const codec = new Codec()
    const cache = new WatchCache(store, resources, codec, logger, clock)
    const reader = new Reader(store, cache, codec)
    const storage = new Storage(store, cache, codec, clock)
    const { clusterInfo, defaultTolerationSeconds } = options
    const plugins = admissionPlugins({ cache, storage, defaultTolerationSeconds })
    const allocators = new Map([[services, new ServiceAllocator(cache, clusterInfo)]])
    const registry = new RegistryStore(storage, new Admission(plugins), allocators, clock)
    const watches = new Watches(resources, cache, reader, new Follower(store, cache, codec), clock)
    const role = () => this.#leadership
    const decoder = new BodyDecoder(clock)
    this.#parts = {
      options,
      resources,
      cache,
      reader,
      registry,
      watches,
      decoder,
      clock,
      logger,
      role,
    }
    const metrics = new Metrics(
      () => watches.size,
      figures => registerStoreMetrics(figures, store),
    )
    this.#filters = handlerChain({ metrics, logger, clock, openPaths: options.openPaths })
    this.#serve = compose(this.#filters, dispatcher(this.#parts, metrics))
    this.#face = new HttpsFace(options, {
      serve: (request, user) => this.handler(request, user),
      upgrade: (request, user, socket, head) => this.#upgrade(request, user, socket, head),
      movesClients: () => this.#leadership !== 'follower',
    })
  }

  get port(): number {
    return this.#face.port
  }

  async start(): Promise<void> {
    this.#unsubscribe = this.#parts.options.store.onLeadership(state => {
      if (state.leading) this.#leadership = 'leader'
      else this.#leadership = state.leader === null ? 'unknown' : 'follower'
    })
    await Promise.all([this.#face.listen(), this.#parts.cache.start()])
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    this.#parts.watches.stop()
    await this.#face.close()
    this.#parts.cache.stop()
    this.#parts.decoder.stop()
  }

  handler(request: ApiRequest, user: UserInfo): Promise<ApiResponse> {
    return this.#serve(attributesOf(this.#parts.resources, request, user, false))
  }

  transport(user: UserInfo): Transport {
    return {
      request: request => this.#serve(attributesOf(this.#parts.resources, request, user, true)),
    }
  }

  repair(term: number): Promise<Repaired> {
    const { options, reader, cache } = this.#parts
    return repairClaims({ store: options.store, reader, cache }, claimsOf, term)
  }

  #upgrade(request: ApiRequest, user: UserInfo, socket: Duplex, head: Buffer): Promise<void> {
    const attributes = attributesOf(this.#parts.resources, request, user, false)
    return serveUpgrade(this.#parts, this.#filters, attributes, socket, head)
  }
}
