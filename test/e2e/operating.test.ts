import { afterAll, beforeAll, expect, test } from 'vitest'
import { mainFile, quorate, run, startCluster, type TestCluster } from '../support/cluster.ts'
import { until } from '../support/until.ts'

/** What an operator does to processes: several at once, and all of them dead. */
let cluster: TestCluster
const peers = ['peer-1', 'peer-2', 'peer-3']

beforeAll(async () => {
  cluster = await startCluster()
}, 120_000)
afterAll(() => cluster?.down(), 60_000)

async function down(): Promise<string[]> {
  const { peers: rows } = await cluster.status()
  return rows.filter(({ role }) => role === 'down').map(({ name }) => name)
}

test('a fault is done to each peer that is named', async () => {
  await cluster.fault('kill', peers.join(','))
  expect(await down()).toEqual(peers)
  const again = await quorate(['fault', 'kill', 'peer-1,peer-2', '--data', cluster.data])
  expect(again.code).not.toBe(0)
  expect(again.err).toContain('peer-1 is down already; peer-2 is down already')
  await cluster.fault('restart', 'peer-1,peer-2')
  await until('two of them answer', async () => (await down()).join() === 'peer-3')
  await cluster.leader()
}, 60_000)

test('heal is for all', async () => {
  const ran = await quorate(['fault', 'heal', 'peer-1', '--data', cluster.data])
  expect([ran.code === 0, ran.err]).toEqual([false, expect.stringContaining('name none')])
})

test('up beside a supervisor says who is dead, and starts them', async () => {
  await cluster.fault('kill', 'peer-1,peer-2')
  const beside = await quorate(['up', '--no-tui', '--data', cluster.data, ...cluster.args])
  expect(beside.code).not.toBe(0)
  expect(beside.err).toContain('with peer-1, peer-2, peer-3 down')
  const { err } = await cluster.up()
  for (const peer of peers) expect(err).toMatch(new RegExp(`${peer} is down.*: starting it again`))
  expect(await down()).toEqual([])
  await until('a node is listed', async () =>
    (await cluster.must('get', 'nodes')).includes('peer-1'),
  )
}, 120_000)

test('the program is one that can be executed, and env is what etcdctl 3.4 and 3.6 take', async () => {
  const env = await run(mainFile, ['env', '--data', cluster.data])
  expect(env.out).toContain("export ETCDCTL_ENDPOINTS='https://")
  expect(env.out).not.toContain('ETCDCTL_API')
})
