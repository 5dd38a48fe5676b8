import type { Prng } from '../../src/kernel/prng.ts'
import { EtcdClient } from '../../src/store/etcd/client.ts'

interface Tls {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

/** The etcd addresses of the peers of now, with one connection for each caller that asks. */
export class Endpoints {
  readonly #urls: () => ReadonlyMap<string, string>
  readonly #tls: () => Tls
  readonly #clients = new Map<string, EtcdClient>()
  readonly #lives = new Map<string, number>()

  /** `urls`: by the peer's name; asked each time, for members come and go. */
  constructor(urls: () => ReadonlyMap<string, string>, tls: () => Tls) {
    this.#urls = urls
    this.#tls = tls
  }

  /** Some peer's name. */
  some(prng: Prng): string {
    const names = [...this.#urls().keys()]
    return names[prng.below(names.length)]!
  }

  /** The peer's process ends: what the next one answers may be older where staleness is allowed. */
  restarted(name: string): void {
    this.#lives.set(name, (this.#lives.get(name) ?? 1) + 1)
  }

  /** A name of the peer's process. */
  process(name: string): string {
    return `${name}#${this.#lives.get(name) ?? 1}`
  }

  /** The connection to a peer that all share; of one that is gone it is the old address. */
  client(name: string): EtcdClient {
    const known = this.#clients.get(name)
    if (known !== undefined) return known
    const client = this.open(name)
    this.#clients.set(name, client)
    return client
  }

  /** A connection of one's own. */
  open(name: string): EtcdClient {
    const url = this.#urls().get(name) ?? 'https://127.0.0.1:9'
    return new EtcdClient({ url, tls: this.#tls() })
  }

  close(): void {
    for (const client of this.#clients.values()) client.close()
    this.#clients.clear()
  }
}
