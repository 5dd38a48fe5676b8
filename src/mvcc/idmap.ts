const shards = 256

/**
 * A map by number in many small tables: as KeyMap, for leases. One table of 200,000 is copied at
 * once when it grows, which stops the thread for some tens of milliseconds.
 */
export class IdMap<Row> {
  readonly #maps = Array.from({ length: shards }, () => new Map<number, Row>())
  size = 0

  get(id: number): Row | undefined {
    return this.#of(id).get(id)
  }

  has(id: number): boolean {
    return this.#of(id).has(id)
  }

  set(id: number, row: Row): void {
    const map = this.#of(id)
    const before = map.size
    map.set(id, row)
    this.size += map.size - before
  }

  delete(id: number): boolean {
    const isGone = this.#of(id).delete(id)
    if (isGone) this.size--
    return isGone
  }

  clear(): void {
    for (const map of this.#maps) map.clear()
    this.size = 0
  }

  /** In an order of its own; changes meanwhile are allowed. */
  *values(): IterableIterator<Row> {
    for (const map of this.#maps) yield* map.values()
  }

  /** By the lower digits, where IDs that are drawn or counted differ. */
  #of(id: number): Map<number, Row> {
    return this.#maps[id % shards]!
  }
}
