import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect, type TLSSocket } from 'node:tls'
import { until } from '../../support/until.ts'

/** A frame as it came. */
export interface Frame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 'latin1')

export function frame(type: number, flags: number, stream: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flags
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export const settings = frame(4, 0, 0, Buffer.alloc(0))

/** Headers as literals without indexing and without Huffman code; short ones only. */
export function block(headers: readonly (readonly [string, string])[]): Buffer {
  const text = (value: string) => Buffer.concat([Buffer.of(value.length), Buffer.from(value)])
  return Buffer.concat(headers.flatMap(([name, value]) => [Buffer.of(0), text(name), text(value)]))
}

export function request(path: string): Buffer {
  return block([
    [':method', 'POST'],
    [':scheme', 'https'],
    [':path', path],
    [':authority', 'x'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ])
}

export function grpc(message: Uint8Array): Buffer {
  const prefix = Buffer.alloc(5)
  prefix.writeUInt32BE(message.length, 1)
  return Buffer.concat([prefix, message])
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

/** A client that sends what it is told, right or wrong, and keeps what it gets. */
export class RawClient {
  readonly frames: Frame[] = []
  readonly socket: TLSSocket
  isClosed = false
  #rest = Buffer.alloc(0)

  constructor(socket: TLSSocket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('error', () => {})
    socket.on('close', () => {
      this.isClosed = true
    })
  }

  /** `flags` as etcdctl has them. */
  static async open(port: number, flags: readonly string[]): Promise<RawClient> {
    const file = (name: string) => readFileSync(flags[flags.indexOf(name) + 1]!)
    const tls = { ca: file('--cacert'), cert: file('--cert'), key: file('--key') }
    const socket = connect({ host: '127.0.0.1', port, ALPNProtocols: ['h2'], ...tls })
    await once(socket, 'secureConnect')
    return new RawClient(socket)
  }

  send(...frames: readonly Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  /** Waits for a frame that `match` likes. */
  wait(what: string, match: (frame: Frame) => boolean): Promise<Frame> {
    return until(what, () => this.frames.find(match), 5_000)
  }

  /** The code of the GOAWAY that ends the connection. */
  async goAway(): Promise<number> {
    return (await this.wait('GOAWAY', ({ type }) => type === 7)).payload.readUInt32BE(4)
  }

  async reset(stream: number): Promise<number> {
    const found = await this.wait('RST_STREAM', it => it.type === 3 && it.stream === stream)
    return found.payload.readUInt32BE(0)
  }

  close(): void {
    this.socket.destroy()
  }

  #onData(chunk: Buffer): void {
    let bytes = Buffer.concat([this.#rest, chunk])
    while (bytes.length >= 9) {
      const end = 9 + bytes.readUIntBE(0, 3)
      if (bytes.length < end) break
      const [type, flags] = [bytes[3]!, bytes[4]!]
      this.frames.push({
        type,
        flags,
        stream: bytes.readUInt32BE(5),
        payload: bytes.subarray(9, end),
      })
      bytes = bytes.subarray(end)
    }
    this.#rest = bytes
  }
}
