import { storeKey } from '../../api/resources/table.ts'
import type { ResourceRow } from '../../api/resources/types.ts'
import { expired, type StatusError } from '../../api/status.ts'
import type { Event } from '../../mvcc/types.ts'
import type { Store } from '../../store/types.ts'
import { type CacheEvent, type CacheListener, cacheEventOf, deliver } from './cache/event.ts'
import type { WatchCache } from './cache/watch-cache.ts'
import type { Codec } from './codec.ts'
import { prefixEnd } from './prefix.ts'

/** Hears of every change of a kind after a revision, in order. */
export interface ChangeListener extends CacheListener {
  /** No more changes come; with an error, nobody can go on from where this one was. */
  end(error?: StatusError): void
}

/** Changes that are being told. */
export interface Following {
  /** Everything up to this revision has been told. */
  progress(): number
  cancel(): void
}

/** Tells the changes of a kind: from the watch cache, or, for what it forgot, from the store. */
export class Follower {
  readonly #store: Store
  readonly #cache: WatchCache
  readonly #codec: Codec

  constructor(store: Store, cache: WatchCache, codec: Codec) {
    this.#store = store
    this.#cache = cache
    this.#codec = codec
  }

  /** The cache must be loaded; a reset of it ends what is told from it: see WatchCache.onReset. */
  follow(row: ResourceRow, after: number, listener: ChangeListener): Following {
    const cache = this.#cache.of(row)
    const missed = cache.since(after)
    if (missed === undefined) return this.#fromStore(row, after, listener)
    for (const event of missed) deliver(listener, event)
    return { progress: () => this.#cache.revision, cancel: cache.listen(listener) }
  }

  #fromStore(row: ResourceRow, after: number, listener: ChangeListener): Following {
    const key = storeKey(row)
    let seen = after
    const tooOld = (now: number) => expired(`too old resource version: ${after} (${now})`)
    const watch = this.#store.watch(
      { key, rangeEnd: prefixEnd(key), startRevision: after + 1, prevKv: true },
      {
        onBatch: batch => {
          if (batch.events.some(hasUnknownPast)) {
            listener.end(tooOld(batch.revision))
            return
          }
          for (const event of batch.events) deliver(listener, this.#changeOf(row, event))
          seen = Math.max(seen, batch.revision)
        },
        onEnd: failure => {
          if (failure.why !== 'compacted') listener.end()
          else listener.end(tooOld(failure.revision ?? this.#cache.revision))
        },
      },
    )
    return { progress: () => seen, cancel: () => watch.cancel() }
  }

  #changeOf(row: ResourceRow, { type, kv, prevKv }: Event): CacheEvent {
    const read = (value: Uint8Array, revision: number) =>
      this.#codec.read(row, kv.key, value, revision)
    const old = prevKv && read(prevKv.value, prevKv.modRevision)
    const now = type === 'put' ? read(kv.value, kv.modRevision) : undefined
    return cacheEventOf(kv.modRevision, now, old)
  }
}

/**
 * A change of an object that was there before, and nobody knows any more as what: at the floor of
 * compaction. Whether this client has seen the object can't be told, and so it has to list anew.
 * Source: apiserver storage/etcd3/event.go parseEvent ("etcd event received with PrevKv=nil").
 */
function hasUnknownPast({ kv, prevKv }: Event): boolean {
  return kv.version !== 1 && prevKv === undefined
}
