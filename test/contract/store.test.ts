import { test } from 'vitest'
import { must } from '../../src/kernel/assert.ts'
import { systemClock } from '../../src/kernel/clock.ts'
import { silentLogger } from '../../src/kernel/logger.ts'
import { createPrng } from '../../src/kernel/prng.ts'
import { createEtcdStore } from '../../src/store/etcd/driver.ts'
import type { EtcdStore } from '../../src/store/etcd/types.ts'
import { createLocalStore } from '../../src/store/local.ts'
import { hasEtcd, startRealEtcd } from '../support/real-etcd.ts'
import { until } from '../support/until.ts'
import { TestCluster } from '../unit/store/cluster.ts'
import { testStore } from './store-contract.ts'
import { leadershipOf, type Subject } from './store-support.ts'

testStore('the local store', startLocal, { views: ['leader'], transfers: false })
testStore('the embedded store', startEmbedded, { views: ['leader', 'follower'], transfers: true })

if (!hasEtcd()) test.skip('etcd is not here (Debian: apt-get install etcd-server)', () => {})
else {
  const views = ['leader', 'follower']
  testStore('the etcd driver', () => startEtcd(''), { views, transfers: true })
  testStore('the etcd driver with a prefix', () => startEtcd('/one of many'), {
    views: ['follower'],
    transfers: false,
  })
}

async function startLocal(): Promise<Subject> {
  const store = createLocalStore()
  return { store: async () => store, stop: async () => {} }
}

/** Three members in this process, on a network of memory and real disks. */
async function startEmbedded(): Promise<Subject> {
  const cluster = new TestCluster(['a', 'b', 'c'], { timings: { rankMs: 15 } })
  await cluster.openAll()
  return {
    async store(view) {
      const leader = await cluster.leader()
      return view === 'leader' ? leader : cluster.follower()
    },
    stop: () => cluster.close(),
  }
}

/** Three members of this cluster on three members of etcd, over TLS. */
async function startEtcd(prefix: string): Promise<Subject> {
  const etcd = await startRealEtcd({ tls: true })
  const tls = must(etcd.tls, 'TLS')
  const stores: EtcdStore[] = []
  for (let n = 1; n <= 3; n++) {
    const store = createEtcdStore({
      ...{ id: n.toString(16).padStart(16, '0'), endpoints: etcd.endpoints, tls, prefix },
      ...{ clock: systemClock, prng: createPrng(n), logger: silentLogger },
    })
    stores.push(store)
    await store.start()
  }
  return {
    async store(view) {
      const leads = (store: EtcdStore) => leadershipOf(store).leading
      const leader = await until('a leader', () => stores.find(leads))
      if (view === 'leader') return leader
      return until('a follower', () =>
        stores.find(store => {
          const leadership = leadershipOf(store)
          return !leadership.leading && leadership.leader !== null
        }),
      )
    },
    async stop() {
      for (const store of stores) await store.stop()
      await etcd.stop()
    },
  }
}
