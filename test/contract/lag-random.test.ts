import { expect, test } from 'vitest'
import type { Transport } from '../../src/api/http.ts'
import { must } from '../../src/kernel/assert.ts'
import { createPrng } from '../../src/kernel/prng.ts'
import type { StoreFailure } from '../../src/store/types.ts'
import { until } from '../support/until.ts'
import { newSeed, startPeers } from './peers.ts'
import { send, watch } from './requests.ts'

const configMaps = '/api/v1/namespaces/default/configmaps'
const snapshot: StoreFailure = { ok: false, why: 'unavailable', message: 'a snapshot came' }
const steps = 150
const names = ['a', 'b', 'c']

/** `type name resourceVersion` of each event. */
type Seen = string[]

/**
 * A client that only watches: it goes on at the last version it was told, bookmarks included, on
 * any peer, whenever its watch ends. So it must see every change, once and in order.
 */
class Follower {
  readonly seen: Seen = []
  #version: string
  #over = false
  readonly #peers: readonly Transport[]
  #turn = 0

  constructor(peers: readonly Transport[], version: string) {
    this.#peers = peers
    this.#version = version
  }

  stop(): void {
    this.#over = true
  }

  async run(): Promise<void> {
    while (!this.#over) {
      const peer = must(this.#peers[this.#turn++ % this.#peers.length], 'a peer')
      const query = `resourceVersion=${this.#version}&timeoutSeconds=1&allowWatchBookmarks=true`
      const watching = await watch(peer, `${configMaps}?${query}`)
      while (!this.#over && !(watching.ended() && watching.waiting() === 0)) {
        await new Promise(resolve => setImmediate(resolve))
        for (const { type, object } of await watching.take(watching.waiting())) {
          if (type === 'ERROR') throw new Error(JSON.stringify(object))
          this.#version = object.metadata.resourceVersion
          if (type !== 'BOOKMARK')
            this.seen.push(`${type} ${object.metadata.name} ${this.#version}`)
        }
      }
      watching.stop()
    }
  }
}

test.each([1, 2, 3, 4, newSeed()])('three peers that lag by seed %i lose nothing', async seed => {
  const prng = createPrng(seed)
  const peers = await startPeers(3, seed)
  const apis = peers.members.map(one => one.api)
  const any = <T>(list: readonly T[]): T => must(list[prng.below(list.length)], 'one')
  try {
    const { value: list } = await send(must(apis[0], 'a peer'), 'GET', configMaps)
    const followers = apis.map(
      (_, at) => new Follower([...apis.slice(at), ...apis], list.metadata.resourceVersion),
    )
    const running = followers.map(one => one.run())
    const model = new Map<string, string>()
    const written: Seen = []
    for (let step = 0; step < steps; step++) {
      const name = any(names)
      const was = model.get(name)
      const data = String(prng.below(2))
      const body = { metadata: { name }, data: { a: data } }
      const url = `${configMaps}/${name}`
      if (prng.chance(0.03)) any(peers.members).lag.endWatches(snapshot)
      if (was === undefined) {
        const { value, code } = await send(any(apis), 'POST', configMaps, body)
        expect(code).toBe(201)
        written.push(`ADDED ${name} ${value.metadata.resourceVersion}`)
        model.set(name, data)
      } else if (prng.chance(0.15)) {
        expect((await send(any(apis), 'DELETE', url)).code).toBe(200)
        written.push(`DELETED ${name}`)
        model.delete(name)
      } else {
        const { value, code } = await send(any(apis), 'PATCH', url, { data: { a: data } })
        expect(code).toBe(200)
        if (was !== data) written.push(`MODIFIED ${name} ${value.metadata.resourceVersion}`)
        model.set(name, data)
      }
      const read = await send(any(apis), 'GET', url)
      expect(read.value.data?.a, `after step ${step}`).toBe(model.get(name))
    }
    const plain = (seen: Seen) =>
      seen.map(one => (one.startsWith('DELETED') ? one.split(' ').slice(0, 2).join(' ') : one))
    for (const { seen } of followers) {
      await until('all is seen', () => seen.length >= written.length)
      expect(plain(seen)).toEqual(written)
    }
    for (const one of followers) one.stop()
    await Promise.all(running)
  } finally {
    await peers.stop()
  }
})
