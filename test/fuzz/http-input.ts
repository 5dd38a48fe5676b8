import type { Prng } from '../../src/kernel/prng.ts'
import { mutate, pick, randomBytes } from './mutate.ts'
import { spdySession } from './spdy-input.ts'

/** A request before anything is wrong with it. */
export interface Request {
  readonly method: string
  /** With the query. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: Uint8Array
}

const awkwardTargets = [
  ...[
    '/',
    '//',
    '///x',
    '*',
    '/%',
    '/%00',
    '/%2e%2e/%2e%2e',
    '/../..',
    '/%ff%fe',
    '/?',
    '/?%',
    '/#',
  ],
  ...[
    'http://x y/',
    'https://[::',
    'https:///x',
    '/\\',
    '/;',
    '/a?b=%zz&c',
    `/${'x'.repeat(9_000)}`,
  ],
  ...[`/${'x/'.repeat(3_000)}`, `/x?${'a=b&'.repeat(3_000)}`, '/constructor', '/__proto__/x'],
]
const awkwardMethods = [
  'CONNECT',
  'OPTIONS',
  'TRACE',
  'HEAD',
  'get',
  'PRI',
  'M-SEARCH',
  'DELETE',
  'X',
]
const awkwardHeaders: readonly (readonly [string, string])[] = [
  ['transfer-encoding', 'chunked'],
  ['transfer-encoding', 'gzip, chunked'],
  ['content-length', '99999999'],
  ['content-length', '-1'],
  ['expect', '100-continue'],
  ['connection', 'upgrade'],
  ['upgrade', 'websocket'],
  ['upgrade', 'SPDY/3.1'],
  ['upgrade', 'h2c'],
  ['sec-websocket-version', '13'],
  ['sec-websocket-version', '99'],
  ['sec-websocket-key', 'dGhlIHNhbXBsZSBub25jZQ=='],
  ['sec-websocket-key', ''],
  ['sec-websocket-protocol', 'v5.channel.k8s.io'],
  ['sec-websocket-protocol', 'SPDY/3.1+portforward.k8s.io'],
  ['sec-websocket-protocol', ', ,,'],
  ['x-stream-protocol-version', 'v4.channel.k8s.io'],
  ['authorization', 'Bearer x'],
  ['impersonate-user', 'root'],
  ['accept', 'application/vnd.kubernetes.protobuf;q=nan,*/*;;;='],
  ['accept', 'application/json;as=Table;v=v1;g=meta.k8s.io'],
  ['accept', 'application/json;as=Table;v=v9;g=constructor'],
  ['accept-encoding', 'gzip, gzip, gzip'],
  ['content-type', 'application/json; charset="'],
  ['content-type', 'constructor'],
  ['content-type', 'application/apply-patch+yaml'],
  ['content-encoding', 'gzip'],
  ['cookie', 'x'.repeat(12_000)],
  ['x', '\u00ff\u0080'],
  ['__proto__', 'x'],
  ['host', ''],
]

/** The request as it goes over the wire; now and then with something wrong about its frame. */
export function encodeRequest(request: Request, prng: Prng): Buffer {
  const method = prng.chance(0.05) ? pick(awkwardMethods, prng) : request.method
  const headers: [string, string][] = [['host', 'x'], ...Object.entries(request.headers ?? {})]
  for (let more = prng.chance(0.25) ? prng.below(4) : 0; more > 0; more--) {
    headers.push([...pick(awkwardHeaders, prng)])
  }
  if (prng.chance(0.02)) for (let n = 0; n < 1_500; n++) headers.push([`x-${n}`, 'y'])
  const body = Buffer.from(request.body ?? [])
  if (body.length > 0) headers.push(['content-length', String(body.length)])
  const version = prng.chance(0.03) ? pick(['HTTP/1.0', 'HTTP/9.9', 'HTTP/', ''], prng) : 'HTTP/1.1'
  const lines = headers.map(([name, value]) => `${name}: ${value}`)
  const head = [`${method} ${targetOf(request, prng)} ${version}`, ...lines].join('\r\n')
  const bytes = Buffer.concat([Buffer.from(`${head}\r\n\r\n`, 'latin1'), body])
  const draw = prng.next()
  if (draw < 0.05) return mutate(bytes, prng)
  if (draw < 0.06) return randomBytes(prng.below(400), prng)
  const after = afterUpgrade[request.headers?.upgrade ?? '']
  if (prng.chance(after ? 0.1 : 0.02)) return Buffer.concat([bytes, randomBytes(100, prng)])
  return after ? Buffer.concat([bytes, pick(after, prng)(prng)]) : bytes
}

/** What a client says after its upgrade: by the protocol that it asked for. */
const afterUpgrade: Readonly<Record<string, readonly ((prng: Prng) => Buffer)[]>> = {
  websocket: [
    prng => webSocketFrame(prng.below(16), randomBytes(prng.below(200), prng), prng),
    prng => webSocketFrame(2, Buffer.of(4, ...Buffer.from('{"Width":"x","Height":-1}')), prng),
    prng => webSocketFrame(2, Buffer.of(prng.below(256), 1, 2, 3), prng),
    prng => webSocketFrame(2, spdySession(prng), prng),
  ],
  'SPDY/3.1': [spdySession],
}

/** Masked with zeros. Source: RFC 6455, 5.2. */
function webSocketFrame(opcode: number, payload: Buffer, prng: Prng): Buffer {
  const isLong = payload.length > 125
  const length = Buffer.alloc(isLong ? 2 : 0)
  if (isLong) length.writeUInt16BE(payload.length)
  const head = Buffer.of(0x80 | opcode, 0x80 | (isLong ? 126 : payload.length))
  const frame = Buffer.concat([head, length, Buffer.alloc(4), payload])
  return prng.chance(0.7) ? frame : mutate(frame, prng)
}

function targetOf({ target }: Request, prng: Prng): string {
  const draw = prng.next()
  if (draw < 0.8) return target
  if (draw < 0.85) return pick(awkwardTargets, prng)
  // Of the path, or of the query alone: then what is asked for is still found.
  const mark = prng.chance(0.5) ? 0 : Math.max(0, target.indexOf('?'))
  const mutated = mutate(Buffer.from(target.slice(mark + 1)), prng).toString('latin1')
  return (
    target.slice(0, mark + 1) + (draw < 0.97 ? encodeURI(mutated).replaceAll('%25', '%') : mutated)
  )
}

/** Upgrade headers of a client that means it. */
export const upgrades: readonly Readonly<Record<string, string>>[] = [
  {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'v5.channel.k8s.io',
  },
  {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': 'SPDY/3.1+portforward.k8s.io',
  },
  {
    connection: 'Upgrade',
    upgrade: 'SPDY/3.1',
    'x-stream-protocol-version': 'v4.channel.k8s.io, portforward.k8s.io',
  },
]

const statusLine = /HTTP\/1\.1 (5\d\d)[^\n]*/

/** A 5xx that is neither "later" nor "too slow": garbage is never the server's fault. */
export function serverError(got: Buffer): string | undefined {
  const text = got.toString('latin1')
  const found = statusLine.exec(text)
  if (found === null || found[1] === '503' || found[1] === '504') return undefined
  return text.slice(found.index, found.index + 1_000)
}
