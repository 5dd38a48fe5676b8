import type { KubeObject } from '../api/types.ts'
import type { IndexFunctions, Lister } from './types.ts'

interface Index<T> {
  readonly keysOf: (object: T) => readonly string[]
  readonly members: Map<string, Map<string, T>>
}

/** Objects by `namespace/name`, with secondary indexes. The store below an informer. */
export class ObjectCache<T extends KubeObject> implements Lister<T> {
  readonly #objects = new Map<string, T>()
  readonly #indexes = new Map<string, Index<T>>()
  readonly #byNamespace: Index<T> = {
    keysOf: object => [object.metadata.namespace ?? ''],
    members: new Map(),
  }
  #list: readonly T[] | undefined

  keyOf(object: T): string {
    return `${object.metadata.namespace ?? ''}/${object.metadata.name}`
  }

  /** Index functions that are there already by name stay. */
  addIndexes(indexes: IndexFunctions<T>): void {
    for (const [name, keysOf] of Object.entries(indexes)) {
      if (this.#indexes.has(name)) continue
      const index: Index<T> = { keysOf, members: new Map() }
      for (const [key, object] of this.#objects) insert(index, key, object)
      this.#indexes.set(name, index)
    }
  }

  entries(): IterableIterator<[string, T]> {
    return this.#objects.entries()
  }

  find(object: T): T | undefined {
    return this.#objects.get(this.keyOf(object))
  }

  /** @returns what was there before. */
  put(object: T): T | undefined {
    const key = this.keyOf(object)
    const old = this.#objects.get(key)
    this.#objects.set(key, object)
    this.#list = undefined
    for (const index of this.#all()) {
      if (old) erase(index, key, old)
      insert(index, key, object)
    }
    return old
  }

  /** @returns what was there, if anything. */
  remove(object: T): T | undefined {
    const key = this.keyOf(object)
    const old = this.#objects.get(key)
    if (!old) return undefined
    this.#objects.delete(key)
    this.#list = undefined
    for (const index of this.#all()) erase(index, key, old)
    return old
  }

  get(namespace: string | undefined, name: string): T | undefined {
    return this.#objects.get(`${namespace ?? ''}/${name}`)
  }

  list(): readonly T[] {
    this.#list ??= [...this.#objects.values()]
    return this.#list
  }

  byNamespace(namespace: string): readonly T[] {
    return [...(this.#byNamespace.members.get(namespace)?.values() ?? [])]
  }

  byIndex(name: string, key: string): readonly T[] {
    const index = this.#indexes.get(name)
    if (!index) throw new Error(`informer has no index "${name}"`)
    return [...(index.members.get(key)?.values() ?? [])]
  }

  *#all(): Generator<Index<T>> {
    yield this.#byNamespace
    yield* this.#indexes.values()
  }
}

function insert<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.keysOf(object)) {
    const members = index.members.get(value) ?? new Map<string, T>()
    members.set(key, object)
    index.members.set(value, members)
  }
}

function erase<T>(index: Index<T>, key: string, object: T): void {
  for (const value of index.keysOf(object)) {
    const members = index.members.get(value)
    members?.delete(key)
    if (members?.size === 0) index.members.delete(value)
  }
}
