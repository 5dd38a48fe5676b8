import { expect, test } from 'vitest'
import type { Leadership, Store } from '../../src/store/types.ts'
import { until } from '../support/until.ts'
import type { Subject, Traits } from './store-support.ts'
import { leadershipOf, must, newFolder, put, readValue, refusal, txnOf } from './store-support.ts'

/** Status, who leads, and the fences of who has led. */
export function testLeadership(subject: () => Subject, { views, transfers }: Traits): void {
  test.each(views)('status through the %s', async view => {
    const store = await subject().store(view)
    const at = newFolder()
    const { revision } = await must(store.txn(txnOf(put(`${at}a`))))
    const now = await until('the revision', async () => {
      const status = await store.status({ hash: true })
      return status.revision >= revision ? status : undefined
    })
    const leadership = leadershipOf(store)
    expect(now.role).toBe(leadership.leading ? 'leader' : 'follower')
    expect(now.term).toBe(leadership.term)
    expect(now.term).toBeGreaterThan(0)
    expect(now.leader).toBe(leadership.leading ? now.id : leadership.leader)
    expect(now.hash).toMatch(/^[0-9a-f]{8,16}$/)
    expect(now.dbBytes).toBeGreaterThan(0)
    expect(now.commit).toBeGreaterThan(0)
    expect(now.applied).toBeGreaterThan(0)
    expect(now.counters.proposals + now.counters.applied).toBeGreaterThan(0)
    expect((await store.status()).hash).toBeUndefined()
  })

  test.each(views)('the fence of the present term holds, through the %s', async view => {
    const store = await subject().store(view)
    const at = newFolder()
    const { term } = leadershipOf(await subject().store('leader'))
    const before = (await store.status()).counters.fenced
    const done = await must(store.txn(txnOf(put(`${at}a`)), { fence: term }))
    expect(done).toMatchObject({ succeeded: true, results: [{ type: 'put' }] })
    const read = { type: 'range', key: `${at}a` } as const
    const failing = {
      compares: [{ key: `${at}a`, target: 'version', op: '=', operand: 0 } as const],
      success: [put(`${at}wrong`)],
      failure: [read],
    }
    const other = await must(store.txn(failing, { fence: term }))
    expect(other).toMatchObject({ succeeded: false, results: [{ count: 1 }] })
    for (const fence of [term - 1, term + 1_000]) {
      const late = await refusal(store.txn(txnOf(put(`${at}a`, 'late')), { fence }))
      expect(late.why).toBe('fenced')
    }
    expect(await readValue(store, `${at}a`)).toBe(`${at}a`)
    expect((await store.status()).counters.fenced).toBeGreaterThan(before)
  })

  if (transfers) testTransfer(subject)
}

function testTransfer(subject: () => Subject): void {
  test('leadership moves, terms grow, and the old term is fenced', async () => {
    const old = await subject().store('leader')
    const heir = await subject().store('follower')
    const [told, toldHeir]: [Leadership[], Leadership[]] = [[], []]
    const stop = [
      old.onLeadership(leadership => told.push(leadership)),
      heir.onLeadership(leadership => toldHeir.push(leadership)),
    ]
    const before = leadershipOf(old)
    expect(before.leading).toBe(true)
    expect(toldHeir).toMatchObject([{ leading: false, term: before.term }])
    const { revision } = await must(old.txn(txnOf(put('/moving')), { fence: before.term }))
    const heirId = (await heir.status()).id
    await must(old.transferLeadership(heirId))
    await until('the heir leads', () => leadershipOf(heir).leading)
    const now = leadershipOf(heir)
    expect(now.term).toBeGreaterThan(before.term)
    // What the heir has to know before it acts.
    expect(now).toMatchObject({ leading: true })
    if (now.leading) expect(now.revision).toBeGreaterThanOrEqual(revision)
    await until('the old one knows', () => {
      const leadership = leadershipOf(old)
      return !leadership.leading && leadership.leader === heirId
    })
    for (const store of [old, heir]) {
      const late = await refusal(store.txn(txnOf(put('/moving', '2')), { fence: before.term }))
      expect(late.why).toBe('fenced')
      await must(store.txn(txnOf(put('/moving', '3')), { fence: now.term }))
    }
    expect(told[0]).toMatchObject({ leading: true })
    expect(told.filter(({ leading }) => leading).length).toBe(1)
    for (const unsubscribe of stop) unsubscribe()
    await must(old.transferLeadership(heirId))
  }, 30_000)

  test('a follower moves the leadership too, and to nobody it does not know', async () => {
    const follower: Store = await subject().store('follower')
    const failure = await refusal(follower.transferLeadership('0000000000000099'))
    expect(failure.why).toBe('invalid')
    const before = leadershipOf(follower)
    await must(follower.transferLeadership())
    await until('another leader', () => leadershipOf(follower).term > before.term)
    await subject().store('leader')
  }, 30_000)
}
