import { spawn } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { kinds } from '../../src/api/kinds.ts'
import type { ReplicaSet } from '../../src/api/objects.ts'
import { isStatusReason, StatusError } from '../../src/api/status.ts'
import type { Client } from '../../src/client/types.ts'
import { sleep } from '../../src/kernel/clock.ts'
import { kubectlFile, startCluster, type TestCluster } from '../support/cluster.ts'
import { until } from '../support/until.ts'

/** Hangs, partitions and blocked threads, on one cluster of three. */
let cluster: TestCluster
beforeAll(async () => {
  // A pause must not look like a dead worker here: evicted pods would be replaced, and counted.
  cluster = await startCluster({
    config: file => {
      file.timings = { ...(file.timings as object), nodeMonitorGraceMs: 60_000 }
    },
  })
}, 90_000)
afterAll(() => cluster?.down(), 60_000)

afterEach(() => cluster.fault('heal'))

/** Every test begins with all peers following one leader. */
beforeEach(async () => {
  await until(
    'a whole cluster',
    async () => {
      const { peers, quorum, term } = await cluster.status()
      return quorum && peers.every(peer => peer.term === term && peer.role !== 'down')
    },
    30_000,
  )
}, 40_000)

const replicaSet: ReplicaSet = {
  metadata: { name: 'web', namespace: 'fence' },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: 'nginx' } },
    template: {
      metadata: { labels: { app: 'nginx' } },
      spec: { containers: [{ name: 'nginx', image: 'nginx:1.14.2' }] },
    },
  },
}

async function readyPods(client: Client): Promise<number> {
  const found = await client.get(kinds.replicaSets, 'fence', 'web')
  return found.status?.readyReplicas ?? 0
}

const elections = async () => (await cluster.status()).term
const numberOf = (name: string) => Number(name.split('-')[1])

test('a late write of a paused leader is refused by its fence, and nothing is doubled', async () => {
  const client = cluster.client()
  await client.create(kinds.namespaces, { metadata: { name: 'fence' } })
  await client.create(kinds.replicaSets, replicaSet)
  await until('3 ready pods', async () => (await readyPods(client)) === 3, 30_000)
  const leader = await cluster.leader()
  const watcher = spawn(
    kubectlFile,
    [
      ...[`--server=${cluster.api((numberOf(leader) % 3) + 1)}`, '-n', 'fence', 'get', 'pods'],
      ...['-l', 'app=nginx', '--watch-only', '--output-watch-events'],
    ],
    { env: { ...process.env, KUBECONFIG: cluster.kubeconfig, HOME: cluster.data } },
  )
  let seen = ''
  watcher.stdout.on('data', chunk => {
    seen += chunk
  })
  try {
    const fencedBefore = (await cluster.report(leader)).counters.fenced ?? 0
    await cluster.fault('hold-writes', leader)
    // The old leader's controllers now want to create pods, and their writes are held back.
    await client.patch(kinds.replicaSets, 'fence', 'web', {
      type: 'merge',
      body: { spec: { replicas: 6 } },
    })
    await until('a held write', () => cluster.holdsWrites(leader))
    expect((await client.list(kinds.pods, { namespace: 'fence' })).items.length).toBe(3)
    await cluster.fault('pause', leader)
    await cluster.leader(leader)
    // The new leader works meanwhile; pods that it gave to the paused node wait for its kubelet.
    await until('6 pods made by the new leader', async () => {
      const { items } = await client.list(kinds.pods, { namespace: 'fence' })
      return items.length === 6
    })
    await sleep(Number(process.env.QUORATE_PAUSE_MS ?? 10_000))
    await cluster.fault('resume', leader)
    await until('the old leader follows', async () => {
      return (await cluster.report(leader)).role === 'follower'
    })
    await cluster.fault('release-writes', leader)
    const fenced = await until('a refused late write', async () => {
      const count = ((await cluster.report(leader)).counters.fenced ?? 0) - fencedBefore
      return count > 0 ? count : undefined
    })
    await until('6 ready pods', async () => (await readyPods(client)) === 6, 30_000)
    const { items } = await client.list(kinds.pods, {
      namespace: 'fence',
      labelSelector: 'app=nginx',
    })
    const added = seen.split('\n').filter(line => line.startsWith('ADDED')).length
    process.stdout.write(`${fenced} late writes refused; ${added} pods added, 3 asked for\n`)
    expect(items.length).toBe(6)
    expect(added).toBe(3)
  } finally {
    watcher.kill()
    await cluster.fault('resume', leader)
  }
}, 120_000)

test('a minority refuses writes and linearizable reads within 5 s, and heals to one hash', async () => {
  const leader = await cluster.leader()
  const isolated = cluster.client([cluster.api(numberOf(leader))], 0)
  await cluster.fault('partition', leader)
  const successor = await cluster.leader(leader)
  const refused = async (request: () => Promise<unknown>) => {
    const began = performance.now()
    const error = await request().then(
      () => undefined,
      (reason: unknown) => reason,
    )
    const tookMs = performance.now() - began
    expect(error).toBeInstanceOf(StatusError)
    const { status } = error as StatusError
    process.stdout.write(
      `minority: ${status.code} ${status.message} after ${Math.round(tookMs)} ms\n`,
    )
    // A write that the old leader had already appended has an unknown outcome: 504.
    expect([503, 504]).toContain(status.code)
    expect(tookMs).toBeLessThan(6_000)
    return error
  }
  const space = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'minority' } }
  await refused(() => isolated.create(kinds.namespaces, space))
  const read = await refused(() => isolated.list(kinds.namespaces))
  expect(isStatusReason(read, 'ServiceUnavailable')).toBe(true)
  // A stale read is what the client gets when it asks for one.
  const stale = await isolated.list(kinds.namespaces, { resourceVersion: '0' })
  expect(stale.items.length).toBeGreaterThan(3)
  const majority = cluster.client([cluster.api(numberOf(successor))])
  await majority.create(kinds.namespaces, { ...space, metadata: { name: 'majority' } })
  await cluster.fault('heal')
  await until(
    'one hash at one revision',
    async () => {
      const { peers } = await cluster.status('--hash')
      const states = new Set(peers.map(peer => `${peer.revision} ${peer.hash}`))
      return peers.every(peer => peer.hash) && states.size === 1
    },
    30_000,
  )
}, 120_000)

test('a main thread blocked for 2 s costs no election', async () => {
  const leader = await cluster.leader()
  const before = await elections()
  await cluster.fault('block-main', leader, '--ms', '2000')
  await sleep(3_000)
  expect(await cluster.leader()).toBe(leader)
  expect(await elections()).toBe(before)
}, 60_000)

test('a main thread blocked for 10 s moves the leadership', async () => {
  const leader = await cluster.leader()
  await cluster.fault('block-main', leader, '--ms', '10000')
  const successor = await until(
    'another leader',
    async () => {
      const status = await cluster.status()
      return status.leader && status.leader !== leader ? status.leader : undefined
    },
    12_000,
  )
  process.stdout.write(`main thread blocked: ${leader} -> ${successor}\n`)
  await until('the blocked peer is back', async () => (await cluster.report(leader)).ready, 20_000)
}, 60_000)
