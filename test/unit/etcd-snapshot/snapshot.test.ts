import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { smallBucket } from '../../../src/etcd/bolt/source.ts'
import { readEtcdSnapshot } from '../../../src/etcd/snapshot/read.ts'
import { keyBucket } from '../../../src/etcd/snapshot/rows.ts'
import { writeEtcdSnapshot } from '../../../src/etcd/snapshot/write.ts'
import { createPrng } from '../../../src/kernel/prng.ts'
import { hashKvOf } from '../../../src/mvcc/hashkv.ts'
import type { BackendRow } from '../../../src/mvcc/kvproto.ts'
import type { RevisionRow } from '../../../src/mvcc/types.ts'
import type { FrozenStore } from '../../../src/store/embedded-types.ts'
import { boltBytes, putFile, temporaryFolder } from '../etcd-bolt/support.ts'
import { authView, collect, Model, randomWorkload, saveSnapshot } from './model.ts'

const folder = temporaryFolder()
afterAll(folder.remove)
let files = 0
const newPath = () => join(folder.path, `snapshot-${files++}.db`)

const plain = (rows: readonly RevisionRow[]) =>
  rows.map(row => ({ ...row, kv: { ...row.kv, value: Buffer.from(row.kv.value).toString('hex') } }))

const cluster: Partial<FrozenStore> = {
  leases: [
    { id: 5, ttlSeconds: 60 },
    { id: Number.MAX_SAFE_INTEGER, ttlSeconds: 9_000_000_000 },
  ],
  members: [
    {
      id: '00000000c0ffee01',
      name: 'peer-1',
      peerId: '12D3KooW',
      peerUrls: ['https://127.0.0.1:7001'],
      clientUrls: ['https://127.0.0.1:2379', 'https://localhost:2379'],
      isLearner: false,
    },
    {
      id: 'fedcba9876543210',
      name: '',
      peerId: '',
      peerUrls: ['https://[::1]:7002'],
      clientUrls: [],
      isLearner: true,
    },
  ],
  alarms: [
    { memberId: 'fedcba9876543210', alarm: 'NOSPACE' },
    { memberId: '00000000c0ffee01', alarm: 'CORRUPT' },
  ],
  auth: authView(
    true,
    [
      { name: 'root', passwordHash: '$2a$10$x', noPassword: false, roles: ['root'] },
      { name: 'zoë', passwordHash: '', noPassword: true, roles: [] },
    ],
    [
      { name: 'all', permissions: [{ type: 'READ', key: '\0', rangeEnd: '\0' }] },
      {
        name: 'some',
        permissions: [
          { type: 'READWRITE', key: 'a' },
          { type: 'WRITE', key: '\xfe\xff', rangeEnd: '\xff' },
        ],
      },
    ],
  ),
}

describe('what is written is read', () => {
  test('an empty store', async () => {
    const path = newPath()
    await saveSnapshot(new Model().frozen(), path)
    const read = await readEtcdSnapshot(path)
    expect(read).toMatchObject({ revision: 1, compactRevision: 0, rowCount: 0, members: [] })
    expect(await collect(read.rows())).toEqual([])
    await read.close()
  })

  test.each([1, 2, 3])('seed %i: rows, and everything around them', async seed => {
    const model = new Model()
    const prng = createPrng(seed)
    randomWorkload(model, prng, 1500, 500)
    model.txn([{ key: 'leased', value: Buffer.from('x'), lease: Number.MAX_SAFE_INTEGER }])
    if (seed > 1) model.compact(700)
    if (seed > 2) model.txn([{ key: 'huge', value: Buffer.alloc(3 << 20, 1) }])
    const frozen = model.frozen(cluster)
    const path = newPath()
    await saveSnapshot(frozen, path)
    const read = await readEtcdSnapshot(path)
    expect(plain(await collect(read.rows()))).toEqual(plain(model.rows))
    const { revision, compactRevision } = model
    expect(read).toMatchObject({ revision, compactRevision, rowCount: model.rows.length })
    expect(read).toMatchObject({ appliedIndex: frozen.appliedIndex, clusterVersion: '3.4.0' })
    expect(read.leases).toEqual(cluster.leases)
    expect(read.members).toEqual(cluster.members)
    expect(read.alarms).toHaveLength(2)
    expect(read.alarms).toEqual(expect.arrayContaining([...cluster.alarms!]))
    const { auth } = frozen
    const wanted = { enabled: true, revision: 7, users: auth.users(), roles: auth.roles() }
    expect(read.auth).toEqual(wanted)
    expect(await read.hashKv()).toBe(await hashKvOf(frozen.rows, { revision, compactRevision }))
    await read.close()
  })

  test('chunks are bounded, sizes promised, and the hash is the last chunk', async () => {
    const model = new Model()
    model.txn([{ key: 'a', value: Buffer.alloc(5 << 20) }])
    const stream = await writeEtcdSnapshot(model.frozen())
    const chunks: Uint8Array[] = []
    for await (const chunk of stream.chunks) chunks.push(chunk)
    expect(Math.max(...chunks.map(chunk => chunk.length))).toBeLessThanOrEqual(256 * 1024)
    const database = Buffer.concat(chunks.slice(0, -1))
    expect(database.length).toBe(stream.databaseBytes)
    expect(createHash('sha256').update(database).digest().equals(chunks.at(-1)!)).toBe(true)
  })
})

describe('files of a real etcd', () => {
  const uint64 = (value: number) => Buffer.from(value.toString(16).padStart(16, '0'), 'hex')
  const revisionOf = (main: number) => Buffer.concat([uint64(main), Buffer.from('_'), uint64(0)])
  const source = (rows: readonly BackendRow[]) =>
    keyBucket(async function* () {
      yield rows
    })

  test('a compaction that was ordered and not done', async () => {
    const model = new Model()
    randomWorkload(model, createPrng(11), 400, 50)
    const meta = [
      { key: Buffer.from('finishedCompactRev'), value: revisionOf(10) },
      { key: Buffer.from('scheduledCompactRev'), value: revisionOf(300) },
    ]
    const bytes = await boltBytes([source(model.rows), smallBucket('meta', meta)])
    const read = await readEtcdSnapshot(putFile(folder.path, 'pending', bytes), {
      skipHashCheck: true,
    })
    model.compact(300)
    expect(read).toMatchObject({ compactRevision: 300, rowCount: model.rows.length })
    expect(plain(await collect(read.rows()))).toEqual(plain(model.rows))
    await read.close()
  })

  test('leases of 64 bits: no two become one, and the same file gives the same IDs', async () => {
    const ids = [2n ** 63n - 1n, 2n ** 53n + 5n, 2n ** 54n + 5n, -1n, 2n ** 60n]
    const model = new Model()
    for (const key of 'abcde') model.txn([{ key, value: Buffer.from('x'), lease: 5 }])
    const wide: BackendRow[] = model.rows.map((row, at) => ({
      ...row,
      kv: { ...row.kv, lease: ids[at]! },
    }))
    model.txn([{ key: 'f', value: Buffer.from('x'), lease: 5 }])
    const rows = [...wide, model.rows.at(-1)!]
    const bytes = await boltBytes([source(rows), smallBucket('meta', [])])
    const path = putFile(folder.path, 'wide', bytes)
    for (let round = 0; round < 2; round++) {
      const read = await readEtcdSnapshot(path, { skipHashCheck: true })
      const found = (await collect(read.rows())).map(row => row.kv.lease)
      // Ascending: -1, 2^53+5 (5 is taken), 2^54+5, 2^60 (0 is none), 2^63-1 (as -1: taken, and 1).
      expect(found).toEqual([2, 6, 7, 2 ** 53 - 1, 1, 5])
      await read.close()
    }
  })
})

describe('refused', () => {
  async function healthy(): Promise<Buffer> {
    const model = new Model()
    randomWorkload(model, createPrng(4), 800, 300)
    const path = newPath()
    await saveSnapshot(model.frozen(), path)
    return readFileSync(path)
  }
  const refusal = async (name: string, bytes: Uint8Array, skipHashCheck = false) => {
    const path = putFile(folder.path, name, bytes)
    const error = await readEtcdSnapshot(path, { skipHashCheck }).then(
      read => read.close(),
      (thrown: Error) => thrown,
    )
    return error instanceof Error ? `${error.name}: ${error.message}` : 'taken'
  }

  test('a flipped bit, unless told', async () => {
    const bytes = await healthy()
    bytes[bytes.length - 5000]! ^= 4
    expect(await refusal('flipped', bytes)).toMatch(
      /^SnapshotRefusedError: .*flipped: its contents were changed .* sha256 [0-9a-f]{64}, where/,
    )
    bytes[bytes.length - 1]! ^= 1
    bytes[bytes.length - 5000]! ^= 4
    expect(await refusal('hash', bytes)).toContain('its contents were changed')
    expect(await refusal('hash', bytes, true)).toBe('taken')
  })

  test('a damaged page, even when told to skip the hash', async () => {
    const bytes = await healthy()
    bytes[5 * 4096 + 8] = 0x77
    expect(await refusal('page', bytes, true)).toMatch(
      /page: page 5: kind 0x77, where a branch or leaf should be. The file is damaged: copy/,
    )
  })

  test('a file that was cut off', async () => {
    const bytes = await healthy()
    expect(await refusal('cut', bytes.subarray(0, bytes.length - 9000))).toMatch(
      /cut: \d+ bytes, where its \d+ pages take \d+: cut off. Give a whole file/,
    )
    expect(await refusal('trailer', bytes.subarray(0, bytes.length - 7))).toMatch(
      /trailer: \d+ bytes are neither whole pages nor pages and a hash/,
    )
    expect(await refusal('empty', Buffer.alloc(0))).toContain('empty: not a bbolt database')
  })

  test('a database without a hash, unless told', async () => {
    const bytes = await healthy()
    const bare = bytes.subarray(0, bytes.length - 32)
    expect(await refusal('bare', bare)).toContain('no hash at its end')
    expect(await refusal('bare', bare)).toContain('--skip-hash-check')
    expect(await refusal('bare', bare, true)).toBe('taken')
  })

  test('files of something else', async () => {
    expect(await refusal('text', Buffer.from('hello\n'.repeat(5000)))).toContain(
      'not a bbolt database',
    )
    const other = await boltBytes([smallBucket('widgets', [])])
    expect(await refusal('other', other, true)).toContain(
      "a bbolt database, but not etcd's: it has no bucket 'key'",
    )
    const entry = { key: Buffer.from('hello'), value: Buffer.from('world') }
    const strange = await boltBytes([smallBucket('key', [entry]), smallBucket('meta', [])])
    expect(await refusal('strange', strange, true)).toContain('is not a revision')
  })
})
