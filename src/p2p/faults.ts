import type { MemberId } from './types.ts'

/** What the fault switch does to the traffic with one peer. */
export interface LinkFault {
  /** Both directions: a partition. */
  readonly drop?: boolean
  /** What the peer sends is lost, what we send arrives. */
  readonly dropIn?: boolean
  /** What we send is lost, what the peer sends arrives. */
  readonly dropOut?: boolean
  /** Added to each direction. */
  readonly delayMs?: number
}

/**
 * Faults for demonstrations and tests; empty in normal operation. Frames obey both directions;
 * gossip, which others pass on, only the inward one.
 */
export class FaultSwitch {
  readonly #faults = new Map<MemberId, LinkFault>()

  /** Replaces what was set for `peer`. */
  set(peer: MemberId, fault: LinkFault): void {
    this.#faults.set(peer, fault)
  }

  heal(): void {
    this.#faults.clear()
  }

  /** Whether anything is lost: then a refused connection says nothing about the peer. */
  isCut(peer: MemberId): boolean {
    return this.dropsIn(peer) || this.dropsOut(peer)
  }

  dropsIn(peer: MemberId): boolean {
    const fault = this.#faults.get(peer)
    return fault?.drop === true || fault?.dropIn === true
  }

  dropsOut(peer: MemberId): boolean {
    const fault = this.#faults.get(peer)
    return fault?.drop === true || fault?.dropOut === true
  }

  delayMs(peer: MemberId): number {
    return this.#faults.get(peer)?.delayMs ?? 0
  }

  /** The present faults, for status. */
  list(): readonly (LinkFault & { readonly peer: MemberId })[] {
    return [...this.#faults].map(([peer, fault]) => ({ peer, ...fault }))
  }
}
