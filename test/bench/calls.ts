import { must } from '../../src/kernel/assert.ts'
import * as kv from '../../src/store/etcd/rpc/kv.ts'
import * as lease from '../../src/store/etcd/rpc/lease.ts'
import { watchRequest } from '../../src/store/etcd/rpc/watch.ts'
import { leaderOf, statusOf } from './leader.ts'
import type { LeanSession } from './lean/session.ts'
import { leaderSessions } from './store.ts'
import type { System } from './systems.ts'

/** A fifth of the keys of `manyKeyOf`: 200,600 of a million. */
const fifth = { key: 'keys/000', rangeEnd: 'keys/200' } as const
/** A hundredth of them. */
const hundredth = { key: 'keys/300', rangeEnd: 'keys/310' } as const
const leaseKeys = 100_000
const leases = 200_000
const watches = 500
/** Operations of one transaction, and transactions under way: more would only wait, and time out. */
const txnOps = 100
const outstanding = 16

/** Measures one kind of work; see benchKeys. */
export type During = (name: string, work: () => Promise<unknown>) => Promise<void>

/** What clients can ask of a large store that has to touch much of it, one after the other. */
export async function benchCalls(system: System, during: During): Promise<void> {
  const sessions = await leaderSessions(system)
  const [session] = sessions as [LeanSession]
  const range = (more: object) => () => {
    return session.unary('/etcdserverpb.KV/Range', kv.rangeRequest.encode({ ...fifth, ...more }))
  }
  const { revision } = await present(system)
  const sorted = { sortTarget: 3, sortOrder: 2, limit: 10 }
  await during('range of a fifth', range({}))
  await during('ten ranges of a fifth at once', () => {
    return Promise.all(Array.from({ length: 10 }, range({ keysOnly: true })))
  })
  await during('limit 1', range({ limit: 1 }))
  await during('count', range({ countOnly: true }))
  await during('count of the past', range({ countOnly: true, revision: revision - 1 }))
  await during('sorted by revision', range(sorted))
  await during(`${watches} watches from ${watches} revisions`, () => watchPast(system, session))
  const id = await leaseWithKeys(sessions)
  const revoke = lease.leaseRevokeRequest.encode({ id })
  await during(`end of a lease with ${leaseKeys} keys`, () => {
    return session.unary('/etcdserverpb.Lease/LeaseRevoke', revoke)
  })
  await during(`${leases} leases granted`, () => grantMany(sessions))
  await during(`nothing, with ${leases} leases`, () => rest(3_000))
  const remove = kv.deleteRangeRequest.encode(fifth)
  await during('delete range of a fifth', () => {
    return session.unary('/etcdserverpb.KV/DeleteRange', remove)
  })
  for (const each of sessions) each.close()
}

async function present(system: System): Promise<{ readonly revision: number }> {
  const { n } = must(await leaderOf(system.targets), 'a leader')
  return must(await statusOf(system.targets[n]!), 'its status')
}

/** Each from a revision of its own; a last put ends them all. */
async function watchPast(system: System, session: LeanSession): Promise<void> {
  const { revision } = await present(system)
  const mark = 'the last of all'
  const done = Array.from({ length: watches }, (_, at) => {
    const createRequest = { ...hundredth, startRevision: Math.max(2, revision - at * 20) }
    const first = watchRequest.encode({ createRequest } as never)
    return new Promise<void>(resolve => {
      session.stream('/etcdserverpb.Watch/Watch', first, message => {
        if (message.includes(mark)) resolve()
      })
    })
  })
  const last = kv.putRequest.encode({ key: `${hundredth.key}/z`, value: Buffer.from(mark) })
  await session.unary('/etcdserverpb.KV/Put', last)
  await Promise.all(done)
}

async function leaseWithKeys(sessions: readonly LeanSession[]): Promise<number> {
  const id = 7_777
  const grant = lease.leaseGrantRequest.encode({ ttl: 9_000, id })
  await sessions[0]!.unary('/etcdserverpb.Lease/LeaseGrant', grant)
  await inParallel(leaseKeys / txnOps, outstanding, async n => {
    const success = Array.from({ length: txnOps }, (_, at) => {
      const key = `leased/${String((n * txnOps + at) % 991).padStart(3, '0')}/${n * txnOps + at}`
      return { requestPut: { key, lease: id } }
    })
    const request = kv.txnRequest.encode({ compare: [], success })
    await sessions[n % sessions.length]!.unary('/etcdserverpb.KV/Txn', request)
  })
  return id
}

async function grantMany(sessions: readonly LeanSession[]): Promise<void> {
  await inParallel(leases, outstanding * 8, async n => {
    const request = lease.leaseGrantRequest.encode({ ttl: 9_000, id: 1_000_000 + n })
    await sessions[n % sessions.length]!.unary('/etcdserverpb.Lease/LeaseGrant', request)
  })
}

async function inParallel(
  count: number,
  width: number,
  work: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const loop = async () => {
    while (next < count) await work(next++)
  }
  await Promise.all(Array.from({ length: width }, loop))
}

function rest(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms))
}
