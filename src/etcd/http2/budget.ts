/** Somebody who makes the server hold memory. */
export interface Holder {
  /** The server holds too much, and this one most of it. */
  onExceeded(): void
}

/**
 * What all clients of a server make it hold. Each connection has bounds of its own, but there may
 * be thousands; when all of them together hold too much, the one that holds most has to go.
 */
export class Budget {
  readonly #bytesMax: number
  readonly #held = new Map<Holder, number>()
  #total = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get totalBytes(): number {
    return this.#total
  }

  change(holder: Holder, bytes: number): void {
    this.#total += bytes
    this.#held.set(holder, (this.#held.get(holder) ?? 0) + bytes)
    if (bytes > 0 && this.#total > this.#bytesMax) this.#greediest()?.onExceeded()
  }

  /** The holder is gone, and all it held. */
  release(holder: Holder): void {
    this.#total -= this.#held.get(holder) ?? 0
    this.#held.delete(holder)
  }

  #greediest(): Holder | undefined {
    let found: Holder | undefined
    let most = 0
    for (const [holder, bytes] of this.#held) {
      if (bytes <= most) continue
      found = holder
      most = bytes
    }
    return found
  }
}
