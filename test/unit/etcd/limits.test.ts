import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Deframer } from '../../../src/etcd/grpc/deframer.ts'
import { limits, type Method } from '../../../src/etcd/grpc/types.ts'
import { Budget } from '../../../src/etcd/http2/budget.ts'
import { Http2Transport } from '../../../src/etcd/http2/transport.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createPrng } from '../../../src/kernel/prng.ts'
import { until } from '../../support/until.ts'
import { createPki, startServer, type TestPki, type TestServer } from './etcdctl.ts'
import { frame, grpc, preface, RawClient, request, settings, uint32 } from './raw-http2.ts'

/** What a client can make the server hold, and what happens to one who goes too far. */
const calm = 11
const internal = 2

describe('Deframer', () => {
  test('bytes that come one by one take at most twice their size', () => {
    const deframer = new Deframer(limits.messageBytesMax)
    const message = grpc(Buffer.alloc(100_000, 7))
    let most = 0
    for (const [at, byte] of message.entries()) {
      deframer.push(Buffer.of(byte))
      deframer.settle()
      most = Math.max(most, deframer.heldBytes / (at + 1 + 256))
    }
    expect(most).toBeLessThanOrEqual(2)
    expect(deframer.take()).toEqual(message.subarray(5))
    expect([deframer.pendingBytes, deframer.heldBytes]).toEqual([0, 0])
  })

  test('messages come out as they went in, however they were cut', () => {
    const prng = createPrng(3)
    for (let round = 0; round < 200; round++) {
      const sizes = Array.from({ length: 1 + prng.below(8) }, () => prng.below(2_000))
      const messages = sizes.map(size => Buffer.alloc(size, prng.below(256)))
      const bytes = Buffer.concat(messages.map(grpc))
      const deframer = new Deframer(10_000)
      const out: Buffer[] = []
      for (let at = 0; at < bytes.length; ) {
        const end = at + 1 + prng.below(prng.below(2) === 0 ? 3 : 1_500)
        deframer.push(bytes.subarray(at, end))
        for (let next = deframer.take(); next !== undefined; next = deframer.take()) out.push(next)
        deframer.settle()
        at = end
      }
      expect(out).toEqual(messages)
    }
  })
})

test('the client that holds most has to go when all together hold too much', () => {
  const budget = new Budget(1_000)
  const gone: string[] = []
  const holder = (name: string) => ({
    onExceeded() {
      gone.push(name)
      budget.release(this)
    },
  })
  const [small, large, late] = [holder('small'), holder('large'), holder('late')]
  budget.change(small, 300)
  budget.change(large, 600)
  expect(gone).toEqual([])
  budget.change(late, 200)
  expect(gone).toEqual(['large'])
  expect(budget.totalBytes).toBe(500)
})

describe('a connection', () => {
  let pki: TestPki
  let flags: string[]
  let transport: Http2Transport
  const clients: RawClient[] = []
  const largeBytes = 8 << 20
  let answers = 0
  const methods = new Map<string, Method>([
    ['/t/Echo', { kind: 'unary', handle: async message => [message] }],
    [
      '/t/Large',
      {
        kind: 'unary',
        handle: async () => {
          answers++
          return [Buffer.alloc(largeBytes)]
        },
      },
    ],
    [
      '/t/Broken',
      {
        kind: 'stream',
        open: () => ({
          onMessage() {
            throw new Error('a bug in a handler')
          },
        }),
      },
    ],
  ])
  beforeAll(async () => {
    pki = await createPki()
    flags = await pki.client('tester')
    transport = new Http2Transport({
      ...{ host: '127.0.0.1', port: 0, methods, clock: systemClock, logger: silentLogger },
      tls: { ca: pki.ca.cert, ...pki.server },
    })
    await transport.start()
  }, 60_000)
  afterEach(() => {
    for (const client of clients.splice(0)) client.close()
  })
  afterAll(async () => {
    await transport?.stop()
    pki?.remove()
  })

  async function open(hello = settings): Promise<RawClient> {
    const client = await RawClient.open(transport.port, flags)
    clients.push(client)
    client.send(preface, hello)
    return client
  }
  const headers = (stream: number, path: string) => frame(1, 0x4, stream, request(path))
  const data = (stream: number, payload: Uint8Array, isLast = true) =>
    frame(0, isLast ? 1 : 0, stream, payload)
  const isServed = async (client: RawClient, stream: number) => {
    client.send(headers(stream, '/t/Echo'), data(stream, grpc(Buffer.from('x'))))
    await client.wait('trailers', it => it.type === 1 && it.stream === stream && it.flags % 2 === 1)
  }

  test('is ended for a message in frames of one byte', async () => {
    const client = await open()
    const message = grpc(Buffer.alloc(5_000))
    client.send(headers(1, '/t/Echo'), ...[...message].map(byte => data(1, Buffer.of(byte), false)))
    expect(await client.goAway()).toBe(calm)
    await isServed(await open(), 1)
  })

  test('may send a short message in many frames', async () => {
    const client = await open()
    const message = grpc(Buffer.alloc(500))
    const frames = [...message].map((byte, at) => data(1, Buffer.of(byte), at === 504))
    client.send(headers(1, '/t/Echo'), ...frames)
    await client.wait('trailers', it => it.type === 1 && it.stream === 1 && it.flags % 2 === 1)
  })

  test('is ended for opening windows that nothing has come through', async () => {
    const client = await open()
    const updates = Buffer.concat(Array.from({ length: 1_000 }, () => frame(8, 0, 0, uint32(1))))
    for (let count = 0; count < 11; count++) client.send(updates)
    expect(await client.goAway()).toBe(calm)
  })

  test('may open a window for each frame that came through it', async () => {
    const client = await open()
    const batch = 200
    for (let round = 0; round < 60; round++) {
      const first = 1 + 2 * batch * round
      for (let at = 0; at < batch; at++) {
        const stream = first + 2 * at
        client.send(headers(stream, '/t/Echo'), data(stream, grpc(Buffer.from('x'))))
      }
      const last = first + 2 * (batch - 1)
      await client.wait('trailers', it => it.type === 1 && it.stream === last && it.flags === 5)
      client.send(...Array.from({ length: 2 * batch }, () => frame(8, 0, 0, uint32(1))))
    }
    await isServed(client, 1 + 2 * batch * 60)
    expect(client.frames.some(({ type }) => type === 7)).toBe(false)
  })

  test('gives no more calls to a client whose window stays shut', async () => {
    const shut = frame(4, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(0)]))
    const client = await open(shut)
    const count = Math.ceil(limits.queuedBytesMax.connection / largeBytes) + 1
    for (let at = 0; at < count; at++) {
      const stream = 1 + 2 * at
      client.send(headers(stream, '/t/Large'), data(stream, grpc(Buffer.of())))
    }
    await until('the answers', () => answers === count)
    const last = 1 + 2 * count
    client.send(headers(last, '/t/Echo'), data(last, grpc(Buffer.of(1))))
    expect(await client.reset(last)).toBe(7)
    await isServed(await open(), 1)
  })

  test('is ended by a bug in a handler, and no other', async () => {
    const [bad, good] = [await open(), await open()]
    bad.send(headers(1, '/t/Broken'), data(1, grpc(Buffer.of(1)), false))
    expect(await bad.goAway()).toBe(internal)
    await isServed(good, 1)
  })
})

describe('a stranger', () => {
  let pki: TestPki
  let tested: TestServer
  const clients: RawClient[] = []
  beforeAll(async () => {
    pki = await createPki()
  }, 60_000)
  beforeEach(async () => {
    tested = await startServer(pki, { clientGroup: 'system:masters' })
  })
  afterEach(async () => {
    for (const client of clients.splice(0)) client.close()
    await tested?.server.stop()
  })
  afterAll(() => pki?.remove())

  test.each([
    ['a stranger', 'node', ['system:nodes'], /permission denied/],
    ['an administrator', 'admin', ['system:masters'], /larger than max/],
  ])('%s: how long a message may be', async (_who, user, groups, text) => {
    const port = Number(new URL(tested.endpoint).port)
    const client = await RawClient.open(port, await pki.client(user, groups))
    clients.push(client)
    const bytes = text.test('larger than max') ? limits.messageBytesMax : 20_000
    const prefix = Buffer.concat([Buffer.of(0), uint32(bytes + 1)])
    const call = frame(1, 0x4, 1, request('/etcdserverpb.KV/Put'))
    client.send(preface, settings, call, frame(0, 0, 1, Buffer.concat([prefix, Buffer.alloc(99)])))
    // Long before the message has come.
    const last = await client.wait('trailers', it => it.type === 1 && it.stream === 1)
    expect(last.payload.toString('latin1')).toMatch(text)
  })
})
