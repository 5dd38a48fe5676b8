import { type Corrupt, type Entry, isCorrupt, type Stored } from '../entry.ts'

/** One change of one object. `entry` is absent for a deletion, `old` for a creation. */
export interface CacheEvent {
  readonly revision: number
  readonly entry?: Entry
  readonly old?: Entry
  /** The new value is no object: whoever watches it can't go on. */
  readonly corrupt?: Corrupt
  /** Lines already encoded, by event type: each is made once however many watch. */
  readonly lines: Map<string, Buffer>
}

/** The change of a cache that a store's event is, when `old` was there before. */
export function cacheEventOf(
  revision: number,
  now: Stored | undefined,
  old: Stored | undefined,
): CacheEvent {
  return {
    revision,
    ...(isCorrupt(now) ? { corrupt: now } : { entry: now }),
    old: isCorrupt(old) ? undefined : old,
    lines: new Map(),
  }
}

/** Hears of every change, in order. It must not throw: see `deliver`. */
export interface CacheListener {
  take(event: CacheEvent): void
  /** `take` has thrown: this listener, and no other, has missed an event. */
  broke(error: unknown): void
}

/** Gives one listener one event; its failure is its own. */
export function deliver(listener: CacheListener, event: CacheEvent): void {
  try {
    listener.take(event)
  } catch (error) {
    listener.broke(error)
  }
}
