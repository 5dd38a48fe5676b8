import { afterAll, afterEach, expect, test } from 'vitest'
import { until } from '../../support/until.ts'
import { Middle } from './middle.ts'
import { numbered, numbersOf, Peers } from './peers.ts'

const peers = new Peers()
const middles: Middle[] = []
afterEach(async () => {
  await peers.stopAll()
  for (const middle of middles.splice(0)) middle.close()
})
afterAll(() => peers.close())

test('gossip reaches the other member beside a stream of frames', async () => {
  const { meshA, meshB } = await peers.pair()
  const got = numbersOf(meshB)
  const heard: unknown[] = []
  meshA.gossip.subscribe('status', (from, value) => heard.push([from, value]))
  meshB.gossip.subscribe('status', (from, value) => heard.push([from, value]))
  let n = 0
  await until('gossip both ways', () => {
    for (let frame = 0; frame < 100; frame++) meshA.send('b', numbered(n++, 1_000))
    meshA.gossip.publish('status', { from: 'a' })
    meshB.gossip.publish('status', { from: 'b' })
    return new Set(heard.map(value => JSON.stringify(value))).size === 2
  })
  expect(heard).toContainEqual(['a', { from: 'a' }])
  await until('all frames', () => got.length === n)
  expect(got).toEqual(Array.from({ length: n }, (_, index) => index))
})

test('without its streams a peer is still linked, and gossip comes back', async () => {
  const { a, b, middle } = await withMiddle()
  const meshA = await peers.start(a, [a.member, { ...b.member, port: middle.port }])
  const meshB = await peers.start(b, [a.member, b.member])
  await until('links', () => meshA.connected('b') && meshB.connected('a'))
  const heard: unknown[] = []
  meshA.gossip.subscribe('t', (_peer, value) => heard.push(value))
  meshB.gossip.subscribe('t', (_peer, value) => heard.push(value))
  const bothWays = (round: number) =>
    until(`gossip of round ${round}`, () => {
      meshA.gossip.publish('t', `a${round}`)
      meshB.gossip.publish('t', `b${round}`)
      return heard.includes(`a${round}`) && heard.includes(`b${round}`)
    })
  await bothWays(1)
  let downs = 0
  meshA.onPeerUp(() => downs++)
  for (const round of [2, 3]) {
    expect(middle.connections.other).toBe(1)
    middle.cut('other')
    await until('the connection for streams is back', () => middle.connections.other === 1)
    await bothWays(round)
  }
  expect(downs).toBe(0)
})

/** Two peers; of two the one with the lower peer ID dials, and it is `a`: through the middle. */
async function withMiddle() {
  const one = await peers.make('one')
  const two = await peers.make('two')
  const [lower, higher] = one.member.peerId < two.member.peerId ? [one, two] : [two, one]
  const a = { ...lower, member: { ...lower.member, id: 'a', name: 'a' } }
  const b = { ...higher, member: { ...higher.member, id: 'b', name: 'b' } }
  const middle = await Middle.to(b.member.port)
  middles.push(middle)
  return { a, b, middle }
}
