import { randomInt } from 'node:crypto'
import type { Transport } from '../../src/api/http.ts'
import { createPrng } from '../../src/kernel/prng.ts'
import { createLocalStore } from '../../src/store/local.ts'
import type { Store } from '../../src/store/types.ts'
import { LaggingStore } from '../support/lagging-store.ts'
import { startCluster, systemUser, type TestCluster } from './support.ts'

/** One API server with the lag of its caches in the test's hand. */
export interface PeerUnderTest {
  readonly cluster: TestCluster
  readonly lag: LaggingStore
  readonly api: Transport
}

/** Several API servers over one store. */
export interface Peers {
  readonly store: Store
  readonly members: readonly PeerUnderTest[]
  stop(): Promise<void>
}

/** Starts `count` API servers; with a `seed` their caches hear of everything late, at random. */
export async function startPeers(count: number, seed?: number): Promise<Peers> {
  const store = createLocalStore()
  const members: PeerUnderTest[] = []
  for (let at = 0; at < count; at++) {
    const prng = seed === undefined ? undefined : createPrng(seed + at)
    const lag = new LaggingStore(store, prng)
    const cluster = await startCluster({ store: lag })
    members.push({ cluster, lag, api: cluster.server.transport(systemUser) })
  }
  return {
    store,
    members,
    async stop() {
      for (const { cluster } of members) await cluster.stop()
    },
  }
}

/** A pattern of lag that no run has had; it stands in the names of the tests that fail. */
export function newSeed(): number {
  return randomInt(1, 1_000_000_000)
}
