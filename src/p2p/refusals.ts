import type { Clock } from '../kernel/clock.ts'

/** A connection that was refused: its peer has proved who it is, and is no member. */
export interface Refusal {
  readonly peerId: string
  /** Where it came from, as a multiaddr. */
  readonly address: string
}

const windowMs = 10_000
/** Whoever makes up peer IDs can make up any number of them. */
const peersPerWindowMax = 10

/** Tells of refusals, each peer once in ten seconds and ten peers at most: others' doing. */
export class Refusals {
  readonly #clock: Clock
  readonly #listener: (refusal: Refusal) => void
  readonly #told = new Set<string>()
  #windowBegan = Number.NEGATIVE_INFINITY

  constructor(clock: Clock, listener: (refusal: Refusal) => void) {
    this.#clock = clock
    this.#listener = listener
  }

  add(refusal: Refusal): void {
    const now = this.#clock.now()
    if (now - this.#windowBegan >= windowMs) {
      this.#windowBegan = now
      this.#told.clear()
    }
    if (this.#told.has(refusal.peerId) || this.#told.size >= peersPerWindowMax) return
    this.#told.add(refusal.peerId)
    this.#listener(refusal)
  }
}
