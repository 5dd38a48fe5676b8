import type { Key } from './types.ts'

const shards = 256

/**
 * A map by key in many small tables. One table of a million keys is copied at once whenever it
 * grows, which stops the thread for 100 ms and more; these grow one by one.
 */
export class KeyMap<Row> {
  readonly #maps = Array.from({ length: shards }, () => new Map<Key, Row>())

  get(key: Key): Row | undefined {
    return this.#of(key).get(key)
  }

  set(key: Key, row: Row): void {
    this.#of(key).set(key, row)
  }

  delete(key: Key): void {
    this.#of(key).delete(key)
  }

  /** By the end of the key, where neighbours differ. */
  #of(key: Key): Map<Key, Row> {
    const end = key.length
    // A character that is not there is NaN, which these operations take for 0.
    const sum =
      Math.imul(key.charCodeAt(end - 1), 31) ^
      Math.imul(key.charCodeAt(end - 2), 37) ^
      Math.imul(key.charCodeAt(end - 3), 59)
    return this.#maps[sum & (shards - 1)]!
  }
}
