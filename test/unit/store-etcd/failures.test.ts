import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { sleep, systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createPrng } from '../../../src/kernel/prng.ts'
import { createEtcdStore } from '../../../src/store/etcd/driver.ts'
import type { EtcdStore, EtcdStoreOptions } from '../../../src/store/etcd/types.ts'
import type { Leadership } from '../../../src/store/types.ts'
import {
  leadershipOf,
  must,
  newFolder,
  put,
  refusal,
  txnOf,
  Watched,
  write,
} from '../../contract/store-support.ts'
import { type Cuttable, startCuttable } from '../../support/cuttable.ts'
import { freePort } from '../../support/ports.ts'
import { hasEtcd, type RealEtcd, startRealEtcd } from '../../support/real-etcd.ts'
import { until } from '../../support/until.ts'

/** The driver, while connections are cut and members of a real etcd stop. */
let etcd: RealEtcd
let stores: EtcdStore[] = []

async function open(options: Partial<EtcdStoreOptions> = {}): Promise<EtcdStore> {
  const n = stores.length + 1
  const store = createEtcdStore({
    ...{ id: n.toString(16).padStart(16, '0'), endpoints: etcd.endpoints },
    ...{ clock: systemClock, prng: createPrng(n), logger: silentLogger, ...options },
  })
  stores.push(store)
  await store.start()
  return store
}

describe.runIf(hasEtcd())('a driver on a real etcd', () => {
  beforeAll(async () => {
    etcd = await startRealEtcd()
  }, 90_000)
  afterAll(() => etcd?.stop())
  afterEach(async () => {
    for (const store of stores) await store.stop()
    stores = []
  })

  test('a watch outlives cuts of its connection: no gap, nothing twice', testCuts, 60_000)
  test('a dead endpoint is left at once', testDeadEndpoint)
  test('no endpoint: surely not applied', testNoEndpoint)
  test('a leader that loses etcd knows it before the others can lead', testLost, 60_000)
  test('a passive member neither leads nor stands', testPassive)
  test('the place of a dead member is free at once', testDepose)
  test("no write waits for a dead leader of etcd's", testEtcdLeader, 60_000)
})

async function testCuts(): Promise<void> {
  const relays: Cuttable[] = []
  for (const url of etcd.endpoints) relays.push(await startCuttable(Number(new URL(url).port)))
  const endpoints = relays.map(({ port }) => `http://127.0.0.1:${port}`)
  const store = await open({ endpoints })
  const writer = await open()
  const at = newFolder()
  const { revision } = await must(writer.readIndex())
  const request = { key: at, rangeEnd: `${at}z`, startRevision: revision + 1 }
  const watches = [
    new Watched(store, request),
    new Watched(store, { ...request, prevKv: true }),
    new Watched(store, request),
  ]
  const written: string[] = []
  for (let n = 0; n < 300; n++) {
    const last = await write(writer, put(`${at}a`, `${n}`), put(`${at}b`, `${n}`))
    written.push(`${last} a`, `${last} b`)
    if (n % 20 === 10) for (const relay of relays) relay.cut()
  }
  const last = await write(writer, put('/other'))
  for (const watched of watches) {
    await watched.reached(last)
    const seen = watched.events.map(({ kv }) => `${kv.modRevision} ${kv.key.slice(at.length)}`)
    expect(seen).toEqual(written)
  }
  // Not equal: a member whose lease was lost in a cut stands for election anew, with a write.
  expect((await store.status()).revision).toBeGreaterThanOrEqual(last)
  for (const relay of relays) relay.stop()
}

async function testDeadEndpoint(): Promise<void> {
  const dead = `http://127.0.0.1:${await freePort()}`
  const store = await open({ endpoints: [dead, dead, etcd.endpoints[0]!] })
  const began = performance.now()
  await write(store, put('/dead-endpoint'))
  expect(performance.now() - began).toBeLessThan(1_000)
  expect((await must(store.range({ type: 'range', key: '/dead-endpoint' }))).range.count).toBe(1)
}

async function testNoEndpoint(): Promise<void> {
  const store = await open({ endpoints: [`http://127.0.0.1:${await freePort()}`] })
  const timeoutMs = 500
  const began = performance.now()
  const calls = [
    store.txn(txnOf(put('/none')), { timeoutMs }),
    store.range({ type: 'range', key: '/none' }, { timeoutMs }),
    store.readIndex({ timeoutMs }),
  ]
  for (const call of calls) {
    const failure = await refusal<object>(call)
    expect(failure.why).toBe('unavailable')
    expect(failure.message).toContain('ECONNREFUSED')
  }
  expect(performance.now() - began).toBeLessThan(1_500)
  expect(await store.status()).toMatchObject({ role: 'candidate', leader: null, dbBytes: 0 })
  expect(leadershipOf(store)).toEqual({ leading: false, term: 0, leader: null })
}

/** The leader's connections are held: to it etcd is silent, to the others it is not. */
async function testLost(): Promise<void> {
  const told: [number, Leadership][] = []
  const leader = await open()
  await until('a leader', () => leadershipOf(leader).leading)
  leader.onLeadership(leadership => told.push([performance.now(), leadership]))
  for (const n of etcd.endpoints.keys()) etcd.signal(n, 'SIGSTOP')
  const began = performance.now()
  await until('the loss', () => !leadershipOf(leader).leading)
  const lostMs = performance.now() - began
  process.stdout.write(`leadership ended ${Math.round(lostMs)} ms after etcd fell silent\n`)
  // Never later than the lease itself, which is 3 s.
  expect(lostMs).toBeLessThan(2_900)
  const unknown = await refusal(leader.txn(txnOf(put('/lost')), { timeoutMs: 500 }))
  expect(['unknown', 'unavailable']).toContain(unknown.why)
  for (const n of etcd.endpoints.keys()) etcd.signal(n, 'SIGCONT')
  await until('leadership again', () => leadershipOf(leader).leading)
  const terms = told.map(([, { term }]) => term)
  expect(terms.at(-1)).toBeGreaterThan(terms[0]!)
  const [first] = terms
  const late = await refusal(leader.txn(txnOf(put('/lost')), { fence: first }))
  expect(late.why).toBe('fenced')
}

async function testPassive(): Promise<void> {
  const [first, second] = [await open(), await open()]
  await until('a leader', () => stores.some(store => leadershipOf(store).leading))
  const leader = leadershipOf(first).leading ? first : second
  const other = leader === first ? second : first
  await until('the other knows', () => (leadershipOf(other) as { leader?: string }).leader)
  leader.setMainThreadStalled(true)
  expect(leadershipOf(leader).leading).toBe(false)
  await until('the other leads', () => leadershipOf(other).leading)
  await sleep(200)
  const alone = await refusal(other.transferLeadership())
  expect(alone.message).toContain('no other member stands for election')
  leader.setMainThreadStalled(false)
  await until('it stands again', async () => (await other.transferLeadership()).ok)
  await until('it leads again', () => leadershipOf(leader).leading)
}

async function testDepose(): Promise<void> {
  const first = await open()
  await until('a leader', () => leadershipOf(first).leading)
  const [second, third] = [await open(), await open()]
  for (const store of [second, third]) {
    await until('all know', () => (leadershipOf(store) as { leader?: string }).leader)
  }
  const began = performance.now()
  // A false alarm: the first one lives. It stands again, behind the others.
  for (const store of [second, third]) store.peerLost('0000000000000001')
  await until('another leader', () => [second, third].some(store => leadershipOf(store).leading))
  process.stdout.write(`a lost peer is replaced in ${Math.round(performance.now() - began)} ms\n`)
  await until('the first follows', async () => (await first.status()).role === 'follower')
}

/** Whoever leads etcd dies while writes are under way: none waits for its deadline. */
async function testEtcdLeader(): Promise<void> {
  const store = await open()
  await until('a leader', () => leadershipOf(store).leading)
  await sleep(1_500)
  let stop = false
  let longestMs = 0
  const outcomes: Record<string, number> = {}
  const writer = async () => {
    while (!stop) {
      const began = performance.now()
      const done = await store.txn(txnOf(put('/etcd-leader')))
      longestMs = Math.max(longestMs, performance.now() - began)
      const outcome = done.ok ? 'ok' : done.why
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1
    }
  }
  const writers = [writer(), writer(), writer()]
  for (const n of etcd.endpoints.keys()) {
    await sleep(1_500)
    await etcd.kill(n)
    await sleep(3_000)
    await etcd.start(n)
  }
  stop = true
  await Promise.all(writers)
  process.stdout.write(
    `etcd members killed: ${JSON.stringify(outcomes)}, longest write ${Math.round(longestMs)} ms; ` +
      `leader throughout: ${(await store.status()).counters.elections === 1}\n`,
  )
  expect(longestMs).toBeLessThan(4_500)
  expect(outcomes.unavailable).toBeUndefined()
}
