import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { createEtcdServer } from '../../../src/etcd/server.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createPrng } from '../../../src/kernel/prng.ts'
import type { Startable } from '../../../src/kernel/startable.ts'
import { openReplica } from '../../../src/store/open.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/until.ts'
import { quickHasher, type TestPki } from '../../unit/etcd/etcdctl.ts'
import { isLeading, MemoryNetwork } from '../../unit/store/cluster.ts'

/** Our etcd: three replicas on real disks, each with its face, in this process. */
export interface OurEtcd {
  readonly endpoints: readonly string[]
  stop(): Promise<void>
}

const ids = ['8e9e05c52164694d', '91bc3c398fb3c146', 'fd422379fda50e48'] as const

export async function startReplicas(pki: TestPki): Promise<OurEtcd> {
  const network = new MemoryNetwork()
  const members = ids.map((id, at) => ({ id, name: `peer-${at + 1}` }))
  const parts: Startable[] = []
  const endpoints: string[] = []
  const shared = { clock: systemClock, logger: silentLogger }
  const replicas = await Promise.all(
    members.map(async ({ id, name }, at) => {
      const port = await freePort()
      const peerUrls = [`https://127.0.0.1:${await freePort()}`]
      const clientUrls = [`https://127.0.0.1:${port}`]
      endpoints[at] = clientUrls[0]!
      const replica = await openReplica({
        ...{ id, members, ...shared },
        others: ids.filter(other => other !== id),
        self: { name, peerId: id, peerUrls, clientUrls },
        newStoreId: randomUUID,
        dataDir: join(pki.folder, `ours-${name}`),
        channel: network.channel(id),
        prng: createPrng(at + 1),
      })
      const server = createEtcdServer({
        ...{ store: replica, host: '127.0.0.1', port, ...shared, hasher: quickHasher },
        tls: { ca: pki.ca.cert, ...pki.server },
        clusterId: 'cdf818194e3a8c32',
        memberId: id,
      })
      await replica.start()
      await server.start()
      parts.push(server, replica)
      return replica
    }),
  )
  await until('a leader', () => replicas.some(isLeading))
  await until('names of all members', () => replicas[0]?.members().every(({ name }) => name !== ''))
  return {
    endpoints,
    async stop() {
      for (const part of parts) await part.stop()
    },
  }
}
