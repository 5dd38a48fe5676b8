import { Worker } from 'node:worker_threads'
import { afterAll, afterEach, expect, test } from 'vitest'
import { sleep } from '../../../src/kernel/clock.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/until.ts'
import { numbered, numbersOf, Peers } from './peers.ts'

const peers = new Peers()
afterEach(() => peers.stopAll())
afterAll(() => peers.close())

/** Passes TLS connections on, in a thread of its own, and counts the chunks that come. */
const relayCode = `
  const net = require('node:net')
  const { parentPort, workerData } = require('node:worker_threads')
  parentPort.once('message', seen => {
    const server = net.createServer(near => {
      const far = net.connect(workerData.target, '127.0.0.1')
      far.pipe(near)
      near.on('error', () => {})
      far.on('error', () => {})
      let isTls
      near.on('data', chunk => {
        isTls ??= chunk[0] === 22
        if (isTls) {
          Atomics.add(seen, 0, 1)
          Atomics.notify(seen, 0)
        }
        far.write(chunk)
      })
    })
    server.listen(workerData.port, '127.0.0.1', () => parentPort.postMessage('listening'))
  })
`

const upTo = (count: number) => Array.from({ length: count }, (_, n) => n)

test('frames of all sizes arrive in order and once', async () => {
  const { meshA, meshB } = await peers.pair()
  const got = numbersOf(meshB)
  for (let n = 0; n < 500; n++) meshA.send('b', numbered(n, n % 7 === 0 ? 100_000 : 8))
  meshA.send('b', numbered(500, 4 * 1024 * 1024))
  await until('all frames', () => got.length === 501)
  expect(got).toEqual(upTo(501))
  expect(meshA.queuedBytes('b')).toBe(0)
})

test('a frame beyond the limit is not sent, and the link stays', async () => {
  const { meshA, meshB } = await peers.pair()
  const got = numbersOf(meshB)
  meshA.send('b', numbered(1, 16 * 1024 * 1024 + 1))
  meshA.send('b', numbered(2))
  await until('the next frame', () => got.length > 0)
  expect(got).toEqual([2])
})

test('the first frame of a turn leaves before the thread goes on', async () => {
  const a = await peers.make('a')
  const b = await peers.make('b')
  const port = await freePort()
  const relay = new Worker(relayCode, { eval: true, workerData: { port, target: b.member.port } })
  const seenAt = new Int32Array(new SharedArrayBuffer(8))
  relay.postMessage(seenAt)
  try {
    await new Promise(resolve => relay.once('message', resolve))
    const meshA = await peers.start(a, [a.member, { ...b.member, port }])
    const meshB = await peers.start(b, [a.member, b.member])
    const got = numbersOf(meshB)
    await until('the link is up', () => meshA.connected('b'))
    await sleep(50)
    const chunksBefore = Atomics.load(seenAt, 0)
    meshA.send('b', numbered(1))
    // This thread blocks, as it does in an fsync, until the other one has seen the bytes.
    Atomics.wait(seenAt, 0, chunksBefore, 2_000)
    expect(Atomics.load(seenAt, 0)).toBe(chunksBefore + 1)
    meshA.send('b', numbered(2))
    meshA.send('b', numbered(3))
    await until('all frames', () => got.length === 3)
    expect(got).toEqual([1, 2, 3])
  } finally {
    await relay.terminate()
  }
})

test('faults lose frames both ways or one way, and healing ends them', async () => {
  const { meshA, meshB } = await peers.pair()
  const [atA, atB] = [numbersOf(meshA), numbersOf(meshB)]
  const exchange = async (n: number) => {
    meshA.send('b', numbered(n))
    meshB.send('a', numbered(n))
    await sleep(60)
  }
  meshB.faults.set('a', { drop: true })
  await exchange(1)
  meshB.faults.set('a', { dropIn: true })
  await exchange(2)
  meshB.faults.set('a', { dropOut: true })
  await exchange(3)
  meshB.faults.heal()
  await exchange(4)
  await until('delivery after healing', () => atA.includes(4) && atB.includes(4))
  expect(atA).toEqual([2, 4])
  expect(atB).toEqual([3, 4])
})

test('a delay is added to each direction', async () => {
  const { meshA, meshB } = await peers.pair()
  const got = numbersOf(meshB)
  meshA.faults.set('b', { delayMs: 80 })
  meshB.faults.set('a', { delayMs: 80 })
  const began = performance.now()
  meshA.send('b', numbered(1))
  await until('the frame', () => got.length > 0)
  expect(performance.now() - began).toBeGreaterThan(150)
})

test('a peer that ends is reported lost at once, and up when it is back', async () => {
  const { b, meshA, meshB, members } = await peers.pair()
  const told: string[] = []
  meshA.onPeerLost(peer => told.push(`${peer} lost`))
  meshA.onPeerUp(peer => told.push(`${peer} up`))
  await meshB.stop()
  await until('the loss', () => told.length > 0, 1_000)
  const again = await peers.start(b, members)
  await until('links again', () => meshA.connected('b') && again.connected('a'))
  expect(told).toEqual(['b lost', 'b up'])
  const got = numbersOf(again)
  meshA.send('b', numbered(7))
  await until('a frame to the new process', () => got.length > 0)
})

test('a loss during a fault is told when the fault is healed', async () => {
  const { meshA, meshB } = await peers.pair()
  const lost: string[] = []
  meshA.onPeerLost(peer => lost.push(peer))
  meshA.faults.set('b', { dropOut: true })
  await meshB.stop()
  await sleep(200)
  expect(lost).toEqual([])
  meshA.faults.heal()
  await until('the loss', () => lost.length > 0)
})

test('both restart, and both links and gossip come back', async () => {
  const { a, b, meshA, meshB, members } = await peers.pair()
  await Promise.all([meshA.stop(), meshB.stop()])
  const [againA, againB] = await Promise.all([peers.start(a, members), peers.start(b, members)])
  await until('links', () => againA.connected('b') && againB.connected('a'))
  const heard: unknown[] = []
  againA.gossip.subscribe('t', () => {})
  againB.gossip.subscribe('t', (_peer, value) => heard.push(value))
  await until('gossip', () => {
    againA.gossip.publish('t', 'hello')
    return heard.length > 0
  })
})

test('a stopped mesh takes no frames, and stopping twice is harmless', async () => {
  const { meshA } = await peers.pair()
  await meshA.stop()
  await meshA.stop()
  meshA.send('b', numbered(1))
  expect(meshA.connected('b')).toBe(false)
  expect(meshA.queuedBytes('b')).toBe(0)
})
