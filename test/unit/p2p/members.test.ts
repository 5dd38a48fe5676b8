import { afterAll, afterEach, expect, test } from 'vitest'
import { sleep } from '../../../src/kernel/clock.ts'
import { Members } from '../../../src/p2p/members.ts'
import type { MeshMember } from '../../../src/p2p/types.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/until.ts'
import { numbered, numbersOf, Peers } from './peers.ts'

const peers = new Peers()
afterEach(() => peers.stopAll())
afterAll(() => peers.close())

const ids = (members: readonly MeshMember[]) => members.map(({ id }) => id)

test('the difference of two lists', () => {
  const member = (id: string, port = 1, peerId = id): MeshMember => ({
    ...{ id, name: id, peerId, host: 'h', port },
  })
  const members = new Members([member('a'), member('b'), member('c')])
  const { gone, come } = members.set([member('a'), member('b', 2), member('d')])
  expect([ids(gone), ids(come)]).toEqual([
    ['b', 'c'],
    ['b', 'd'],
  ])
  expect(gone[0]?.port).toBe(1)
  expect(members.ofPeer('c')).toBeUndefined()
  expect(members.set([member('a', 1, 'a2'), member('b', 2), member('d')])).toEqual({
    gone: [member('a')],
    come: [member('a', 1, 'a2')],
  })
})

test('a new member gets links, a removed one loses them at once and is refused', async () => {
  const { a, b, meshA, meshB, members } = await peers.pair()
  const c = await peers.make('c')
  const all = [...members, c.member]
  const meshC = await peers.start(c, all)
  const refused: string[] = []
  meshA.onRefused(({ peerId }) => refused.push(peerId))
  await until('the refusal', () => refused.length > 0)
  expect(refused).toEqual([c.member.peerId])
  expect(meshC.connected('a')).toBe(false)

  for (const mesh of [meshA, meshB]) mesh.setMembers(all)
  const connected = () =>
    [meshA.connected('c'), meshB.connected('c'), meshC.connected('a'), meshC.connected('b')].every(
      Boolean,
    )
  await until('links', connected)
  const got = numbersOf(meshA)
  meshC.send('a', numbered(1))
  await until('a frame', () => got.length === 1)

  meshA.setMembers([a.member, b.member])
  expect(meshA.connected('c')).toBe(false)
  meshC.send('a', numbered(2))
  await until('the other end sees it', () => !meshC.connected('a'))
  await sleep(300)
  meshC.send('a', numbered(3))
  expect(meshC.connected('a')).toBe(false)
  expect(got).toEqual([1])
  expect([meshA.connected('b'), meshC.connected('b')]).toEqual([true, true])
})

test('gossip of a removed member is not heard', async () => {
  const { a, meshA, meshB } = await peers.pair()
  const heard: unknown[] = []
  meshA.gossip.subscribe('t', (_peer, value) => heard.push(value))
  meshB.gossip.subscribe('t', () => {})
  await until('gossip', () => {
    meshB.gossip.publish('t', 'before')
    return heard.includes('before')
  })
  meshA.setMembers([a.member])
  await sleep(50)
  for (let n = 0; n < 10; n++) {
    meshB.gossip.publish('t', 'after')
    await sleep(20)
  }
  expect(heard).not.toContain('after')
})

test('a member that moves is reached at its new address', async () => {
  const { a, b, meshA, meshB } = await peers.pair()
  await meshB.stop()
  const moved = { ...b, member: { ...b.member, port: await freePort() } }
  const again = await peers.start(moved, [a.member, moved.member])
  await until('its link to us', () => again.connected('a'))
  expect(meshA.connected('b')).toBe(false)
  meshA.setMembers([a.member, moved.member])
  await until('our link to it', () => meshA.connected('b'))
})

test('a member with a new key is let in, and its old key is not', async () => {
  const { a, b, meshA, meshB } = await peers.pair()
  const renewed = await peers.make('renewed')
  const peerId = renewed.member.peerId
  const member = { ...b.member, peerId }
  meshA.setMembers([a.member, member])
  await until('the old one is cut', () => !meshB.connected('a'))
  await meshB.stop()
  const again = await peers.start({ member, identity: renewed.identity }, [a.member, member])
  await until('links', () => meshA.connected('b') && again.connected('a'))
})

test('the same list again changes nothing', async () => {
  const { meshA, meshB, members } = await peers.pair()
  let ups = 0
  meshA.onPeerUp(() => ups++)
  meshA.setMembers(members.map(member => ({ ...member })))
  await sleep(100)
  expect([meshA.connected('b'), meshB.connected('a'), ups]).toEqual([true, true, 0])
})
