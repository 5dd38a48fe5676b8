/**
 * Waits that double from one failure to the next, by key. A key that has not failed for twice the
 * longest wait starts again. Source: client-go util/flowcontrol/backoff.go.
 */
export class Backoff {
  readonly #firstMs: number
  readonly #maxMs: number
  readonly #entries = new Map<string, { delayMs: number; failedAt: number }>()

  constructor(firstMs: number, maxMs: number) {
    this.#firstMs = firstMs
    this.#maxMs = maxMs
  }

  /** Milliseconds from `now` until the key may be tried after a failure at `failedAt`. */
  remainingMs(key: string, failedAt: number, now: number): number {
    const entry = this.#entries.get(key)
    return entry ? Math.max(failedAt + entry.delayMs - now, 0) : 0
  }

  /** When the key may be tried again, counted from its last `next`; 0 if it never failed. */
  waitsUntil(key: string): number {
    const entry = this.#entries.get(key)
    return entry ? entry.failedAt + entry.delayMs : 0
  }

  /** The present wait of the key, 0 if it has none. */
  delayMs(key: string): number {
    return this.#entries.get(key)?.delayMs ?? 0
  }

  /** The key is tried (again) now: its next failure waits longer. */
  next(key: string, now: number): void {
    const entry = this.#entries.get(key)
    const isOld = entry !== undefined && now - entry.failedAt > 2 * this.#maxMs
    const delayMs = entry && !isOld ? Math.min(entry.delayMs * 2, this.#maxMs) : this.#firstMs
    this.#entries.set(key, { delayMs, failedAt: now })
  }

  /** Forgets every key of a pod. */
  forget(prefix: string): void {
    for (const key of this.#entries.keys()) if (key.startsWith(prefix)) this.#entries.delete(key)
  }
}

/** A wait as upstream writes it: `10s`, `1m20s`, `5m0s`. Source: Go time.Duration.String. */
export function durationText(ms: number): string {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds}s`
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
