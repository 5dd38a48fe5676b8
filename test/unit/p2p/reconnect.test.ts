import { afterAll, afterEach, expect, test } from 'vitest'
import { type Cancel, sleep, systemClock } from '../../../src/kernel/clock.ts'
import { queueBytesMax } from '../../../src/p2p/frame-writer.ts'
import type { Mesh } from '../../../src/p2p/mesh.ts'
import { until } from '../../support/until.ts'
import { Middle } from './middle.ts'
import { numbered, numbersOf, Peers } from './peers.ts'

/** Links over a network that fails. */
const peers = new Peers()
const middles: Middle[] = []
const timers: Cancel[] = []
afterEach(async () => {
  for (const cancel of timers.splice(0)) cancel()
  await peers.stopAll()
  for (const middle of middles.splice(0)) middle.close()
})
afterAll(() => peers.close())

/** `a` reaches `b` through the middle; `b` reaches `a` directly. */
async function pair(): Promise<{ meshA: Mesh; meshB: Mesh; middle: Middle }> {
  const a = await peers.make('a')
  const b = await peers.make('b')
  const middle = await Middle.to(b.member.port)
  middles.push(middle)
  const meshA = await peers.start(a, [a.member, { ...b.member, port: middle.port }])
  const meshB = await peers.start(b, [a.member, b.member])
  await until('links', () => meshA.connected('b') && meshB.connected('a'))
  return { meshA, meshB, middle }
}

test('over reconnects frames stay in order and come once', async () => {
  const { meshA, meshB, middle } = await pair()
  const got = numbersOf(meshB)
  let next = 0
  timers.push(
    systemClock.every(1, () => {
      for (let n = 0; n < 20; n++) meshA.send('b', numbered(next++, 2_000))
    }),
  )
  for (let round = 0; round < 8; round++) {
    await sleep(60)
    middle.cut('tls')
  }
  const sent = next
  await until('frames of a later connection', () => (got.at(-1) ?? 0) > sent + 100)
  for (let at = 1; at < got.length; at++) expect(got[at]).toBeGreaterThan(got[at - 1]!)
})

test('a lost connection is made again at once, and a living peer is not reported lost', async () => {
  const { meshA, middle } = await pair()
  const lost: string[] = []
  let ups = 0
  meshA.onPeerLost(peer => lost.push(peer))
  meshA.onPeerUp(() => ups++)
  await sleep(150)
  const began = performance.now()
  middle.cut('tls')
  await until('the link is down', () => !meshA.connected('b') || ups > 0)
  await until('the link is back', () => ups > 0)
  expect(performance.now() - began).toBeLessThan(500)
  expect(lost).toEqual([])
})

test('what the network does not take is counted, bounded, and sent when it does', async () => {
  const { meshA, meshB, middle } = await pair()
  const got = numbersOf(meshB)
  await sleep(50)
  middle.pause()
  for (let n = 0; n < 60; n++) {
    meshA.send('b', numbered(n, 1024 * 1024))
    await sleep(0)
  }
  const queued = meshA.queuedBytes('b')
  expect(queued).toBeGreaterThan(20 * 1024 * 1024)
  expect(queued).toBeLessThanOrEqual(queueBytesMax)
  middle.resume()
  await until('the queue is empty', () => meshA.queuedBytes('b') === 0)
  await until('the frames are there', () => got.length > 25)
  await sleep(50)
  expect(got).toEqual(Array.from({ length: got.length }, (_, n) => n))
  expect(got.length).toBeLessThan(60)
})

test('a connection that leads nowhere is given up, and made anew', async () => {
  const { meshA, meshB, middle } = await pair()
  const lost: string[] = []
  meshA.onPeerLost(peer => lost.push(peer))
  let ups = 0
  meshA.onPeerUp(() => ups++)
  await sleep(2_500)
  expect(ups).toBe(0)
  middle.pause()
  const began = performance.now()
  await until('a new connection', () => ups === 1)
  expect(performance.now() - began).toBeLessThan(3_500)
  const got = numbersOf(meshB)
  meshA.send('b', numbered(1))
  await until('a frame', () => got.length === 1)
  expect(lost).toEqual([])
})

test('a peer that comes back is redialled at once, whatever the back-off', async () => {
  const a = await peers.make('a')
  const b = await peers.make('b')
  const members = [a.member, b.member]
  const meshA = await peers.start(a, members)
  await sleep(1_200)
  const meshB = await peers.start(b, members)
  await until('its link', () => meshB.connected('a'))
  const began = performance.now()
  await until('our link', () => meshA.connected('b'))
  expect(performance.now() - began).toBeLessThan(250)
})
