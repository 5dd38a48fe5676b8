import type { Prng } from '../../src/kernel/prng.ts'

/** Faults of the network; ratios in [0, 1], times in milliseconds. */
export interface NetworkFaults {
  dropRatio: number
  duplicateRatio: number
  delayMsMax: number
  /** Some frames take this much longer: they arrive after later ones. */
  spikeRatio: number
  spikeMs: number
}

/** Which frames arrive, how often and when. One-way cuts are possible. */
export class SimNetwork {
  readonly #prng: Prng
  readonly #cut = new Set<string>()
  faults: NetworkFaults

  constructor(prng: Prng, faults: NetworkFaults) {
    this.#prng = prng
    this.faults = faults
  }

  /** Milliseconds until each copy of a frame arrives; empty: it is lost. */
  fates(from: string, to: string): number[] {
    if (this.isCut(from, to) || this.#prng.chance(this.faults.dropRatio)) return []
    const fates = [this.#delay()]
    if (this.#prng.chance(this.faults.duplicateRatio)) fates.push(this.#delay())
    return fates
  }

  isCut(from: string, to: string): boolean {
    return this.#cut.has(`${from} ${to}`)
  }

  cut(from: readonly string[], to: readonly string[]): void {
    for (const left of from) for (const right of to) this.#cut.add(`${left} ${right}`)
  }

  heal(): void {
    this.#cut.clear()
  }

  #delay(): number {
    const { delayMsMax, spikeRatio, spikeMs } = this.faults
    const delay = 0.1 + this.#prng.next() * delayMsMax
    return this.#prng.chance(spikeRatio) ? delay + this.#prng.next() * spikeMs : delay
  }
}
