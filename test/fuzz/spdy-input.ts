import { createRequire } from 'node:module'
import { constants, deflateSync } from 'node:zlib'
import type { Prng } from '../../src/kernel/prng.ts'
import { mutate, pick, randomBytes } from './mutate.ts'

const require = createRequire(import.meta.url)
const dictionaries =
  require('spdy-transport/lib/spdy-transport/protocol/spdy/dictionary') as Readonly<
    Record<string, Buffer>
  >

const types = ['error', 'data', 'stdin', 'stdout', 'stderr', 'resize', 'constructor', '']
const ports = ['80', '1', '0', '65535', '65536', '99999', '-1', 'x', '', '9'.repeat(40)]
const texts = ['{"Width":80,"Height":24}\n', '{"Width":-1,"Height":"x"}\n', 'null\n', 'hello', '']

/** A session of SPDY/3.1 as clients of exec and port-forward have it, with something wrong. */
export function spdySession(prng: Prng): Buffer {
  const frames: Buffer[] = []
  for (let n = 0, count = 1 + prng.below(5); n < count; n++) {
    const stream = prng.chance(0.9) ? 1 + 2 * n : prng.below(2 ** 31)
    frames.push(synStream(stream, headersOf(prng), n === 0, prng))
    if (prng.chance(0.6)) frames.push(dataFrame(stream, prng))
    if (prng.chance(0.2)) frames.push(oddFrame(stream, prng))
  }
  const bytes = Buffer.concat(frames)
  return prng.chance(0.7) ? bytes : mutate(bytes, prng)
}

function headersOf(prng: Prng): readonly (readonly [string, string])[] {
  const headers: [string, string][] = [
    ['streamtype', pick(types, prng)],
    ['port', prng.chance(0.5) ? '80' : pick(ports, prng)],
    ['requestid', String(prng.below(3))],
  ]
  if (prng.chance(0.1)) headers.push([pick([':path', '__proto__', 'x', ''], prng), 'y'])
  if (prng.chance(0.1)) headers.splice(prng.below(3), 1)
  return headers
}

/** Source: SPDY Protocol draft 3.1, 2.6.1. */
function synStream(
  stream: number,
  headers: readonly (readonly [string, string])[],
  isFirst: boolean,
  prng: Prng,
): Buffer {
  const text = (value: string) => [uint32(value.length), Buffer.from(value, 'latin1')]
  const pairs = headers.flatMap(([name, value]) => [...text(name), ...text(value)])
  const plain = Buffer.concat([uint32(headers.length), ...pairs])
  const block = isFirst ? compress(plain) : stored(plain)
  const payload = Buffer.concat([uint32(stream), uint32(0), Buffer.of(0, 0), block])
  return control(1, prng.chance(0.1) ? 1 : 0, prng.chance(0.95) ? payload : mutate(payload, prng))
}

/** The compression goes on over all frames of a connection: later ones are not compressed. */
function compress(plain: Buffer): Buffer {
  const dictionary = dictionaries['3.1']
  return deflateSync(plain, { dictionary, finishFlush: constants.Z_SYNC_FLUSH })
}

/** A block of deflate that holds its bytes as they are. Source: RFC 1951, 3.2.4. */
function stored(plain: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt16LE(plain.length, 1)
  head.writeUInt16LE(~plain.length & 0xffff, 3)
  return Buffer.concat([head, plain])
}

function dataFrame(stream: number, prng: Prng): Buffer {
  const data = prng.chance(0.5) ? Buffer.from(pick(texts, prng)) : randomBytes(prng.below(60), prng)
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  length[0] = prng.chance(0.3) ? 1 : 0
  return Buffer.concat([uint32(stream), length, data])
}

function oddFrame(stream: number, prng: Prng): Buffer {
  const makers: readonly (() => Buffer)[] = [
    () => control(3, 0, Buffer.concat([uint32(stream), uint32(prng.below(12))])),
    () =>
      control(4, 0, Buffer.concat([uint32(1), uint32(prng.below(9)), uint32(prng.below(2 ** 31))])),
    () => control(6, 0, uint32(prng.below(2 ** 31))),
    () => control(7, 0, Buffer.concat([uint32(stream), uint32(0)])),
    () => control(9, 0, Buffer.concat([uint32(stream), uint32(prng.below(2 ** 31))])),
    () => control(prng.below(12), prng.below(256), randomBytes(prng.below(30), prng)),
  ]
  return pick(makers, prng)()
}

function control(type: number, flags: number, payload: Buffer): Buffer {
  const head = Buffer.of(0x80, 3, 0, type, flags, 0, 0, 0)
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
