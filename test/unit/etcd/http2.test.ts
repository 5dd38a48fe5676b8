import { readFileSync } from 'node:fs'
import { connect as connectHttp2 } from 'node:http2'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { RpcError } from '../../../src/etcd/grpc/status.ts'
import { limits, type Method, type ServerStream } from '../../../src/etcd/grpc/types.ts'
import { Http2Transport } from '../../../src/etcd/http2/transport.ts'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createPrng } from '../../../src/kernel/prng.ts'
import { until } from '../../support/until.ts'
import { createPki, type TestPki } from './etcdctl.ts'
import { block, frame, grpc, preface, RawClient, request, settings, uint32 } from './raw-http2.ts'

/** The HTTP/2 front end against frames that a good client, and a bad one, would send. */
let pki: TestPki
let clientFlags: string[]
let transport: Http2Transport
let clients: RawClient[] = []
const streams: ServerStream[] = []
let closedStreams = 0
let held: (() => void)[] = []

const errors = { protocol: 1, flow: 3, closed: 5, size: 6, refused: 7, compression: 9, calm: 11 }

const methods = new Map<string, Method>(
  Object.entries({
    '/t/Echo': { kind: 'unary', handle: async message => [message] },
    '/t/Fail': {
      kind: 'unary',
      handle: async () => {
        throw new RpcError('notFound', 'ünknown 100%')
      },
    },
    '/t/Hold': {
      kind: 'unary',
      handle: message => new Promise(resolve => held.push(() => resolve([message]))),
    },
    '/t/Large': {
      kind: 'unary',
      handle: async () => [Buffer.alloc(100_000, 7), Buffer.alloc(200_000, 8)],
    },
    '/t/Slow': { kind: 'stream', open: () => ({ onMessage: () => new Promise<void>(() => {}) }) },
    '/t/Chat': {
      kind: 'stream',
      open(stream) {
        streams.push(stream)
        return {
          onMessage: message => stream.write([message]),
          onEnd: () => stream.end(),
          onClose: () => {
            closedStreams++
          },
        }
      },
    },
  } satisfies Record<string, Method>),
)

beforeAll(async () => {
  pki = await createPki()
  clientFlags = await pki.client('tester')
  transport = await start()
}, 60_000)
afterEach(() => {
  for (const client of clients) client.close()
  clients = []
  held = []
})
afterAll(async () => {
  await transport?.stop()
  pki?.remove()
})

async function start(): Promise<Http2Transport> {
  const tls = { ca: pki.ca.cert, ...pki.server }
  const shared = { methods, clock: systemClock, logger: silentLogger }
  const started = new Http2Transport({ host: '127.0.0.1', port: 0, tls, ...shared })
  await started.start()
  return started
}

/** A client that has said hello. */
async function open(hello = Buffer.concat([preface, settings])): Promise<RawClient> {
  const client = await RawClient.open(transport.port, clientFlags)
  clients.push(client)
  client.send(hello)
  return client
}

const headers = (stream: number, path: string, flags = 0x4) =>
  frame(1, flags, stream, request(path))
const data = (stream: number, payload: Uint8Array, flags = 0x1) => frame(0, flags, stream, payload)
const isTrailer = (stream: number) => (it: { type: number; stream: number; flags: number }) =>
  it.type === 1 && it.stream === stream && (it.flags & 1) === 1

describe('calls', () => {
  test('one message in, one out, with trailers', async () => {
    const client = await open()
    client.send(headers(1, '/t/Echo'), data(1, grpc(Buffer.from('hello'))))
    const trailers = await client.wait('trailers', isTrailer(1))
    expect(trailers.payload.toString('latin1')).toContain('grpc-status\x010')
    const answer = client.frames.find(({ type, stream }) => type === 0 && stream === 1)
    expect(answer?.payload.subarray(5).toString()).toBe('hello')
  })

  test('a message in many frames, and a block in CONTINUATIONs', async () => {
    const client = await open()
    const whole = request('/t/Echo')
    const message = grpc(Buffer.alloc(40_000, 1))
    const pieces = [0, 3, 10_000, 20_000, 30_000].map((from, at, all) =>
      data(1, message.subarray(from, all[at + 1] ?? message.length), at === 4 ? 1 : 0),
    )
    client.send(
      frame(1, 0, 1, whole.subarray(0, 5)),
      frame(9, 0, 1, whole.subarray(5, 50)),
      frame(9, 4, 1, whole.subarray(50)),
      ...pieces,
    )
    await client.wait('trailers', isTrailer(1))
    const parts = client.frames.filter(({ type, stream }) => type === 0 && stream === 1)
    expect(Buffer.concat(parts.map(({ payload }) => payload)).length).toBe(message.length)
  })

  test('padding and priority are taken off', async () => {
    const client = await open()
    const head = Buffer.concat([Buffer.of(3), uint32(0), Buffer.of(9), request('/t/Echo')])
    const padded = Buffer.concat([Buffer.of(2), grpc(Buffer.from('x')), Buffer.alloc(2)])
    client.send(frame(1, 0x2c, 1, Buffer.concat([head, Buffer.alloc(3)])), frame(0, 0x9, 1, padded))
    await client.wait('trailers', isTrailer(1))
  })

  test('an error is a percent-encoded trailer', async () => {
    const client = await open()
    client.send(headers(1, '/t/Fail'), data(1, grpc(Buffer.of())))
    const trailers = (await client.wait('trailers', isTrailer(1))).payload.toString('latin1')
    expect(trailers).toContain('grpc-status\x015')
    expect(trailers).toContain('%C3%BCnknown 100%25')
  })

  test.each([
    ['/t/Nobody', 'unknown method Nobody for service t'],
    ['/nothing', 'unknown method'],
  ])('%s is not implemented', async (path, text) => {
    const client = await open()
    client.send(headers(1, path), data(1, grpc(Buffer.of())))
    const trailers = (await client.wait('trailers', isTrailer(1))).payload.toString('latin1')
    expect(trailers).toContain('grpc-status\x0212')
    expect(trailers).toContain(text)
  })

  test('a message above the limit is refused before it has come', async () => {
    const client = await open()
    const prefix = Buffer.concat([Buffer.of(0), uint32(limits.messageBytesMax + 1)])
    client.send(headers(1, '/t/Echo'), data(1, Buffer.concat([prefix, Buffer.alloc(99)]), 1))
    const trailers = (await client.wait('trailers', isTrailer(1))).payload.toString('latin1')
    expect(trailers).toContain('received message larger than max (2097153 vs. 2097152)')
  })

  test('a stream talks both ways and ends', async () => {
    const client = await open()
    client.send(headers(1, '/t/Chat'), data(1, grpc(Buffer.from('a')), 0))
    await client.wait('an echo', ({ type }) => type === 0)
    client.send(data(1, grpc(Buffer.from('b'))))
    await client.wait('trailers', isTrailer(1))
  })

  test('a reset is told to the handler, and the stream is over', async () => {
    const client = await open()
    client.send(headers(1, '/t/Chat'))
    const before = closedStreams
    await until('the stream', () => streams.at(-1)?.isOver === false)
    client.send(frame(3, 0, 1, uint32(8)))
    await until('the end', () => closedStreams === before + 1)
    expect(streams.at(-1)?.isOver).toBe(true)
  })

  test('a deadline ends a stream', async () => {
    const client = await open()
    const late = block([['grpc-timeout', '50m']])
    client.send(frame(1, 4, 1, Buffer.concat([request('/t/Chat'), late])))
    const trailers = (await client.wait('trailers', isTrailer(1))).payload.toString('latin1')
    expect(trailers).toContain('context deadline exceeded')
  })
})

describe('flow control', () => {
  test('a response waits for windows of stream and connection', async () => {
    const small = frame(4, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(1_000)]))
    const client = await open(Buffer.concat([preface, small]))
    client.send(headers(1, '/t/Large'), data(1, grpc(Buffer.of())))
    const sent = () =>
      client.frames
        .filter(({ type }) => type === 0)
        .reduce((sum, { payload }) => sum + payload.length, 0)
    await until('the first window', () => sent() === 1_000)
    client.send(frame(8, 0, 1, uint32(400_000)))
    await until('the connection window', () => sent() === 65_535)
    client.send(frame(8, 0, 0, uint32(400_000)))
    await client.wait('trailers', isTrailer(1))
    expect(sent()).toBe(300_005)
  })

  test('a change of the initial window counts for open streams', async () => {
    const none = frame(4, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(0)]))
    const client = await open(Buffer.concat([preface, none]))
    client.send(headers(1, '/t/Echo'), data(1, grpc(Buffer.from('x'))))
    await client.wait('headers', ({ type, stream }) => type === 4 && stream === 0)
    client.send(frame(4, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(100)])))
    await client.wait('trailers', isTrailer(1))
  })

  test('the client gets its windows back', async () => {
    const client = await open()
    client.send(headers(1, '/t/Chat'))
    const piece = grpc(Buffer.alloc(16_000))
    for (let count = 0; count < 300; count++) client.send(data(1, piece, 0))
    await client.wait('WINDOW_UPDATE of the stream', it => it.type === 8 && it.stream === 1)
    const connection = client.frames.filter(it => it.type === 8 && it.stream === 0)
    await until('that of the connection', () => connection.length > 0)
  })

  test('a handler that is busy slows the client; who goes on is refused', async () => {
    const client = await open()
    client.send(headers(1, '/t/Slow'))
    const piece = grpc(Buffer.alloc(16_000))
    for (let count = 0; count < 65; count++) client.send(data(1, piece, 0))
    await new Promise(resolve => setTimeout(resolve, 50))
    expect(client.frames.some(it => it.type === 8 && it.stream === 1)).toBe(false)
    client.send(data(1, piece, 0))
    expect(await client.goAway()).toBe(errors.flow)
  })
})

/** What RFC 9113 says is wrong, and what must be answered: GOAWAY or RST_STREAM with a code. */
const wrong: readonly [string, 'goAway' | 'reset', number, Buffer[]][] = [
  ['a frame before SETTINGS', 'goAway', errors.protocol, [frame(6, 0, 0, Buffer.alloc(8))]],
  ['SETTINGS on a stream', 'goAway', errors.protocol, [frame(4, 0, 1, Buffer.alloc(0))]],
  ['SETTINGS of 5 bytes', 'goAway', errors.size, [frame(4, 0, 0, Buffer.alloc(5))]],
  ['an ack with payload', 'goAway', errors.size, [settings, frame(4, 1, 0, Buffer.alloc(6))]],
  [
    'a window of 2^31',
    'goAway',
    errors.flow,
    [frame(4, 0, 0, Buffer.concat([Buffer.of(0, 4), uint32(2 ** 31)]))],
  ],
  [
    'a frame size of 1',
    'goAway',
    errors.protocol,
    [frame(4, 0, 0, Buffer.concat([Buffer.of(0, 5), uint32(1)]))],
  ],
  ['a frame that is too large', 'goAway', errors.size, [settings, data(1, Buffer.alloc(16_385))]],
  ['PING of 7 bytes', 'goAway', errors.size, [settings, frame(6, 0, 0, Buffer.alloc(7))]],
  ['PING on a stream', 'goAway', errors.protocol, [settings, frame(6, 0, 1, Buffer.alloc(8))]],
  ['DATA on stream 0', 'goAway', errors.protocol, [settings, data(0, Buffer.alloc(1))]],
  ['DATA on an idle stream', 'goAway', errors.protocol, [settings, data(7, Buffer.alloc(1))]],
  ['RST_STREAM of an idle one', 'goAway', errors.protocol, [settings, frame(3, 0, 5, uint32(8))]],
  ['RST_STREAM of 3 bytes', 'goAway', errors.size, [settings, frame(3, 0, 1, Buffer.alloc(3))]],
  ['an even stream', 'goAway', errors.protocol, [settings, headers(2, '/t/Echo')]],
  [
    'a stream that goes back',
    'goAway',
    errors.closed,
    [settings, headers(5, '/t/Echo'), headers(3, '/t/Echo')],
  ],
  ['PUSH_PROMISE', 'goAway', errors.protocol, [settings, frame(5, 4, 1, Buffer.alloc(4))]],
  ['CONTINUATION alone', 'goAway', errors.protocol, [settings, frame(9, 4, 1, Buffer.alloc(4))]],
  [
    'a frame between HEADERS and CONTINUATION',
    'goAway',
    errors.protocol,
    [settings, headers(1, '/t/Echo', 0), frame(6, 0, 0, Buffer.alloc(8))],
  ],
  [
    'padding beyond the frame',
    'goAway',
    errors.protocol,
    [settings, frame(1, 0xc, 1, Buffer.of(9))],
  ],
  [
    'an index that is not there',
    'goAway',
    errors.compression,
    [settings, frame(1, 4, 1, Buffer.of(0xff, 0x7f))],
  ],
  ['half a header', 'goAway', errors.compression, [settings, frame(1, 4, 1, Buffer.of(0, 9, 65))]],
  [
    'a list of headers that is too long',
    'goAway',
    errors.calm,
    [
      settings,
      frame(1, 4, 1, block(Array.from({ length: 400 }, (_, at) => [`h${at}`, 'x'.repeat(30)]))),
    ],
  ],
  [
    'endless CONTINUATIONs',
    'goAway',
    errors.calm,
    [
      settings,
      headers(1, '/t/Echo', 0),
      ...Array.from({ length: 20 }, () => frame(9, 0, 1, Buffer.of())),
    ],
  ],
  ['WINDOW_UPDATE by 0', 'goAway', errors.protocol, [settings, frame(8, 0, 0, uint32(0))]],
  [
    'a connection window above 2^31-1',
    'goAway',
    errors.flow,
    [settings, frame(8, 0, 0, uint32(2 ** 31 - 1))],
  ],
  [
    'a stream window above 2^31-1',
    'reset',
    errors.flow,
    [settings, headers(1, '/t/Chat'), frame(8, 0, 1, uint32(2 ** 31 - 1))],
  ],
  [
    'WINDOW_UPDATE of a stream by 0',
    'reset',
    errors.protocol,
    [settings, headers(1, '/t/Chat'), frame(8, 0, 1, uint32(0))],
  ],
  [
    'DATA after the end',
    'reset',
    errors.closed,
    [settings, headers(1, '/t/Hold'), data(1, grpc(Buffer.of())), data(1, Buffer.of(1))],
  ],
  ['an upper case name', 'reset', errors.protocol, [settings, wrongHead([['X-Big', '1']])]],
  ['connection headers', 'reset', errors.protocol, [settings, wrongHead([['connection', 'x']])]],
  ['te but trailers', 'reset', errors.protocol, [settings, wrongHead([['te', 'gzip']])]],
  ['a pseudo header twice', 'reset', errors.protocol, [settings, wrongHead([[':path', '/a']])]],
  ['no path', 'reset', errors.protocol, [settings, frame(1, 4, 1, block([[':method', 'POST']]))]],
]

function wrongHead(more: [string, string][]): Buffer {
  return frame(1, 4, 1, Buffer.concat([request('/t/Echo'), block(more)]))
}

describe('what is wrong', () => {
  test.each(wrong)('%s: %s %i', async (_what, answer, code, frames) => {
    const client = await open(preface)
    client.send(...frames)
    if (answer === 'goAway') {
      expect(await client.goAway()).toBe(code)
      await until('the end of the connection', () => client.isClosed)
    } else expect(await client.reset(1)).toBe(code)
  })

  test('something else than HTTP/2', async () => {
    const client = await open(Buffer.from('GET / HTTP/1.1\r\nhost: x\r\n\r\n'))
    expect(await client.goAway()).toBe(errors.protocol)
  })

  test.each([
    ['pings', (_at: number) => frame(6, 0, 0, Buffer.alloc(8))],
    ['settings', (_at: number) => settings],
    ['empty frames', (_at: number) => data(1, Buffer.of(), 0)],
    ['unknown frames', (_at: number) => frame(99, 0, 0, Buffer.of())],
    [
      'resets',
      (at: number) =>
        Buffer.concat([headers(2 * at + 3, '/t/Chat'), frame(3, 0, 2 * at + 3, uint32(8))]),
    ],
  ])('a flood of %s', async (_what, make) => {
    const client = await open()
    client.send(headers(1, '/t/Chat'))
    for (let at = 0; at < 11_000 && !client.isClosed; at++) client.send(make(at))
    expect(await client.goAway()).toBe(errors.calm)
  })

  test('random frames never break the server', async () => {
    const prng = createPrng(7)
    for (let round = 0; round < 60; round++) {
      const client = await open()
      client.send(headers(1, '/t/Chat'), data(1, grpc(Buffer.from('x')), 0))
      for (let count = 0; count < 20; count++) {
        const payload = Buffer.from(Array.from({ length: prng.below(40) }, () => prng.below(256)))
        client.send(frame(prng.below(11), prng.below(256), prng.below(6), payload))
      }
      client.socket.end()
    }
    const good = await open()
    good.send(headers(1, '/t/Echo'), data(1, grpc(Buffer.from('still here'))))
    await good.wait('trailers', isTrailer(1))
  })

  test('random bytes within real requests never break it either', async () => {
    const prng = createPrng(8)
    for (let round = 0; round < 60; round++) {
      const client = await RawClient.open(transport.port, clientFlags)
      clients.push(client)
      const bytes = Buffer.concat([
        ...[preface, settings, headers(1, '/t/Chat'), data(1, grpc(Buffer.from('hello')), 0)],
        ...[headers(3, '/t/Echo'), data(3, grpc(Buffer.from('hello')))],
      ])
      for (let count = 0; count < 3; count++) {
        bytes[preface.length + prng.below(bytes.length - preface.length)] = prng.below(256)
      }
      client.send(bytes)
    }
    const good = await open()
    good.send(headers(1, '/t/Echo'), data(1, grpc(Buffer.from('still here'))))
    await good.wait('trailers', isTrailer(1))
  })
})

test('a stop lets calls end, refuses new ones and ends streams', async () => {
  const stopped = await start()
  const client = await RawClient.open(stopped.port, clientFlags)
  clients.push(client)
  const chats = streams.length
  client.send(preface, settings, headers(1, '/t/Hold'), data(1, grpc(Buffer.from('x'))))
  client.send(headers(3, '/t/Chat'))
  await until('the calls', () => held.length === 1 && streams.length > chats)
  const done = stopped.stop()
  expect(await client.goAway()).toBe(0)
  const ended = await client.wait('the end of the stream', isTrailer(3))
  expect(ended.payload.toString('latin1')).toContain('etcdserver: server stopped')
  client.send(headers(5, '/t/Echo'))
  expect(await client.reset(5)).toBe(errors.refused)
  held[0]!()
  await client.wait('the answer', isTrailer(1))
  await done
  await until('the end', () => client.isClosed)
})

test('node:http2 as a client, with Huffman code and a dynamic table', async () => {
  const file = (name: string) => readFileSync(clientFlags[clientFlags.indexOf(name) + 1]!)
  const tls = { ca: file('--cacert'), cert: file('--cert'), key: file('--key') }
  const session = connectHttp2(`https://127.0.0.1:${transport.port}`, tls)
  const call = (value: string) =>
    new Promise<string>((resolve, reject) => {
      const stream = session.request({
        ...{ ':method': 'POST', ':path': '/t/Echo', 'content-type': 'application/grpc' },
        ...{ te: 'trailers', 'user-agent': `grpc-test/${value}`, 'grpc-timeout': '5S' },
      })
      const chunks: Buffer[] = []
      let status = ''
      stream.on('data', chunk => chunks.push(chunk))
      stream.on('trailers', trailers => {
        status = String(trailers['grpc-status'])
      })
      stream.on('end', () => resolve(`${status} ${Buffer.concat(chunks).subarray(5)}`))
      stream.on('error', reject)
      stream.end(grpc(Buffer.from(value)))
    })
  const values = Array.from({ length: 300 }, (_, at) => `value-${at % 7}`)
  const answers = await Promise.all(values.map(call))
  expect(answers).toEqual(values.map(value => `0 ${value}`))
  session.close()
})
