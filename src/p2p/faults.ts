import type { MemberId } from './types.ts'

/** What the fault switch does to the traffic with one peer, in both directions. */
export interface LinkFault {
  readonly drop?: boolean
  /** Added to each direction. */
  readonly delayMs?: number
}

/** Faults for demonstrations and tests; empty in normal operation. */
export class FaultSwitch {
  readonly #faults = new Map<MemberId, LinkFault>()

  set(peer: MemberId, fault: LinkFault): void {
    this.#faults.set(peer, fault)
  }

  heal(): void {
    this.#faults.clear()
  }

  dropped(peer: MemberId): boolean {
    return this.#faults.get(peer)?.drop === true
  }

  delayMs(peer: MemberId): number {
    return this.#faults.get(peer)?.delayMs ?? 0
  }

  /** The present faults, for status. */
  list(): readonly (LinkFault & { readonly peer: MemberId })[] {
    return [...this.#faults].map(([peer, fault]) => ({ peer, ...fault }))
  }
}
