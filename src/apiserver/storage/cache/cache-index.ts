import type { ResourceRow } from '../../../api/resources/types.ts'
import type { ResourceCache } from './resource-cache.ts'

const rootLength = '/registry/'.length
/** `pods`, `services/specs`, `example.com/widgets`. */
const segmentsMax = 2

/** The caches of all resources, by row and by what their keys begin with. */
export class CacheIndex implements Iterable<ResourceCache> {
  readonly #byRow = new Map<ResourceRow, ResourceCache>()
  readonly #byPrefix = new Map<string, ResourceCache>()

  add(cache: ResourceCache): void {
    this.#byRow.set(cache.row, cache)
    this.#byPrefix.set(cache.prefix, cache)
  }

  delete(row: ResourceRow): void {
    const cache = this.#byRow.get(row)
    if (cache === undefined) return
    this.#byRow.delete(row)
    this.#byPrefix.delete(cache.prefix)
  }

  of(row: ResourceRow): ResourceCache | undefined {
    return this.#byRow.get(row)
  }

  /** Whose key of the store this is. */
  at(key: string): ResourceCache | undefined {
    let end = key.indexOf('/', rootLength)
    for (let segments = 0; segments < segmentsMax && end >= 0; segments++) {
      const cache = this.#byPrefix.get(key.slice(0, end + 1))
      if (cache !== undefined) return cache
      end = key.indexOf('/', end + 1)
    }
    return undefined
  }

  [Symbol.iterator](): Iterator<ResourceCache> {
    return this.#byRow.values()
  }
}
