import { afterAll, afterEach, expect, test } from 'vitest'
import { until } from '../../support/until.ts'
import { numbered, numbersOf, Peers } from './peers.ts'

/** A worker is in the mesh, and its connection carries nothing of consensus. */
const peers = new Peers()
afterEach(() => peers.stopAll())
afterAll(() => peers.close())

test('frames of a worker are not taken, and end its connection', async () => {
  const a = await peers.make('a')
  const b = await peers.make('b')
  const worker = { ...b.member, role: 'worker' as const }
  const meshA = await peers.start(a, [a.member, worker])
  const meshB = await peers.start(b, [a.member, worker])
  const numbers = numbersOf(meshA)
  await until('links are up', () => meshA.connected('b') && meshB.connected('a'))
  meshB.send('a', numbered(1))
  await until('the connection has ended', () => !meshB.connected('a'))
  await until('it is back', () => meshB.connected('a'))
  expect(numbers).toEqual([])
})

test('who was disconnected is not heard for a while', async () => {
  const { meshA, meshB } = await peers.pair()
  const numbers = numbersOf(meshA)
  meshA.disconnect('b')
  await until('the connection has ended', () => !meshB.connected('a'))
  meshB.send('a', numbered(1))
  expect([meshA.connected('b'), numbers]).toEqual([true, []])
})
