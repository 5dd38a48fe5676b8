import type { Prng } from '../../src/kernel/prng.ts'
import { block, frame, grpc, preface, settings, uint32 } from '../unit/etcd/raw-http2.ts'
import { type ValidCall, validCalls } from './etcd-corpus.ts'
import { encodeRequest } from './http-input.ts'
import { mutate, pick, randomBytes } from './mutate.ts'

/**
 * What comes to etcd's port: connections of HTTP/2 in which the protobuf, the framing of gRPC or
 * the frames are wrong, bytes that are none of it, and requests of the pages.
 */
export function etcdInput(prng: Prng): { readonly protocol: string; readonly bytes: Buffer } {
  if (prng.chance(0.1)) return { protocol: 'http/1.1', bytes: pageRequest(prng) }
  const draw = prng.next()
  const isCut = draw < 0.15
  const bytes = Buffer.concat([preface, settings, ...calls(isCut ? harmless : validCalls, prng)])
  if (isCut) return { protocol: 'h2', bytes: mutate(bytes, prng) }
  if (draw < 0.2) return { protocol: 'h2', bytes: randomBytes(prng.below(300), prng) }
  return { protocol: pick(['h2', 'h2', 'h2', 'h2', 'http/1.1'], prng), bytes }
}

/** Where any byte may become another one. */
const harmless = validCalls.filter(({ isFatal }) => isFatal === undefined)

const pages = [
  '/health',
  '/metrics',
  '/version',
  '/livez',
  '/readyz/data_corruption',
  '/health?a=b',
]

function pageRequest(prng: Prng): Buffer {
  return encodeRequest({ method: 'GET', target: pick(pages, prng) }, prng)
}

/** Frames of one to five calls, and some that belong to none. */
function calls(from: readonly ValidCall[], prng: Prng): Buffer[] {
  const frames: Buffer[] = []
  for (let n = 0, count = 1 + prng.below(5); n < count; n++) {
    const stream = 1 + 2 * n
    frames.push(...oneCall(pick(from, prng), stream, prng))
    if (prng.chance(0.2)) frames.push(oddFrame(stream, prng))
  }
  return prng.chance(0.1) ? shuffled(frames, prng) : frames
}

function oneCall(call: ValidCall, stream: number, prng: Prng): Buffer[] {
  const { path, message, isFatal } = call
  const head = headersFrame(path, stream, prng)
  const draw = prng.next()
  let body = draw < 0.25 ? message : mutate(message, prng)
  if (isFatal !== undefined && endsAll(isFatal, body)) body = message
  let data = grpc(body)
  // Before the length it says that it is compressed, or the length is another one.
  if (prng.chance(0.15)) data = mutate(data.subarray(0, 5), prng)
  if (prng.chance(0.1)) data = Buffer.concat([data, grpc(mutate(message, prng))])
  if (isFatal !== undefined) data = grpc(body)
  const end = prng.chance(0.8) ? 1 : 0
  if (prng.chance(0.1)) {
    const single = [...data].map(byte => frame(0, 0, stream, Buffer.of(byte)))
    return [head, ...single, frame(0, end, stream, Buffer.alloc(0))]
  }
  return [head, frame(0, end, stream, data)]
}

function endsAll(isFatal: (message: Buffer) => boolean, body: Buffer): boolean {
  try {
    return isFatal(body)
  } catch {
    return false
  }
}

const names = [
  'grpc-timeout',
  'authorization',
  'token',
  'hasleader',
  'grpc-encoding',
  'x',
  'te',
  '',
]
const texts = [
  '1S',
  '99999999H',
  '-1n',
  '0u',
  'x',
  '',
  'gzip',
  'true',
  'Bearer x',
  '\u0000',
  '1'.repeat(90),
]

function headersFrame(path: string, stream: number, prng: Prng): Buffer {
  const headers: [string, string][] = [
    [':method', prng.chance(0.95) ? 'POST' : pick(['GET', 'PUT', ''], prng)],
    [':scheme', 'https'],
    [
      ':path',
      prng.chance(0.95) ? path : mutate(Buffer.from(path), prng).toString('latin1').slice(0, 120),
    ],
    [':authority', 'x'],
    ['content-type', prng.chance(0.95) ? 'application/grpc' : pick(texts, prng)],
    ['te', 'trailers'],
  ]
  if (prng.chance(0.3)) headers.push([pick(names, prng), pick(texts, prng)])
  if (prng.chance(0.05)) headers.splice(prng.below(headers.length), 1)
  const plain = block(headers)
  const bytes = prng.chance(0.85) ? plain : mutate(plain, prng)
  if (!prng.chance(0.1)) return frame(1, 4, stream, bytes)
  const cut = prng.below(bytes.length + 1)
  const rest = frame(9, 4, stream, bytes.subarray(cut))
  return Buffer.concat([frame(1, 0, stream, bytes.subarray(0, cut)), rest])
}

/** Of each type, known and unknown, well-formed and not. */
function oddFrame(stream: number, prng: Prng): Buffer {
  const on = pick([0, stream, stream + 2, 2, 0x7fff_ffff], prng)
  const makers: readonly (() => Buffer)[] = [
    () => frame(2, 0, on, randomBytes(5, prng)),
    () => frame(3, 0, on, uint32(prng.below(20))),
    () =>
      frame(
        4,
        prng.below(2),
        0,
        Buffer.concat([Buffer.of(0, 1 + prng.below(7)), uint32(prng.below(2 ** 32))]),
      ),
    () => frame(6, prng.below(2), pick([0, on], prng), randomBytes(8, prng)),
    () => frame(7, 0, 0, Buffer.concat([uint32(0), uint32(prng.below(14))])),
    () => frame(8, 0, on, uint32(pick([0, 1, 0x7fff_ffff, prng.below(2 ** 31)], prng))),
    () => frame(5, 4, on, randomBytes(8, prng)),
    () =>
      frame(
        0,
        8,
        on,
        Buffer.concat([Buffer.of(prng.below(256)), randomBytes(prng.below(40), prng)]),
      ),
    () => frame(9, 4, on, randomBytes(prng.below(20), prng)),
    () => frame(prng.below(256), prng.below(256), on, randomBytes(prng.below(64), prng)),
  ]
  return pick(makers, prng)()
}

function shuffled(frames: readonly Buffer[], prng: Prng): Buffer[] {
  return frames
    .map(each => ({ each, at: prng.next() }))
    .sort((left, right) => left.at - right.at)
    .map(({ each }) => each)
}
