import type { Key } from '../../mvcc/types.ts'

/**
 * The part of etcd's keys that is this store's: all that begin with `prefix`, without it.
 *
 *     prefix "/one":   store "/registry/pods/a"  <->  etcd "/one/registry/pods/a"
 */
export class Keyspace {
  readonly #prefix: Key
  readonly #end: Key

  /** `prefix`: text as people write it. */
  constructor(prefix: string) {
    this.#prefix = Buffer.from(prefix, 'utf8').toString('latin1')
    this.#end = endOfPrefix(this.#prefix)
  }

  toWire(key: Key): Key {
    return this.#prefix + key
  }

  /** Of a range: absent stays absent, and "to the end" means to the end of the prefix. */
  endToWire(rangeEnd: Key | undefined): Key | undefined {
    if (rangeEnd === undefined || rangeEnd === '') return undefined
    return rangeEnd === '\0' ? this.#end : this.#prefix + rangeEnd
  }

  /** Undefined for a key that is not this store's. */
  fromWire(key: Key): Key | undefined {
    if (this.#prefix === '') return key
    return key.startsWith(this.#prefix) ? key.slice(this.#prefix.length) : undefined
  }
}

/** The first key after all that begin with `prefix`; "\0" when there is none. */
export function endOfPrefix(prefix: Key): Key {
  for (let at = prefix.length - 1; at >= 0; at--) {
    const unit = prefix.charCodeAt(at)
    if (unit < 0xff) return prefix.slice(0, at) + String.fromCharCode(unit + 1)
  }
  return '\0'
}
