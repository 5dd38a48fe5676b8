import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { kinds } from '../../../src/api/kinds.ts'
import { isStatusReason } from '../../../src/api/status.ts'
import type { Client } from '../../../src/client/types.ts'
import { must } from '../../../src/kernel/assert.ts'
import { sleep, systemClock } from '../../../src/kernel/clock.ts'
import { median } from '../../../src/kernel/statistics.ts'
import { Probe } from '../../../src/probe/probe.ts'
import { deployWorkload, waitForReplicas } from '../../../src/probe/workload.ts'
import { quorate, run, startCluster, type TestCluster } from '../../support/cluster.ts'
import { hasEtcd, type RealEtcd, startRealEtcd } from '../../support/real-etcd.ts'
import { deploymentYaml, serviceYaml } from '../../support/seed.ts'
import { until } from '../../support/until.ts'

/** The same peers, with their state in a real etcd of three members over TLS. */
const kills = Number(process.env.QUORATE_KILLS ?? 3)
let etcd: RealEtcd
let cluster: TestCluster

async function allFollow(): Promise<void> {
  await until(
    'all peers follow one leader',
    async () => {
      const { peers, quorum, term } = await cluster.status()
      return quorum && peers.every(peer => peer.term === term && peer.role !== 'candidate')
    },
    30_000,
  )
}

describe.runIf(hasEtcd())('on an external etcd', () => {
  beforeAll(async () => {
    etcd = await startRealEtcd({ tls: true })
    const { files } = must(etcd.tls, 'TLS')
    cluster = await startCluster({
      config: file => {
        file.datastore = { driver: 'etcd', endpoints: etcd.endpoints, ...files }
        // A pause must not look like a dead worker here: evicted pods would be replaced.
        file.timings = { ...(file.timings as object), nodeMonitorGraceMs: 60_000 }
      },
    })
  }, 120_000)
  afterAll(async () => {
    await cluster?.down()
    await etcd?.stop()
  }, 60_000)

  test("the architecture's objects become ready, through every peer", testSeed, 90_000)
  test('what the external etcd has instead is said', testVerbs, 30_000)
  test(`${kills} leaders die under load, and nothing acknowledged is lost`, testKills, 300_000)
  test('late writes of a paused leader are fenced', testPause, 120_000)
  test('a member of etcd dies under load, and nothing acknowledged is lost', testMember, 120_000)
  test('without etcd there is no leader, and with it there is one again', testOutage, 120_000)
})

async function testSeed(): Promise<void> {
  const file = (name: string, text: string) => {
    const path = join(cluster.data, name)
    writeFileSync(path, text)
    return path
  }
  const deployment = file('deployment.yaml', deploymentYaml)
  const service = file('service.yaml', serviceYaml)
  await cluster.must('create', 'namespace', 'dev')
  await cluster.must('apply', '-n', 'dev', '-f', deployment, '-f', service)
  for (const n of [1, 2, 3]) {
    const on = (...args: string[]) =>
      cluster.must(`--server=${cluster.api(n)}`, '-n', 'dev', ...args)
    await on('rollout', 'status', 'deployment/nginx-deployment', '--timeout=60s')
    expect(await on('get', 'all', '-o', 'wide')).toContain('service/nginx-service')
    expect(await on('apply', '-f', deployment)).toContain('unchanged')
  }
  const ip = await cluster.must(
    ...['get', 'service', 'nginx-service', '-n', 'dev', '-o=jsonpath={.spec.clusterIP}'],
  )
  const page = await until('an answer', async () => {
    const { out } = await run('curl', ['-s', '-m', '3', `http://${ip}/`])
    return /nginx-deployment-[a-z0-9-]+/.exec(out)?.[0]
  })
  expect(page).toContain('nginx-deployment-')
  // The objects are where etcdctl finds them, and nowhere else.
  const { files } = must(etcd.tls, 'TLS')
  const keys = await run(
    'etcdctl',
    [
      ...['--endpoints', etcd.endpoints.join(','), '--cacert', files.ca, '--cert', files.cert],
      ...['--key', files.key, 'get', '--prefix', '--keys-only', '/registry/deployments/dev'],
    ],
    { env: { ...process.env, ETCDCTL_API: '3' } },
  )
  expect(keys.out.trim()).toBe('/registry/deployments/dev/nginx-deployment')
  expect(existsSync(join(cluster.data, 'peers', 'peer-1', 'store'))).toBe(false)
}

async function testVerbs(): Promise<void> {
  for (const args of [
    ['member', 'list'],
    ['snapshot', 'save', '/dev/null'],
  ]) {
    const ran = await quorate([...args, '--data', cluster.data])
    expect(ran.code).toBe(1)
    expect(ran.err).toContain('external etcd')
  }
  const { out } = await quorate(['env', '--data', cluster.data])
  expect(out).toContain(`ETCDCTL_ENDPOINTS='${etcd.endpoints.join(',')}'`)
  const before = await cluster.leader()
  const other = before === 'peer-2' ? 'peer-3' : 'peer-2'
  const moved = await quorate(['leader', 'transfer', other, '--data', cluster.data])
  expect(moved).toMatchObject({ code: 0 })
  expect(await cluster.leader(before)).toBe(other)
}

/** The probe's load while `fault` goes on; returns the gaps between two writes. */
async function underLoad(id: string, fault: (probe: Probe) => Promise<void>): Promise<void> {
  const client = cluster.client()
  const probe = new Probe({
    clients: [client, client],
    ...{ namespace: 'load', clock: systemClock, id, periodMs: 10 },
  })
  await probe.start()
  await fault(probe)
  await probe.stop()
  const verdict = await probe.judge()
  const { creates, increments, reads, failures } = probe.report
  process.stdout.write(`${id}: ${JSON.stringify({ verdict, creates, increments, reads })}\n`)
  expect(failures).toEqual([])
  expect(verdict).toMatchObject({ lost: 0, duplicated: 0, ok: true })
  expect(verdict.objects).toBe(verdict.acknowledged + verdict.unknownApplied)
}

async function testKills(): Promise<void> {
  const client = cluster.client()
  await deployWorkload(client, 'workload')
  await waitForReplicas(client, 'workload', 3, 30_000)
  const gaps: number[] = []
  const control: number[] = []
  await underLoad('kills', async probe => {
    for (let n = 0; n < kills; n++) {
      const leader = await cluster.leader()
      const { pid } = await cluster.report(leader)
      probe.stopwatch.mark()
      const began = performance.now()
      process.kill(pid, 'SIGKILL')
      await untilReplaced(leader)
      control.push(performance.now() - began)
      await cluster.fault('restart', leader)
      await until(
        'the peer takes part again',
        async () => {
          const { ready, role } = await cluster.report(leader)
          return ready && role === 'follower'
        },
        30_000,
      )
      gaps.push(probe.stopwatch.gapMs)
    }
  })
  process.stdout.write(
    `external etcd: gap between two writes: median ${Math.round(median(gaps))} ms, ` +
      `longest ${Math.round(Math.max(...gaps))} ms; another control plane: median ` +
      `${Math.round(median(control))} ms, longest ${Math.round(Math.max(...control))} ms\n`,
  )
}

/** Another peer leads, and its scheduler and controllers run. */
async function untilReplaced(leader: string): Promise<void> {
  const others = ['peer-1', 'peer-2', 'peer-3'].filter(name => name !== leader)
  await until('another control plane', async () => {
    const reports = await Promise.all(others.map(name => cluster.report(name)))
    return reports.some(({ role, controlPlane }) => role === 'leader' && controlPlane.running)
  })
}

async function podCount(client: Client): Promise<number> {
  return (await client.list(kinds.pods, { namespace: 'fence' })).items.length
}

async function testPause(): Promise<void> {
  const client = cluster.client()
  await allFollow()
  await client.create(kinds.namespaces, { metadata: { name: 'fence' } })
  await client.create(kinds.replicaSets, {
    metadata: { name: 'web', namespace: 'fence' },
    spec: {
      replicas: 3,
      selector: { matchLabels: { app: 'nginx' } },
      template: {
        metadata: { labels: { app: 'nginx' } },
        spec: { containers: [{ name: 'nginx', image: 'nginx:1.14.2' }] },
      },
    },
  })
  await until('3 pods', async () => (await podCount(client)) === 3, 30_000)
  const leader = await cluster.leader()
  const before = (await cluster.report(leader)).counters.fenced ?? 0
  try {
    await cluster.fault('hold-writes', leader)
    await client.patch(kinds.replicaSets, 'fence', 'web', {
      type: 'merge',
      body: { spec: { replicas: 6 } },
    })
    await until('the old leader wants to write', () => cluster.holdsWrites(leader))
    expect(await podCount(client)).toBe(3)
    const { pid } = await cluster.report(leader)
    const began = performance.now()
    process.kill(pid, 'SIGSTOP')
    await untilReplaced(leader)
    process.stdout.write(`a paused leader is replaced after ${msSince(began)} ms\n`)
    await until('6 pods by the new leader', async () => (await podCount(client)) === 6, 30_000)
    await cluster.fault('resume', leader)
    await until('the old leader follows', async () => {
      return (await cluster.report(leader)).role === 'follower'
    })
    // A write that doesn't reach etcd meets no fence: its connection has to be there again.
    const own = cluster.client([cluster.api(Number(leader.split('-')[1]))], 0)
    await until('the old leader is heard by etcd', async () => {
      await own.create(kinds.namespaces, { metadata: { name: 'fence' } }).catch(error => {
        if (!isStatusReason(error, 'AlreadyExists')) throw error
      })
      return true
    })
    await cluster.fault('release-writes', leader)
    const fenced = await until('a refused late write', async () => {
      return ((await cluster.report(leader)).counters.fenced ?? 0) - before
    })
    await sleep(1_000)
    process.stdout.write(`${fenced} late writes refused\n`)
    expect(await podCount(client)).toBe(6)
  } finally {
    await cluster.fault('resume', leader)
  }
}

function msSince(began: number): number {
  return Math.round(performance.now() - began)
}

async function testMember(): Promise<void> {
  await allFollow()
  const { leader } = await cluster.status()
  const gaps: number[] = []
  await underLoad('member', async probe => {
    for (let n = 0; n < etcd.endpoints.length; n++) {
      probe.stopwatch.mark()
      await etcd.kill(n)
      const before = probe.report.creates.acknowledged
      await until('writes again', () => probe.report.creates.acknowledged > before + 5, 20_000)
      await sleep(2_000)
      const gap = Math.round(probe.stopwatch.gapMs)
      gaps.push(gap)
      await etcd.start(n)
      // Until the new member has caught up, and calls have found the leader again.
      await sleep(2_000)
      process.stdout.write(`member ${n + 1} of etcd killed: gap ${gap} ms\n`)
    }
  })
  const after = await cluster.status()
  process.stdout.write(`leader before ${leader}, after ${after.leader}\n`)
  // A write that waits for its deadline takes 5 s.
  expect(Math.max(...gaps)).toBeLessThan(5_000)
}

async function testOutage(): Promise<void> {
  for (const n of etcd.endpoints.keys()) etcd.signal(n, 'SIGSTOP')
  await until(
    'no quorum',
    async () => {
      const ran = await quorate(['status', '--json', '--data', cluster.data])
      return ran.code === 3 && JSON.parse(ran.out).leader === null
    },
    20_000,
  )
  for (const n of etcd.endpoints.keys()) etcd.signal(n, 'SIGCONT')
  await allFollow()
  await cluster.must('create', 'namespace', 'after')
}
