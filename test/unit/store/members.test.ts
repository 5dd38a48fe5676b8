import { afterEach, describe, expect, test } from 'vitest'
import type { Refusal } from '../../../src/store/frames.ts'
import { put, read, TestCluster, until } from './cluster.ts'

let cluster: TestCluster
afterEach(() => cluster.close())

const url = (port: number) => [`https://127.0.0.1:${port}`]

describe('members', () => {
  test('publish their names, and are listed by every member', async () => {
    cluster = new TestCluster(['a', 'b', 'c'])
    await cluster.openAll()
    await cluster.leader()
    for (const replica of cluster.replicas.values()) {
      await until('three published members', () => {
        const members = replica.members()
        return members.length === 3 && members.every(({ name }) => name !== '')
      })
      expect(replica.members().map(({ id, name }) => [id, name])).toEqual([
        ['a', 'a'],
        ['b', 'b'],
        ['c', 'c'],
      ])
    }
  })

  test('a learner is added through a follower, catches up, is promoted, and is removed', async () => {
    cluster = new TestCluster(['a', 'b', 'c'])
    await cluster.openAll()
    await cluster.leader()
    const follower = cluster.follower()
    for (let at = 0; at < 50; at++) await follower.txn(put(`k${at}`))
    const added = await follower.memberAdd({ id: 'd', peerUrls: url(1), isLearner: true })
    expect(added).toMatchObject({ ok: true, member: { id: 'd', name: '', isLearner: true } })
    expect(await follower.memberPromote('d')).toMatchObject({
      message: 'etcdserver: can only promote a learner member which is in sync with leader',
    })
    const again = await follower.memberAdd({ peerUrls: url(1), isLearner: true })
    expect(again).toMatchObject({ message: 'etcdserver: Peer URLs already exists' })
    const second = await follower.memberAdd({ peerUrls: url(2), isLearner: true })
    expect(second).toMatchObject({
      message: 'etcdserver: too many learner members in cluster',
    })
    const learner = await cluster.open('d', true)
    await until('the learner', () => learner.machine.mvcc.revision >= 51)
    await until('a promotion', () =>
      follower.memberPromote('d').then(result => result.ok || undefined),
    )
    expect(follower.members().find(({ id }) => id === 'd')?.isLearner).toBe(false)
    expect(await follower.memberPromote('d')).toMatchObject({
      message: 'etcdserver: can only promote a learner member',
    })
    expect(await follower.memberRemove('d')).toMatchObject({ ok: true })
    expect(await follower.memberRemove('d')).toMatchObject({
      message: 'etcdserver: member not found',
    })
    expect(await follower.memberUpdate('x', { peerUrls: url(3) })).toMatchObject({
      message: 'etcdserver: member not found',
    })
    expect(await follower.memberAdd({ peerUrls: ['nonsense'], isLearner: true })).toMatchObject({
      message: 'etcdserver: given member URLs are invalid',
    })
  })

  test('a removed member is told so, and stops', async () => {
    const refused: Refusal[] = []
    cluster = new TestCluster(['a', 'b', 'c'], { onRefused: refusal => refused.push(refusal) })
    await cluster.openAll()
    const leader = await cluster.leader()
    const victim = cluster.follower()
    const id = victim.core.id
    await cluster.stop(id)
    await until('removal', () => leader.memberRemove(id).then(result => result.ok || undefined))
    const back = await cluster.open(id)
    await until('a refusal', () => refused.length > 0)
    expect(refused[0]).toEqual({ reason: 'removed' })
    expect(await back.txn(put('x'))).toMatchObject({ ok: false, why: 'unavailable' })
    expect(await leader.txn(put('y'))).toMatchObject({ ok: true })
  })

  test('two removals at one time leave a cluster that works', async () => {
    cluster = new TestCluster(['a', 'b', 'c'])
    await cluster.openAll()
    const leader = await cluster.leader()
    await until('published members', () => leader.members().every(({ name }) => name !== ''))
    const others = ['a', 'b', 'c'].filter(id => id !== leader.core.id)
    const removals = await Promise.all(others.map(id => leader.memberRemove(id)))
    expect(removals).toMatchObject([{ ok: true }, { ok: true }])
    expect(leader.members().map(({ id }) => id)).toEqual([leader.core.id])
    expect(await leader.txn(put('x'))).toMatchObject({ ok: true })
  })

  test('a mesh identity is one member’s, and that of a removed one is nobody’s', async () => {
    cluster = new TestCluster(['a', 'b', 'c'])
    await cluster.openAll()
    const leader = await cluster.leader()
    const worker = { peerId: 'key-1', isLearner: true, worker: true }
    const first = await leader.memberAdd({ ...worker, id: 'w', peerUrls: url(7) })
    expect(first).toMatchObject({ ok: true })
    const message = 'this mesh identity is another member already'
    const second = await leader.memberAdd({ ...worker, id: 'x', peerUrls: url(8) })
    expect(second).toMatchObject({ ok: false, message })
    const learner = { peerId: 'key-1', isLearner: true, peerUrls: url(9) }
    expect(await leader.memberAdd(learner)).toMatchObject({ ok: false, message })
    expect(await leader.memberRemove('w')).toMatchObject({ ok: true })
    expect(await leader.memberAdd({ ...worker, peerUrls: url(8) })).toMatchObject({
      message: 'this mesh identity is of a member that was removed; make a new one',
    })
  })

  test('removing one of two live members of three is refused: nobody would be left', async () => {
    cluster = new TestCluster(['a', 'b', 'c'])
    await cluster.openAll()
    const leader = await cluster.leader()
    await until('published members', () => leader.members().every(({ name }) => name !== ''))
    const [dead, living] = ['a', 'b', 'c'].filter(id => id !== leader.core.id)
    await cluster.stop(dead!)
    await until('the silence', () => {
      const heard = leader.core.progress.get(dead!)?.heardTick ?? 0
      return leader.core.now - heard > leader.core.config.electionTicksMax
    })
    expect(await leader.memberRemove(living!)).toMatchObject({
      message: 'etcdserver: unhealthy cluster',
    })
    expect(await leader.memberAdd({ peerUrls: url(9), isLearner: false })).toMatchObject({
      message: 'etcdserver: unhealthy cluster',
    })
    expect(await leader.memberRemove(dead!)).toMatchObject({ ok: true })
  })
})

test('a member that comes back with an empty disk is refused, and votes for nobody', async () => {
  const refused: Refusal[] = []
  cluster = new TestCluster(['a', 'b', 'c'], { onRefused: refusal => refused.push(refusal) })
  await cluster.openAll()
  const leader = await cluster.leader()
  const id = cluster.follower().core.id
  await until('published members', () => leader.members().every(({ name }) => name !== ''))
  await cluster.stop(id)
  cluster.wipe(id)
  const wiped = await cluster.open(id)
  await until('a refusal', () => refused.length > 0)
  expect(refused[0]).toEqual({ reason: 'wiped' })
  expect(wiped.core.term).toBe(0)
  expect(await read(leader, 'x')).toBeUndefined()
})
