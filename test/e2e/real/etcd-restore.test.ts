import { type ChildProcess, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { quorate, TestCluster } from '../../support/cluster.ts'
import { freePort, freePortBase } from '../../support/ports.ts'
import { type StoreCluster, startStoreCluster } from '../../support/store-cluster.ts'
import { spawnTethered } from '../../support/tethered.ts'
import { until } from '../../support/until.ts'
import { createPki, etcdctl, type TestPki } from '../../unit/etcd/etcdctl.ts'

/** Nobody is locked in: a cluster of ours goes on as an etcd, and an etcd as a cluster of ours. */
const hasEtcd = !spawnSync('etcd', ['--version']).error
let pki: TestPki
let flags: string[]
let folder: string
let ours: StoreCluster
const etcds: ChildProcess[] = []

beforeAll(async () => {
  if (!hasEtcd) return
  pki = await createPki()
  flags = await pki.client('admin', ['system:masters'])
  folder = mkdtempSync(join(tmpdir(), 'quorate-restore-'))
  ours = await startStoreCluster({ ca: pki.ca.cert, ...pki.server })
}, 60_000)
afterAll(async () => {
  for (const etcd of etcds) etcd.kill('SIGKILL')
  await ours?.stop()
  pki?.remove()
  if (folder) rmSync(folder, { recursive: true, force: true })
}, 30_000)

type Ctl = (...args: string[]) => Promise<string>

/** etcdctl against one endpoint; it must succeed. */
function ctlOf(endpoint: string, tls: readonly string[]): Ctl {
  return async (...args) => {
    const ran = await etcdctl([...tls, '--endpoints', endpoint, ...args])
    if (ran.code !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${ran.err}`)
    return ran.out
  }
}

/** Puts, deletes, transactions of several operations, leases, a compaction. */
async function workload(ctl: Ctl): Promise<void> {
  for (let n = 0; n < 40; n++) await ctl('put', `key/${n % 15}`, `value ${n}`)
  await ctl('del', 'key/3')
  await ctl('put', 'key/3', 'again')
  await ctl('del', '--prefix', 'key/1')
  const txn = ['', 'put many/z 1', 'put many/a 2', 'put many/m 3', 'del key/5', '', '', ''].join(
    '\n',
  )
  const ran = await etcdctl([...tlsOf(ctl), 'txn'], txn)
  expect(ran.out).toContain('SUCCESS')
  await etcdctl([...tlsOf(ctl), 'put', 'large'], 'x'.repeat(500_000))
  const state = JSON.parse(await ctl('get', 'key/0', '-w', 'json'))
  await ctl('compaction', String(state.header.revision - 20))
  for (let n = 0; n < 10; n++) await ctl('put', `late/${n}`, `${n}`)
}

const flagsOf = new Map<Ctl, readonly string[]>()
const tlsOf = (ctl: Ctl) => flagsOf.get(ctl) ?? []

function at(endpoint: string, tls: readonly string[] = flags): Ctl {
  const ctl = ctlOf(endpoint, tls)
  flagsOf.set(ctl, [...tls, '--endpoints', endpoint])
  return ctl
}

/** Revision, everything that is there, and etcd's hash at that revision. */
async function stateOf(ctl: Ctl, revision?: number) {
  const flag = revision === undefined ? [] : [`--rev=${revision}`]
  const all = JSON.parse(await ctl('get', '', '--from-key', '-w', 'json', ...flag))
  const hashed = JSON.parse(await ctl('endpoint', 'hashkv', '-w', 'json', ...flag))
  return { revision: all.header.revision, kvs: all.kvs, hash: hashed[0].HashKV.hash }
}

describe.runIf(hasEtcd)('a snapshot', () => {
  test('of ours, restored by etcdctl: a real etcd goes on from it', async () => {
    const ctl = at(ours.endpoints[1]!)
    await workload(ctl)
    const before = await stateOf(ctl)
    const file = join(folder, 'ours.db')
    await ctl('snapshot', 'save', file)
    const restored = await startRestored(file)
    const after = await stateOf(restored)
    expect(after).toEqual(before)
    await restored('put', 'key/new', 'written by etcd')
    expect(await restored('get', 'key/new', '--print-value-only')).toBe('written by etcd\n')
  }, 120_000)

  test('of a real etcd becomes a cluster of ours, and back again', async () => {
    const etcd = await startEtcd(join(folder, 'origin'), [])
    await workload(etcd)
    const before = await stateOf(etcd)
    const file = join(folder, 'theirs.db')
    await etcd('snapshot', 'save', file)
    const status = await quorate(['snapshot', 'status', file, '--json'])
    expect(JSON.parse(status.out)).toMatchObject({ revision: before.revision, hash: before.hash })
    const data = join(folder, 'data')
    const port = String(await freePortBase())
    const flags = ['--data', data, '--port-base', port]
    const ran = await quorate(['snapshot', 'restore', file, ...flags])
    expect(ran.err).toBe('')
    const cluster = new TestCluster(data, Number(port), [])
    try {
      await cluster.up()
      const tls = ['ca.crt', 'admin.crt', 'admin.key'].map(name => join(data, 'pki', name))
      const names = ['--cacert', '--cert', '--key']
      const own = names.flatMap((name, n) => [name, tls[n]!])
      const { peers } = await cluster.status()
      for (const { etcd: endpoint } of peers) {
        const after = await stateOf(at(endpoint, own), before.revision)
        expect(after.kvs).toEqual(before.kvs)
        expect(after.hash).toBe(before.hash)
      }
      expect((await quorate(['snapshot', 'restore', file, ...flags])).err).toContain(
        'there is a store already',
      )
    } finally {
      await cluster.down()
    }
  }, 180_000)

  test('that is not whole is refused, with what is wrong', async () => {
    const file = join(folder, 'cut.db')
    spawnSync('sh', ['-c', `head -c 20000 ${join(folder, 'ours.db')} > ${file}`])
    const ran = await quorate(['snapshot', 'status', file])
    expect(ran.code).toBe(1)
    expect(ran.err).toMatch(/cut\.db/)
  })
})

async function startRestored(file: string): Promise<Ctl> {
  const data = join(folder, 'restored')
  const ran = await etcdctl(['snapshot', 'restore', file, '--data-dir', data])
  expect(ran.code).toBe(0)
  return startEtcd(data, ['--force-new-cluster'])
}

async function startEtcd(data: string, more: readonly string[]): Promise<Ctl> {
  const client = `http://127.0.0.1:${await freePort()}`
  const peer = `http://127.0.0.1:${await freePort()}`
  const args = [
    ...['--data-dir', data, '--listen-client-urls', client, '--advertise-client-urls', client],
    ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
    ...['--initial-cluster', `default=${peer}`, '--logger', 'zap', '--log-level', 'error'],
    ...more,
  ]
  etcds.push(spawnTethered('etcd', args, { stdio: 'ignore' }))
  const ctl = at(client, [])
  await until('etcd', async () => (await ctl('endpoint', 'health')) !== undefined, 30_000)
  return ctl
}
