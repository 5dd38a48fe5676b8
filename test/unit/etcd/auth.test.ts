import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { readToken, signToken, type TokenKey, tokenTtlMs } from '../../../src/etcd/auth/token.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { runAtOnce } from '../../../src/kernel/long-work.ts'
import { refusalSteps } from '../../../src/store/auth/admit.ts'
import * as auth from '../../../src/store/etcd/rpc/auth.ts'
import * as kv from '../../../src/store/etcd/rpc/kv.ts'
import * as lease from '../../../src/store/etcd/rpc/lease.ts'
import { watchRequest, watchResponse } from '../../../src/store/etcd/rpc/watch.ts'
import { createPki, quickHasher, startServer, type TestPki, type TestServer } from './etcdctl.ts'
import { GrpcClient } from './grpc-client.ts'

/** Who may do what, once authentication is on: tokens, and names in certificates. */
let pki: TestPki
let asRoot: GrpcClient
let asAlice: GrpcClient
let asNobody: GrpcClient
let tested: TestServer
let now = 0
const flags: Record<string, string[]> = {}

beforeAll(async () => {
  pki = await createPki()
  for (const user of ['root', 'alice', 'nobody']) flags[user] = await pki.client(user)
}, 60_000)
beforeEach(async () => {
  now = 0
  const clock = { ...systemClock, wall: () => systemClock.wall() + now }
  tested = await startServer(pki, { clock })
  const clients = ['root', 'alice', 'nobody'].map(
    user => new GrpcClient(tested.endpoint, flags[user]!),
  )
  ;[asRoot, asAlice, asNobody] = clients as [GrpcClient, GrpcClient, GrpcClient]
  const { store } = tested
  const passwordHash = await quickHasher.hash('pw')
  for (const name of ['root', 'alice']) {
    await store.authChange({ type: 'user-add', name, passwordHash, noPassword: false })
  }
  await store.authChange({ type: 'role-add', name: 'own' })
  const permission = { type: 'READWRITE', key: 'a/', rangeEnd: 'a0' } as const
  await store.authChange({ type: 'role-grant', name: 'own', permission })
  await store.authChange({ type: 'user-grant', name: 'alice', role: 'own' })
  await store.authChange({ type: 'user-grant', name: 'root', role: 'root' })
  await store.authChange({ type: 'auth-enable', tokenSecret: '0123456789abcdef' })
})
afterEach(async () => {
  for (const client of [asRoot, asAlice, asNobody]) client?.close()
  await tested?.server.stop()
})
afterAll(() => pki?.remove())

const types = {
  put: [kv.putRequest, kv.putResponse],
  range: [kv.rangeRequest, kv.rangeResponse],
  authenticate: [auth.authenticateRequest, auth.authenticateResponse],
  users: [auth.emptyRequest, auth.namesResponse],
  roleAdd: [auth.roleAddRequest, auth.headerResponse],
  revoke: [lease.leaseRevokeRequest, lease.leaseRevokeResponse],
  ttl: [lease.leaseTimeToLiveRequest, lease.leaseTimeToLiveResponse],
} as const

const denied = { code: 7, message: 'etcdserver: permission denied' }
const badToken = { code: 16, message: 'etcdserver: invalid auth token' }
const tokenOf = async (name: string) =>
  (await asNobody.call('Auth/Authenticate', types.authenticate, { name, password: 'pw' })).token
const get = (client: GrpcClient, key: string, headers?: Record<string, string>) =>
  client.call('KV/Range', types.range, { key }, headers)

test('a certificate is enough', async () => {
  await asAlice.call('KV/Put', types.put, { key: 'a/1' })
  await expect(get(asAlice, 'b')).rejects.toEqual(denied)
  await expect(get(asNobody, 'a/1')).rejects.toEqual(denied)
  await get(asRoot, 'b')
})

test('a token counts before the certificate, as `token` or as `authorization`', async () => {
  const token = await tokenOf('alice')
  await get(asNobody, 'a/1', { token })
  await get(asNobody, 'a/1', { authorization: `Bearer ${token}` })
  await expect(get(asRoot, 'b', { token })).rejects.toEqual(denied)
})

test('a token that is forged or expired is invalid', async () => {
  const token = await tokenOf('alice')
  const [body] = token.split('.')
  const forged = signToken({ user: 'root', expiresAt: 2 ** 50 }, keyOf('ff'))
  for (const bad of ['', 'x', `${body}.`, `${body}.AAAA`, `${token}.x`, forged]) {
    await expect(get(asAlice, 'a/1', { token: bad }), bad).rejects.toEqual(badToken)
  }
  await get(asAlice, 'a/1', { token })
  now = tokenTtlMs + 1
  await expect(get(asAlice, 'a/1', { token })).rejects.toEqual(badToken)
  const fresh = await tokenOf('alice')
  await get(asAlice, 'a/1', { token: fresh })
  await asRoot.call('Auth/RoleAdd', types.roleAdd, { name: 'more' })
  await get(asAlice, 'a/1', { token: fresh })
})

test('a token ends with the password it was given for, and with its user', async () => {
  const { store } = tested
  const ofAlice = await tokenOf('alice')
  const ofRoot = await tokenOf('root')
  const passwordHash = await quickHasher.hash('other')
  await store.authChange({ type: 'user-password', name: 'alice', passwordHash })
  await expect(get(asAlice, 'a/1', { token: ofAlice })).rejects.toEqual(badToken)
  await get(asAlice, 'a/1', { token: ofRoot })
  await store.authChange({ type: 'user-delete', name: 'alice' })
  await expect(get(asRoot, 'a/1', { token: ofAlice })).rejects.toEqual(badToken)
})

test('users change while a call is on its way: it is admitted again by what holds now', async () => {
  const { store } = tested
  const txn = store.txn.bind(store)
  const revoke = { type: 'user-revoke', name: 'alice', role: 'own' } as const
  const changes = [{ type: 'role-add', name: 'more' } as const, revoke]
  let calls = 0
  store.txn = async (request, options) => {
    calls++
    const change = changes.shift()
    if (change !== undefined) await store.authChange(change)
    return txn(request, options)
  }
  await expect(asAlice.call('KV/Put', types.put, { key: 'a/1' })).rejects.toEqual(denied)
  expect(calls).toBe(3)
})

test('authentication comes on while a call is on its way: the call is refused', async () => {
  const { store } = tested
  const enable = { type: 'auth-enable', tokenSecret: 'ab' } as const
  const { txn, range } = { txn: store.txn.bind(store), range: store.range.bind(store) }
  store.txn = async (request, options) => {
    await store.authChange(enable)
    return txn(request, options)
  }
  store.range = async op => {
    await store.authChange(enable)
    return range(op)
  }
  await store.authChange({ type: 'auth-disable' })
  const put = asNobody.call('KV/Put', types.put, { key: 'a/1', value: Buffer.from('1') })
  await expect(put).rejects.toEqual(denied)
  await store.authChange({ type: 'auth-disable' })
  await expect(get(asNobody, 'a/1')).rejects.toEqual(denied)
  expect((await get(asRoot, 'a/1')).kvs).toEqual([])
})

test('a wrong password, an unknown user', async () => {
  const message = 'etcdserver: authentication failed, invalid user ID or password'
  for (const name of ['alice', 'ghost']) {
    const call = asNobody.call('Auth/Authenticate', types.authenticate, { name, password: 'no' })
    await expect(call).rejects.toEqual({ code: 3, message })
  }
})

test('users are for root', async () => {
  await expect(asAlice.call('Auth/UserList', types.users, {})).rejects.toEqual(denied)
  const { names } = await asRoot.call('Auth/UserList', types.users, {})
  expect(names).toEqual(['alice', 'root'])
  for (const path of ['Maintenance/Defragment', 'Maintenance/HashKV', 'Cluster/MemberAdd']) {
    await expect(asAlice.raw(path, Buffer.alloc(0)), path).rejects.toEqual(denied)
  }
})

test('a watch is checked when it is made', async () => {
  const stream = asAlice.stream('Watch/Watch')
  stream.send(watchRequest.encode({ createRequest: { key: 'b' } }))
  stream.send(watchRequest.encode({ createRequest: { key: 'a/', rangeEnd: 'a0' } }))
  expect(await stream.message(0, watchResponse)).toMatchObject({
    ...{ watchId: -1, created: true, canceled: true },
    cancelReason: 'rpc error: code = PermissionDenied desc = etcdserver: permission denied',
  })
  expect(await stream.message(1, watchResponse)).toMatchObject({ watchId: 0, canceled: false })
})

test('a lease with the keys of others is not to be revoked, nor are its keys told', async () => {
  await tested.store.leaseGrant(60, 5)
  await asRoot.call('KV/Put', types.put, { key: 'b', lease: 5 })
  const revoke = asAlice.call('Lease/LeaseRevoke', types.revoke, { id: 5 })
  await expect(revoke).rejects.toEqual(denied)
  const keys = asAlice.call('Lease/LeaseTimeToLive', types.ttl, { id: 5, keys: true })
  await expect(keys).rejects.toEqual(denied)
  await asAlice.call('Lease/LeaseTimeToLive', types.ttl, { id: 5 })
  await asRoot.call('Lease/LeaseRevoke', types.revoke, { id: 5 })
})

test('a token is its claims, signed', () => {
  const claims = { user: 'ünïcode', expiresAt: 1_000 }
  const token = signToken(claims, keyOf('aabb'))
  expect(readToken(token, keyOf('aabb'), 999)).toEqual(claims)
  expect(readToken(token, keyOf('aabb'), 1_000)).toBe(undefined)
  expect(readToken(token, keyOf('aabc'), 999)).toBe(undefined)
  expect(readToken(token, keyOf('aabb', 'other'), 999)).toBe(undefined)
  expect(readToken(token, keyOf('aabb', ''), 999)).toBe(undefined)
  expect(readToken(token, keyOf(''), 999)).toBe(undefined)
  for (const row of ['{', '[]', '[1,2]', '["a","b"]', '["a",1,2]', '{"user":"a"}']) {
    const body = Buffer.from(row).toString('base64url')
    expect(readToken(`${body}.AAAA`, keyOf('aabb'), 0), row).toBe(undefined)
  }
})

function keyOf(secret: string, passwordHash = 'hash'): TokenKey {
  return { secret, passwordHash: () => passwordHash }
}

describe('a member that has not applied the last change of users', () => {
  /** The next confirmed read catches up. */
  const lag = (...actions: Parameters<typeof tested.store.authChange>[0][]) => {
    tested.store.readIndex = async () => {
      for (const action of actions.splice(0)) tested.store.auth.apply(action)
      return { ok: true as const, revision: tested.store.mvcc.revision }
    }
  }

  test('does not refuse what may be done by now', async () => {
    await expect(asNobody.call('Auth/RoleAdd', types.roleAdd, { name: 'r' })).rejects.toEqual({
      ...{ code: 9, message: 'etcdserver: user name not found' },
    })
    lag({ type: 'auth-disable' })
    await asNobody.call('Auth/RoleAdd', types.roleAdd, { name: 'r' })
    expect(tested.store.auth.role('r')).toBeDefined()
  })

  test('makes the watch that may be made by now', async () => {
    lag({ type: 'auth-disable' })
    const stream = asNobody.stream('Watch/Watch')
    stream.send(watchRequest.encode({ createRequest: { key: 'b' } }))
    expect(await stream.message(0, watchResponse)).toMatchObject({ created: true, canceled: false })
    stream.end()
  })

  test('renews what may be renewed by now', async () => {
    await tested.store.leaseGrant(100, 77)
    await tested.store.txn({
      ...{ compares: [], failure: [] },
      success: [{ type: 'put', key: 'b', value: Buffer.of(), lease: 77 }],
    })
    const renew = async () => {
      const stream = asAlice.stream('Lease/LeaseKeepAlive')
      stream.send(lease.leaseKeepAliveRequest.encode({ id: 77 }))
      stream.end()
      return stream.status()
    }
    expect(await renew()).toEqual(denied)
    const permission = { type: 'WRITE', key: 'b' } as const
    lag({ type: 'role-grant', name: 'own', permission })
    expect((await renew()).code).toBe(0)
  })
})

describe('what was open to anybody in etcd before 3.6.9', () => {
  test('compacting is for administrators, wherever it was admitted', async () => {
    await asAlice.call('KV/Put', types.put, { key: 'a/1' })
    const compact = [kv.compactionRequest, kv.compactionResponse] as const
    await expect(asAlice.call('KV/Compact', compact, { revision: 2 })).rejects.toEqual(denied)
    await asRoot.call('KV/Compact', compact, { revision: 2 })
    const caller = { user: 'alice', authRevision: tested.store.auth.revision }
    const action = { type: 'compact', revision: 2 } as const
    expect(runAtOnce(refusalSteps(tested.store.auth, caller, action, () => []))).toBe(
      denied.message,
    )
  })

  test('members, alarms and status are told to those who have a name', async () => {
    const unnamed = new GrpcClient(tested.endpoint, await pki.client(''))
    try {
      for (const path of ['Cluster/MemberList', 'Maintenance/Alarm', 'Maintenance/Status']) {
        await expect(unnamed.raw(path, Buffer.of())).rejects.toEqual({
          ...{ code: 3, message: 'etcdserver: user name is empty' },
        })
        await asAlice.raw(path, Buffer.of())
      }
    } finally {
      unnamed.close()
    }
  })

  test('a lease is renewed and listed by those who may write and read its keys', async () => {
    await tested.store.leaseGrant(100, 78)
    await tested.store.txn({
      ...{ compares: [], failure: [] },
      success: [{ type: 'put', key: 'b', value: Buffer.of(), lease: 78 }],
    })
    await expect(asAlice.raw('Lease/LeaseLeases', Buffer.of())).rejects.toEqual(denied)
    await asRoot.raw('Lease/LeaseLeases', Buffer.of())
  })

  test('the branch that is not taken is asked too, when there is one read only', async () => {
    await asAlice.call('KV/Put', types.put, { key: 'a/1' })
    const txn = [kv.txnRequest, kv.txnResponse] as const
    const success = [{ requestRange: { key: 'a/1' } }]
    await asAlice.call('KV/Txn', txn, { success })
    const failure = [{ requestRange: { key: 'b' } }]
    await expect(asAlice.call('KV/Txn', txn, { success, failure })).rejects.toEqual(denied)
  })
})
