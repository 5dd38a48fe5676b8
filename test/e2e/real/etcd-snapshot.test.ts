import { type ChildProcess, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readEtcdSnapshot } from '../../../src/etcd/snapshot/read.ts'
import type { EtcdSnapshot } from '../../../src/etcd/snapshot/types.ts'
import { createPrng } from '../../../src/kernel/prng.ts'
import { hashKvOf } from '../../../src/mvcc/hashkv.ts'
import type { KeyValue, RevisionRow } from '../../../src/mvcc/types.ts'
import type { FrozenStore } from '../../../src/store/embedded-types.ts'
import { freePort } from '../../support/ports.ts'
import { spawnTethered } from '../../support/tethered.ts'
import { until } from '../../support/until.ts'
import {
  authView,
  collect,
  Model,
  randomWorkload,
  saveSnapshot,
} from '../../unit/etcd-snapshot/model.ts'

/** Snapshots between us and the real etcd and etcdctl (3.4.23 of Debian 12), both ways. */
const missing = ['etcd', 'etcdctl'].filter(name => spawnSync(name, ['--version']).error)
if (missing.length > 0) {
  process.stdout.write(
    `etcd-snapshot: skipped, ${missing.join(', ')} is not here ` +
      '(Debian: apt-get install etcd-server etcd-client)\n',
  )
}

const folder = mkdtempSync(join(tmpdir(), 'quorate-etcd-'))
const running: ChildProcess[] = []
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** bcrypt of "sesame", made by etcd 3.4. */
const sesame = '$2a$10$YQ1EJgERHi7lAPo/eLOnGOK2hwgiMpeOgawEbYwYxrJ8ZNd1xh8ZO'

function etcdctl(...args: string[]): string {
  const env = { ...process.env, ETCDCTL_API: '3' }
  const ran = spawnSync('etcdctl', args, { env, encoding: 'utf8' })
  if (ran.status !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${ran.stderr}${ran.stdout}`)
  return ran.stdout
}

/** A real etcd; spoken to over its JSON gateway, where bytes are base64 and int64 strings. */
class Etcd {
  readonly url: string
  readonly #child: ChildProcess
  token = ''

  constructor(url: string, child: ChildProcess) {
    this.url = url
    this.#child = child
  }

  // biome-ignore lint/suspicious/noExplicitAny: answers of the JSON gateway
  async call(path: string, body: object): Promise<any> {
    const headers = new Headers(this.token === '' ? [] : [['Authorization', this.token]])
    const request = { method: 'POST', body: JSON.stringify(body), headers }
    const answer = await fetch(`${this.url}/v3/${path}`, request)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${text}`)
    return JSON.parse(text)
  }

  /** All keys at a revision, in our form. */
  async all(revision: number): Promise<Plain[]> {
    const everything = { key: 'AA==', range_end: 'AA==', revision: String(revision) }
    const { kvs = [] } = await this.call('kv/range', everything)
    return kvs.map(plainOfJson)
  }

  /** etcd's own answer; `revision` 0 is the present. */
  hashKv(revision = 0): { readonly hash: number; readonly compact_revision: number } {
    const [answer] = JSON.parse(this.ctl('endpoint', 'hashkv', '-wjson', `--rev=${revision}`))
    return answer.HashKV
  }

  save(path: string): void {
    this.ctl('snapshot', 'save', path)
  }

  ctl(...args: string[]): string {
    const user = this.token === '' ? [] : ['--user=root:sesame']
    return etcdctl(`--endpoints=${this.url}`, ...user, ...args)
  }

  stop(): Promise<void> {
    return new Promise(resolve => {
      this.#child.once('exit', () => resolve())
      this.#child.kill('SIGTERM')
    })
  }
}

/** Key, value and numbers of a version, in a form that compares well. */
type Plain = readonly [key: string, value: string, create: number, mod: number, version: number]

// biome-ignore lint/suspicious/noExplicitAny: an answer of the JSON gateway
function plainOfJson(kv: any): Plain {
  const bytes = (text = '') => Buffer.from(text, 'base64')
  const numbers = [kv.create_revision, kv.mod_revision, kv.version].map(Number)
  const [create, mod, version] = numbers as [number, number, number]
  return [bytes(kv.key).toString('latin1'), short(bytes(kv.value)), create, mod, version]
}

function plainOf({ key, value, createRevision, modRevision, version }: KeyValue): Plain {
  return [key, short(Buffer.from(value)), createRevision, modRevision, version]
}

/** Long values by length and both ends, so that a failure can be read. */
function short(value: Buffer): string {
  if (value.length < 400) return value.toString('hex')
  const ends = value.toString('hex', 0, 16) + value.toString('hex', value.length - 16)
  return `${value.length}:${ends}:${value.reduce((sum, byte) => (sum * 31 + byte) | 0, 0)}`
}

interface Urls {
  readonly client: string
  readonly peer: string
}

async function freeUrls(): Promise<Urls> {
  const url = async () => `http://127.0.0.1:${await freePort()}`
  return { client: await url(), peer: await url() }
}

async function start(data: string, { client, peer }: Urls): Promise<Etcd> {
  const args = ['--name=m', `--data-dir=${data}`, `--listen-client-urls=${client}`]
  args.push(`--advertise-client-urls=${client}`, `--listen-peer-urls=${peer}`)
  args.push(`--initial-advertise-peer-urls=${peer}`, `--initial-cluster=m=${peer}`)
  const child = spawnTethered('etcd', [...args, '--logger=zap', '--log-level=error'], {
    stdio: 'ignore',
  })
  running.push(child)
  await until('etcd is healthy', async () => (await fetch(`${client}/health`)).ok, 20_000)
  return new Etcd(client, child)
}

/** `etcdctl snapshot restore`, then an etcd on it. */
async function restore(snapshot: string, name: string): Promise<Etcd> {
  const urls = await freeUrls()
  const data = join(folder, name)
  const cluster = [`--initial-advertise-peer-urls=${urls.peer}`, `--initial-cluster=m=${urls.peer}`]
  etcdctl('snapshot', 'restore', snapshot, `--data-dir=${data}`, '--name=m', ...cluster)
  return start(data, urls)
}

function status(path: string): { revision: number; totalKey: number; totalSize: number } {
  return JSON.parse(etcdctl('snapshot', 'status', path, '-wjson'))
}

function hashOf(frozen: Pick<FrozenStore, 'rows' | 'revision' | 'compactRevision'>, at?: number) {
  const { revision, compactRevision } = frozen
  return hashKvOf(() => frozen.rows(), { revision: at ?? revision, compactRevision })
}

/** Some revisions between the compaction and the present, both ends among them. */
function sample(from: number, to: number, count: number): number[] {
  const first = Math.max(from, 2)
  const step = Math.max(1, Math.floor((to - first) / count))
  const some = [to]
  for (let at = first; at < to; at += step) some.push(at)
  return some
}

const members: FrozenStore['members'] = [
  {
    id: '00c0ffee00000001',
    name: 'peer-1',
    peerId: '12D3KooW',
    peerUrls: ['https://127.0.0.1:7001'],
    clientUrls: ['https://127.0.0.1:2379'],
    isLearner: false,
  },
]

describe.skipIf(missing.length > 0)('our snapshot, a real etcd', () => {
  const model = new Model()
  let etcd: Etcd
  const path = join(folder, 'ours.db')
  const auth = authView(
    true,
    [
      { name: 'root', passwordHash: sesame, noPassword: false, roles: ['root'] },
      { name: 'ann', passwordHash: sesame, noPassword: false, roles: ['writer', 'reader'] },
    ],
    [
      { name: 'root', permissions: [] },
      { name: 'reader', permissions: [{ type: 'READ', key: '', rangeEnd: '\0' }] },
      { name: 'writer', permissions: [{ type: 'READWRITE', key: '/k/', rangeEnd: '/k0' }] },
    ],
  )

  test('etcdctl snapshot status takes it, and counts right', async () => {
    const prng = createPrng(42)
    randomWorkload(model, prng, 3000, 4000)
    model.leases = [{ id: 77, ttlSeconds: 5000 }]
    model.txn([
      { key: 'leased', value: Buffer.from('x'), lease: 77 },
      { key: 'large', value: Buffer.alloc(1 << 20, 'large') },
      { key: 'empty', value: Buffer.alloc(0) },
    ])
    // A tombstone at the compaction itself: we keep it, 3.4 would have removed it.
    model.txn([{ key: 'large' }])
    model.compact(model.revision)
    model.txn([{ key: 'large', value: Buffer.alloc(1 << 20, 'large') }])
    randomWorkload(model, prng, 1500, 4000)
    model.txn([{ key: 'larger', value: Buffer.alloc(1_500_000, 1) }])
    const frozen = model.frozen({ members, auth })
    await saveSnapshot(frozen, path)
    const small = 1 + 3 + 1 + 1 + 2 + 2 + 3
    expect(status(path)).toMatchObject({
      revision: model.revision,
      totalKey: model.rows.length + small,
    })
  })

  test('an etcd on it serves every key at every revision', async () => {
    etcd = await restore(path, 'ours')
    const { token } = await etcd.call('auth/authenticate', { name: 'root', password: 'sesame' })
    etcd.token = token
    for (const revision of sample(model.compactRevision, model.revision, 12)) {
      expect(await etcd.all(revision)).toEqual(model.at(revision).map(plainOf))
    }
    await expect(etcd.all(model.compactRevision - 1)).rejects.toThrow('compacted')
    await expect(etcd.all(model.revision + 1)).rejects.toThrow('future')
  }, 60_000)

  test('its HashKV is ours', async () => {
    expect(etcd.hashKv().compact_revision).toBe(model.compactRevision)
    for (const revision of sample(model.compactRevision + 1, model.revision, 5)) {
      const ours = await hashOf(model.frozen(), revision)
      expect(etcd.hashKv(revision).hash, `at ${revision}`).toBe(ours)
    }
  })

  test('leases, users, roles and permissions are there', async () => {
    const lease = await etcd.call('kv/lease/timetolive', { ID: '77', keys: true })
    expect(lease).toMatchObject({ ID: '77', grantedTTL: '5000', keys: [btoa('leased')] })
    expect((await etcd.call('auth/user/get', { name: 'ann' })).roles).toEqual(['reader', 'writer'])
    const role = await etcd.call('auth/role/get', { role: 'writer' })
    expect(role.perm).toEqual([{ permType: 'READWRITE', key: btoa('/k/'), range_end: btoa('/k0') }])
    const ann = new Etcd(etcd.url, running[0]!)
    ann.token = (await etcd.call('auth/authenticate', { name: 'ann', password: 'sesame' })).token
    await ann.call('kv/put', { key: btoa('/k/ann'), value: btoa('1') })
    await expect(ann.call('kv/put', { key: btoa('other'), value: '' })).rejects.toThrow('denied')
  })

  test('it goes on: writes, a compaction, and a snapshot that we read', async () => {
    const { header } = await etcd.call('kv/put', { key: btoa('more'), value: btoa('1') })
    expect(Number(header.revision)).toBe(model.revision + 2)
    await etcd.call('kv/compaction', { revision: header.revision, physical: true })
    const saved = join(folder, 'ours-again.db')
    etcd.save(saved)
    const { hash } = etcd.hashKv()
    const snapshot = await readEtcdSnapshot(saved)
    expect(snapshot.revision).toBe(model.revision + 2)
    expect(await snapshot.hashKv()).toBe(hash)
    expect(snapshot.auth.users.map(user => user.name)).toEqual(['ann', 'root'])
    await snapshot.close()
    await etcd.stop()
  })
})

describe.skipIf(missing.length > 0)('the snapshot of a real etcd, us', () => {
  const path = join(folder, 'theirs.db')
  const prng = createPrng(7)
  let etcd: Etcd
  let snapshot: EtcdSnapshot
  let rows: RevisionRow[]

  test('a random workload, saved by etcdctl', async () => {
    etcd = await start(join(folder, 'theirs'), await freeUrls())
    await etcd.call('lease/grant', { ID: '77', TTL: '5000' })
    for (let txn = 0; txn < 600; txn++) {
      await etcd.call('kv/txn', { success: randomOps() })
      if (txn === 300) await compactAt(250)
    }
    await etcd.call('kv/put', { key: btoa('leased'), value: '', lease: '77' })
    etcd.save(path)
    snapshot = await readEtcdSnapshot(path)
    rows = await collect(snapshot.rows())
    expect(rows).toHaveLength(snapshot.rowCount)
  }, 60_000)

  test('what we read is what it serves, at every revision', async () => {
    expect(snapshot.compactRevision).toBe(250)
    const model = new Model()
    model.rows = rows
    for (const revision of sample(250, snapshot.revision, 40)) {
      expect(model.at(revision).map(plainOf)).toEqual(await etcd.all(revision))
    }
    expect(snapshot).toMatchObject({
      clusterVersion: '3.4.0',
      renamedLeases: [],
      removedMembers: [],
    })
    expect(snapshot.leases).toEqual([{ id: 77, ttlSeconds: 5000 }])
    expect(snapshot.members).toMatchObject([
      { name: 'm', clientUrls: [etcd.url], isLearner: false },
    ])
  }, 30_000)

  test('HashKV is the same, from the file and from our rows', async () => {
    for (const revision of sample(251, snapshot.revision, 6)) {
      const { hash } = etcd.hashKv(revision)
      expect(await snapshot.hashKv(revision), `at ${revision}`).toBe(hash)
      expect(await hashOf(frozenOf(), revision)).toBe(hash)
    }
  })

  test('written again by us, etcd takes it and has the same hash', async () => {
    const again = join(folder, 'theirs-again.db')
    await saveSnapshot(frozenOf(), again)
    expect(status(again).revision).toBe(snapshot.revision)
    const second = await restore(again, 'theirs-again')
    expect(await second.all(0)).toEqual(await etcd.all(0))
    expect(second.hashKv().hash).toBe(etcd.hashKv().hash)
    await second.stop()
  }, 30_000)

  test('leases of 63 bits get IDs of ours, and the hash is still that of etcd', async () => {
    await snapshot.close()
    const wide = [2n ** 62n + 77n, 2n ** 53n + 77n, 2n ** 60n + 5n].map(String)
    for (const ID of wide) await etcd.call('lease/grant', { ID, TTL: '900' })
    for (const lease of wide) await etcd.call('kv/put', { key: btoa(`wide-${lease}`), lease })
    etcd.save(join(folder, 'wide.db'))
    const read = await readEtcdSnapshot(join(folder, 'wide.db'))
    expect(read.renamedLeases).toEqual([
      { from: (2n ** 53n + 77n).toString(16), to: 78 },
      { from: (2n ** 60n + 5n).toString(16), to: 5 },
      { from: (2n ** 62n + 77n).toString(16), to: 79 },
    ])
    expect(read.leases.map(lease => lease.id).sort((a, b) => a - b)).toEqual([5, 77, 78, 79])
    const leased = (await collect(read.rows())).slice(-3)
    expect(leased.map(row => row.kv.lease)).toEqual([79, 78, 5])
    expect(await read.hashKv()).toBe(etcd.hashKv().hash)
    await read.close()
  })

  test("a member's own database is read when told", async () => {
    await etcd.call('kv/compaction', { revision: String(snapshot.revision - 100) })
    const { hash } = etcd.hashKv()
    await etcd.stop()
    const own = join(folder, 'theirs', 'member', 'snap', 'db')
    await expect(readEtcdSnapshot(own)).rejects.toThrow('there is no hash at its end')
    const read = await readEtcdSnapshot(own, { skipHashCheck: true })
    expect(read.compactRevision).toBe(snapshot.revision - 100)
    expect(await read.hashKv()).toBe(hash)
    await read.close()
  })

  test('a store without a key hashes what a compaction left', async () => {
    const empty = await start(join(folder, 'emptied'), await freeUrls())
    for (const key of ['a', 'b']) await empty.call('kv/put', { key: btoa(key), value: btoa('1') })
    await empty.call('kv/deleterange', { key: btoa('a') })
    await empty.call('kv/compaction', { revision: '3', physical: true })
    await empty.call('kv/deleterange', { key: btoa('b') })
    empty.save(join(folder, 'emptied.db'))
    const read = await readEtcdSnapshot(join(folder, 'emptied.db'))
    for (const revision of [4, 5]) {
      expect(await read.hashKv(revision)).toBe(empty.hashKv(revision).hash)
    }
    await read.close()
    await empty.stop()
  })

  function frozenOf(): FrozenStore {
    const model = new Model()
    model.rows = rows
    const { revision, compactRevision, leases, members } = snapshot
    return model.frozen({ revision, compactRevision, leases, members })
  }

  async function compactAt(revision: number): Promise<void> {
    await etcd.call('kv/compaction', { revision: String(revision), physical: true })
  }

  function randomOps(): object[] {
    const keys = new Set(Array.from({ length: 1 + prng.below(5) }, () => `k${prng.below(120)}`))
    return [...keys].map(key =>
      prng.below(4) === 0
        ? { requestDeleteRange: { key: btoa(key) } }
        : { requestPut: { key: btoa(key), value: btoa('v'.repeat(prng.below(3000))) } },
    )
  }
})
