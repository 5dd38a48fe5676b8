import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { must } from '../../../src/etcd/context.ts'
import * as cluster from '../../../src/store/etcd/rpc/cluster.ts'
import * as kv from '../../../src/store/etcd/rpc/kv.ts'
import * as lease from '../../../src/store/etcd/rpc/lease.ts'
import * as maintenance from '../../../src/store/etcd/rpc/maintenance.ts'
import { createPki, startServer, type TestPki, type TestServer } from './etcdctl.ts'
import { GrpcClient } from './grpc-client.ts'

/** KV, Lease, Cluster and Maintenance as clients see them; watches and users have their own file. */
let pki: TestPki
let flags: string[]
let tested: TestServer
let client: GrpcClient

beforeAll(async () => {
  pki = await createPki()
  flags = await pki.client('tester')
}, 60_000)
beforeEach(async () => {
  tested = await startServer(pki)
  client = new GrpcClient(tested.endpoint, flags)
})
afterEach(async () => {
  client?.close()
  await tested?.server.stop()
})
afterAll(() => pki?.remove())

const types = {
  put: [kv.putRequest, kv.putResponse],
  range: [kv.rangeRequest, kv.rangeResponse],
  txn: [kv.txnRequest, kv.txnResponse],
  compact: [kv.compactionRequest, kv.compactionResponse],
  grant: [lease.leaseGrantRequest, lease.leaseGrantResponse],
  revoke: [lease.leaseRevokeRequest, lease.leaseRevokeResponse],
  ttl: [lease.leaseTimeToLiveRequest, lease.leaseTimeToLiveResponse],
  list: [cluster.memberListRequest, cluster.membersResponse],
  status: [maintenance.statusRequest, maintenance.statusResponse],
  move: [maintenance.moveLeaderRequest, maintenance.moveLeaderResponse],
  alarm: [maintenance.alarmRequest, maintenance.alarmResponse],
} as const

const put = (key: string, value = '', more: Partial<kv.PutRequest> = {}) =>
  client.call('KV/Put', types.put, { key, value: Buffer.from(value), ...more })
const range = (request: Partial<kv.RangeRequest>) => client.call('KV/Range', types.range, request)

describe('KV', () => {
  test('a header says cluster, member, revision and term', async () => {
    expect((await put('a', '1')).header).toEqual({
      clusterId: 0xcdf818194e3a8c32n,
      memberId: 0x8e9e05c52164694dn,
      revision: 2,
      raftTerm: 2,
    })
  })

  const refused: readonly [string, Partial<kv.PutRequest>, number, string][] = [
    ['no key', {}, 3, 'etcdserver: key is not provided'],
    [
      'a value that is ignored',
      { key: 'a', value: Buffer.of(1), ignoreValue: true },
      3,
      'etcdserver: value is provided',
    ],
    ['a lost lease', { key: 'a', lease: 7 }, 5, 'etcdserver: requested lease not found'],
    [
      'a lease of 63 bits',
      { key: 'a', lease: 2n ** 62n },
      5,
      'etcdserver: requested lease not found',
    ],
    [
      'a value of 1.5 MiB',
      { key: 'a', value: Buffer.alloc(1_600_000) },
      3,
      'etcdserver: request is too large',
    ],
    [
      'a message above 2 MiB',
      { key: 'a', value: Buffer.alloc(2_200_000) },
      8,
      'grpc: received message larger than max (2200008 vs. 2097152)',
    ],
  ]
  test.each(refused)('Put of %s', async (_what, request, code, message) => {
    await expect(client.call('KV/Put', types.put, request)).rejects.toEqual({ code, message })
  })

  test('a malformed message is an invalid argument', async () => {
    await expect(client.raw('KV/Put', Buffer.from([0x0a, 0x7f]))).rejects.toMatchObject({ code: 3 })
  })

  test('a range of revisions, with a limit', async () => {
    for (const key of ['a/1', 'a/2', 'a/3']) await put(key, key)
    const found = await range({ key: 'a/', rangeEnd: 'a0', minModRevision: 3, limit: 1 })
    expect(found).toMatchObject({ count: 3, more: true, kvs: [{ key: 'a/2', modRevision: 3 }] })
  })

  test('a long range is whole, however it is read and sent', async () => {
    const keys = Array.from({ length: 1_700 }, (_, n) => `long/${1_000 + n}`)
    for (let at = 0; at < keys.length; at += 100) {
      const success = keys.slice(at, at + 100).map(key => {
        return { type: 'put' as const, key, value: Buffer.from(key) }
      })
      await must(tested.store.txn({ compares: [], success, failure: [] }))
    }
    const found = await range({ key: 'long/', rangeEnd: 'long0', limit: 1_600 })
    expect(found).toMatchObject({ count: 1_700, more: true, header: { revision: 18 } })
    expect(found.kvs.map(({ key }) => key)).toEqual(keys.slice(0, 1_600))
  })

  test('an unknown order is refused', async () => {
    const message = 'etcdserver: invalid sort option'
    await expect(range({ key: 'a', sortOrder: 9 })).rejects.toEqual({ code: 3, message })
  })

  test('compacted and future revisions are out of range', async () => {
    for (const value of ['1', '2', '3']) await put('a', value)
    await client.call('KV/Compact', types.compact, { revision: 3, physical: true })
    const code = 11
    await expect(range({ key: 'a', revision: 2 })).rejects.toEqual({
      code,
      message: 'etcdserver: mvcc: required revision has been compacted',
    })
    await expect(range({ key: 'a', revision: 99 })).rejects.toMatchObject({ code })
  })

  test('a nested transaction with a range compare and a lease compare', async () => {
    const { id } = await client.call('Lease/LeaseGrant', types.grant, { ttl: 60, id: 77 })
    await put('a/1', 'x', { lease: id })
    await put('a/2', 'x', { lease: id })
    const done = await client.call('KV/Txn', types.txn, {
      compare: [{ key: 'a/', rangeEnd: 'a0', target: 4, result: 0, lease: 77 }],
      success: [
        {
          requestTxn: {
            compare: [{ key: 'no', target: 3, result: 3 }],
            failure: [{ requestPut: { key: 'in' } }],
          },
        },
        { requestRange: { key: 'in' } },
      ],
    })
    expect(done.succeeded).toBe(true)
    expect(done.responses[0]?.responseTxn).toMatchObject({ succeeded: false })
    expect(done.responses[1]?.responseRange).toMatchObject({ count: 1, header: { revision: 4 } })
  })

  test('an operation that is none', async () => {
    const message = 'etcdserver: key not found'
    const call = client.call('KV/Txn', types.txn, { success: [{}] })
    await expect(call).rejects.toEqual({ code: 3, message })
  })
})

describe('Lease', () => {
  test('keep-alive answers in order, with 0 for one that is gone', async () => {
    await client.call('Lease/LeaseGrant', types.grant, { ttl: 60, id: 5 })
    const stream = client.stream('Lease/LeaseKeepAlive')
    for (const id of [5, 6, 5]) stream.send(lease.leaseKeepAliveRequest.encode({ id }))
    stream.end()
    await stream.status()
    const answers = stream.messages.map(bytes => lease.leaseKeepAliveResponse.decode(bytes))
    expect(answers.map(({ id, ttl }) => [id, ttl])).toEqual([
      [5, 60],
      [6, 0],
      [5, 60],
    ])
  })

  test('a lease is known once, and may not last too long', async () => {
    await client.call('Lease/LeaseGrant', types.grant, { ttl: 60, id: 5 })
    const again = client.call('Lease/LeaseGrant', types.grant, { ttl: 60, id: 5 })
    await expect(again).rejects.toEqual({ code: 9, message: 'etcdserver: lease already exists' })
    const long = client.call('Lease/LeaseGrant', types.grant, { ttl: 9_000_000_001 })
    await expect(long).rejects.toEqual({ code: 11, message: 'etcdserver: too large lease TTL' })
  })

  test('time to live says -1 when it is gone, and its keys when asked', async () => {
    await client.call('Lease/LeaseGrant', types.grant, { ttl: 60, id: 5 })
    await put('a', '1', { lease: 5 })
    const time = await client.call('Lease/LeaseTimeToLive', types.ttl, { id: 5, keys: true })
    expect(time).toMatchObject({ ttl: 59, grantedTtl: 60, keys: ['a'] })
    await client.call('Lease/LeaseRevoke', types.revoke, { id: 5 })
    const gone = await client.call('Lease/LeaseTimeToLive', types.ttl, { id: 5 })
    expect(gone).toMatchObject({ ttl: -1, grantedTtl: 0 })
  })
})

describe('Cluster and Maintenance', () => {
  test('a list of members has no revision', async () => {
    const { header, members } = await client.call('Cluster/MemberList', types.list, {})
    expect(header).toMatchObject({ revision: 0, raftTerm: 2 })
    expect(members.map(({ name }) => name)).toEqual(['peer-1', 'peer-2', 'peer-3'])
  })

  test('status says who leads, and its alarms', async () => {
    const raised = { action: 1, memberId: 0x8e9e05c52164694dn, alarm: 1 }
    await client.call('Maintenance/Alarm', types.alarm, raised)
    const status = await client.call('Maintenance/Status', types.status, {})
    expect(status).toMatchObject({
      leader: 0x8e9e05c52164694dn,
      errors: ['memberID:10276657743932975437 alarm:NOSPACE '],
    })
    const message = 'etcdserver: mvcc: database space exceeded'
    await expect(put('a')).rejects.toEqual({ code: 8, message })
  })

  test('only the leader moves leadership, and only to a voter', async () => {
    const nobody = client.call('Maintenance/MoveLeader', types.move, { targetId: 5n })
    await expect(nobody).rejects.toEqual({
      code: 9,
      message: 'etcdserver: bad leader transferee',
    })
    await client.call('Maintenance/MoveLeader', types.move, { targetId: 0x91bc3c398fb3c146n })
    const again = client.call('Maintenance/MoveLeader', types.move, {
      targetId: 0x91bc3c398fb3c146n,
    })
    await expect(again).rejects.toEqual({ code: 9, message: 'etcdserver: not leader' })
  })

  test('who wants a leader is told when there is none', async () => {
    tested.store.lead('')
    const headers = { hasleader: 'true' }
    const call = client.call('KV/Range', types.range, { key: 'a' }, headers)
    await expect(call).rejects.toEqual({ code: 14, message: 'etcdserver: no leader' })
    await expect(range({ key: 'a' })).resolves.toBeDefined()
  })

  test('a learner serves status and serializable reads only', async () => {
    await tested.store.memberUpdate(tested.store.memberId, { isLearner: true })
    await client.call('Maintenance/Status', types.status, {})
    await range({ key: 'a', serializable: true })
    const message = 'etcdserver: rpc not supported for learner'
    await expect(range({ key: 'a' })).rejects.toEqual({ code: 14, message })
  })
})
