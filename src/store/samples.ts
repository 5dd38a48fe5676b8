/** The last few measurements of one thing. */
export class Samples {
  readonly #values: Float64Array
  #count = 0

  constructor(size = 1024) {
    this.#values = new Float64Array(size)
  }

  add(value: number): void {
    this.#values[this.#count++ % this.#values.length] = value
  }

  /** The largest of them; 0 before the first measurement. */
  max(): number {
    const known = Math.min(this.#count, this.#values.length)
    return known === 0 ? 0 : this.#values.subarray(0, known).reduce((a, b) => Math.max(a, b))
  }

  /** Zeros before the first measurement. */
  percentiles(): { readonly p50: number; readonly p99: number } {
    const known = Math.min(this.#count, this.#values.length)
    const sorted = this.#values.slice(0, known).sort()
    const at = (share: number) => sorted[Math.min(known - 1, Math.floor(known * share))] ?? 0
    return { p50: at(0.5), p99: at(0.99) }
  }
}
