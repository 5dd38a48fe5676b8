import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { must } from '../../../src/kernel/assert.ts'
import * as rpc from '../../../src/store/etcd/rpc/concurrency.ts'
import { healthCheckRequest, healthCheckResponse } from '../../../src/store/etcd/rpc/health.ts'
import * as kv from '../../../src/store/etcd/rpc/kv.ts'
import * as lease from '../../../src/store/etcd/rpc/lease.ts'
import { hasEtcd, startRealEtcd } from '../../support/real-etcd.ts'
import { startStoreCluster } from '../../support/store-cluster.ts'
import { createPki } from '../../unit/etcd/etcdctl.ts'
import { GrpcClient, type Status } from '../../unit/etcd/grpc-client.ts'

/**
 * etcd's services for locks, elections and health, which clients such as jetcd call by themselves:
 * the same steps against our store and a real etcd, asking two members in turn.
 */
interface Served {
  readonly clients: readonly [GrpcClient, GrpcClient]
  stop(): Promise<void>
}

describe('locks, elections and health', () => {
  testServices('our store', async () => {
    const pki = await createPki()
    const cluster = await startStoreCluster({ ca: pki.ca.cert, ...pki.server })
    const flags = await pki.client('admin', ['system:masters'])
    return served(cluster.endpoints, flags, async () => {
      await cluster.stop()
      pki.remove()
    })
  })
  if (!hasEtcd()) return
  const startTheirs = async () => {
    const etcd = await startRealEtcd({ tls: true })
    const { ca, cert, key } = must(etcd.tls, 'TLS').files
    return served(etcd.endpoints, ['--cacert', ca, '--cert', cert, '--key', key], () => etcd.stop())
  }
  const version = spawnSync('etcd', ['--version'], { encoding: 'utf8' }).stdout
  testServices('a real etcd', startTheirs, !version.includes('Version: 3.4'))
})

function served(
  endpoints: readonly string[],
  flags: readonly string[],
  stop: () => Promise<void>,
): Served {
  const [first, second] = endpoints.map(endpoint => new GrpcClient(endpoint, flags))
  const clients = [must(first, 'a member'), must(second, 'a member')] as const
  return {
    clients,
    async stop() {
      for (const client of clients) client.close()
      await stop()
    },
  }
}

const types = {
  lock: [rpc.lockRequest, rpc.lockResponse],
  unlock: [rpc.unlockRequest, rpc.unlockResponse],
  campaign: [rpc.campaignRequest, rpc.campaignResponse],
  proclaim: [rpc.proclaimRequest, rpc.proclaimResponse],
  leader: [rpc.leaderRequest, rpc.leaderResponse],
  resign: [rpc.resignRequest, rpc.resignResponse],
  grant: [lease.leaseGrantRequest, lease.leaseGrantResponse],
  revoke: [lease.leaseRevokeRequest, lease.leaseRevokeResponse],
  range: [kv.rangeRequest, kv.rangeResponse],
  health: [healthCheckRequest, healthCheckResponse],
} as const
const electionPath = (name: string) => `/v3electionpb.Election/${name}`
const lockPath = (name: string) => `/v3lockpb.Lock/${name}`
const hex = (id: number | bigint) => id.toString(16)

function testServices(name: string, start: () => Promise<Served>, isLikeOurs = true): void {
  describe(name, () => {
    let on: Served
    beforeAll(async () => {
      on = await start()
    }, 90_000)
    afterAll(() => on?.stop(), 30_000)

    test('a lock is held by one, and goes to who came next', async () => {
      const [one, two] = on.clients
      const [first, second] = [await grantSmall(one), await grantSmall(two)]
      const lock = (client: GrpcClient, id: number) =>
        client.call(lockPath('Lock'), types.lock, { name: 'mutex', lease: id })
      const held = await lock(one, first)
      expect(held.key).toBe(`mutex/${hex(first)}`)
      expect((await lock(one, first)).key).toBe(held.key)
      let isSecond = false
      const waits = lock(two, second).then(answer => {
        isSecond = true
        return answer
      })
      await one.call('KV/Range', types.range, { key: 'mutex' })
      expect(isSecond).toBe(false)
      await one.call(lockPath('Unlock'), types.unlock, { key: held.key })
      expect((await waits).key).toBe(`mutex/${hex(second)}`)
      await two.call(lockPath('Unlock'), types.unlock, { key: `mutex/${hex(second)}` })
    }, 30_000)

    test('without a lease the lock has one of its own', async () => {
      const [one] = on.clients
      const { key } = await one.call(lockPath('Lock'), types.lock, { name: 'own' })
      expect(key).toMatch(/^own\/[0-9a-f]+$/)
      const { kvs } = await one.call('KV/Range', types.range, { key })
      expect(hex(must(kvs[0]?.lease, 'a lease'))).toBe(key.slice(4))
    })

    test('a lease that is not there is refused', async () => {
      const call = on.clients[0].call(lockPath('Lock'), types.lock, { name: 'x', lease: 12345 })
      await expect(call).rejects.toEqual({
        ...{ code: 2, message: 'etcdserver: requested lease not found' },
      })
    })

    test('an election: campaign, proclaim, observe, resign', async () => {
      const [one, two] = on.clients
      const [first, second] = [await grantSmall(one), await grantSmall(two)]
      const campaign = (client: GrpcClient, id: number, value: string) =>
        client.call(electionPath('Campaign'), types.campaign, {
          ...{ name: 'office', lease: id, value: Buffer.from(value) },
        })
      await expect(
        one.call(electionPath('Leader'), types.leader, { name: 'office' }),
      ).rejects.toEqual({ code: 2, message: 'election: no leader' })
      const observer = two.stream(electionPath('Observe'))
      observer.send(rpc.leaderRequest.encode({ name: 'office' }))
      observer.end()
      const won = await campaign(one, first, 'first')
      expect(won.leader).toMatchObject({ name: 'office', key: `office/${hex(first)}` })
      const heard = async (index: number) => {
        const { kv: told } = await observer.message(index, rpc.leaderResponse)
        return Buffer.from(told?.value ?? '').toString()
      }
      expect(await heard(0)).toBe('first')
      const next = campaign(two, second, 'second')
      await one.call(electionPath('Proclaim'), types.proclaim, {
        ...{ leader: must(won.leader, 'a leader'), value: Buffer.from('changed') },
      })
      expect(await heard(1)).toBe('changed')
      const now = await one.call(electionPath('Leader'), types.leader, { name: 'office' })
      expect(Buffer.from(now.kv?.value ?? '').toString()).toBe('changed')
      await isWaiting(one, 'office/', 2)
      await one.call(electionPath('Resign'), types.resign, { leader: won.leader })
      expect((await next).leader?.key).toBe(`office/${hex(second)}`)
      expect(await heard(2)).toBe('second')
      const stale = one.call(electionPath('Proclaim'), types.proclaim, {
        ...{ leader: must(won.leader, 'a leader'), value: Buffer.from('late') },
      })
      await expect(stale).rejects.toEqual({ code: 2, message: 'election: not leader' })
      await expect(one.call(electionPath('Proclaim'), types.proclaim, {})).rejects.toEqual({
        ...{ code: 2, message: '"leader" field must be provided' },
      })
      observer.stream.close()
    }, 30_000)

    test('health', async () => {
      const [one] = on.clients
      const check = (service: string) =>
        one.call('/grpc.health.v1.Health/Check', types.health, { service })
      expect((await check('')).status).toBe(1)
      await expect(check('nothing')).rejects.toEqual({ code: 5, message: 'unknown service' })
      const watch = one.stream('/grpc.health.v1.Health/Watch')
      watch.send(healthCheckRequest.encode({ service: 'nothing' }))
      watch.end()
      expect((await watch.message(0, healthCheckResponse)).status).toBe(3)
      watch.stream.close()
    })

    // etcd 3.4 gives other codes, and does not look whether the session is still there.
    if (!isLikeOurs) return
    test('who stops waiting leaves the row', async () => {
      const [one, two] = on.clients
      const [first, second] = [await grantSmall(one), await grantSmall(two)]
      await one.call(lockPath('Lock'), types.lock, { name: 'left', lease: first })
      const waits = two.stream(lockPath('Lock'), { 'grpc-timeout': '300m' })
      waits.send(rpc.lockRequest.encode({ name: 'left', lease: second }))
      waits.end()
      expect((await waits.status()).code).toBe(4)
      await one.call(lockPath('Unlock'), types.unlock, { key: `left/${hex(first)}` })
      const third = await grantSmall(one)
      await one.call(lockPath('Lock'), types.lock, { name: 'left', lease: third })
    }, 30_000)

    test('a lease that ends while it waits loses its place', async () => {
      const [one, two] = on.clients
      const [first, second] = [await grantSmall(one), await grantSmall(two)]
      await one.call(lockPath('Lock'), types.lock, { name: 'ended', lease: first })
      const waits = two.call(lockPath('Lock'), types.lock, { name: 'ended', lease: second })
      const refusal = waits.then(
        () => undefined,
        (status: Status) => status,
      )
      await isWaiting(one, 'ended/', 2)
      await two.call('Lease/LeaseRevoke', types.revoke, { id: second })
      await one.call(lockPath('Unlock'), types.unlock, { key: `ended/${hex(first)}` })
      expect(await refusal).toEqual({ code: 2, message: 'mutex: session is expired' })
    }, 30_000)
  })
}

/** A lease of a small ID: those of a real etcd do not fit into a number. */
let lastLease = 1_000
async function grantSmall(client: GrpcClient): Promise<number> {
  const id = ++lastLease
  await client.call('Lease/LeaseGrant', types.grant, { id, ttl: 60 })
  return id
}

async function isWaiting(client: GrpcClient, prefix: string, count: number): Promise<void> {
  const rangeEnd = `${prefix.slice(0, -1)}0`
  for (;;) {
    const found = await client.call('KV/Range', types.range, { key: prefix, rangeEnd })
    if (found.count >= count) return
  }
}
