import { readFileSync } from 'node:fs'
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import type { MessageType } from '../../../src/store/etcd/rpc/message.ts'
import { until } from '../../support/until.ts'
import { grpc } from './raw-http2.ts'

/** How a call ended. */
export interface Status {
  readonly code: number
  readonly message: string
}

type Headers = Readonly<Record<string, string>>

/** A gRPC client on node:http2: none of the code that it tests. */
export class GrpcClient {
  readonly #session: ClientHttp2Session

  /** `flags` as etcdctl has them. */
  constructor(endpoint: string, flags: readonly string[]) {
    const file = (name: string) => readFileSync(flags[flags.indexOf(name) + 1]!)
    const tls = { ca: file('--cacert'), cert: file('--cert'), key: file('--key') }
    this.#session = connect(endpoint, { ...tls, settings: { initialWindowSize: 1 << 20 } })
    this.#session.on('error', () => {})
  }

  /** `path` without etcd's package, `KV/Put`, or from the root: `/v3lockpb.Lock/Lock`. */
  stream(path: string, headers: Headers = {}): GrpcStream {
    return new GrpcStream(
      this.#session.request({
        ':method': 'POST',
        ':path': path.startsWith('/') ? path : `/etcdserverpb.${path}`,
        ...{ 'content-type': 'application/grpc', te: 'trailers', ...headers },
      }),
    )
  }

  /** The raw answer. @throws Status when it is not OK. */
  async raw(path: string, request: Uint8Array, headers?: Headers): Promise<Buffer> {
    const stream = this.stream(path, headers)
    stream.send(request)
    stream.end()
    const status = await stream.status()
    if (status.code !== 0) throw status
    return stream.messages[0] ?? Buffer.alloc(0)
  }

  async call<Q, R>(
    path: string,
    types: readonly [MessageType<Q>, MessageType<R>],
    request: Partial<Q>,
    headers?: Headers,
  ): Promise<R> {
    return types[1].decode(await this.raw(path, types[0].encode(request), headers))
  }

  close(): void {
    this.#session.destroy()
  }
}

export class GrpcStream {
  readonly messages: Buffer[] = []
  readonly stream: ClientHttp2Stream
  #chunks: Buffer[] = []
  #bytes = 0
  #wanted = 5
  #status: Status | undefined

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream
    const take = (headers: Record<string, unknown>) => {
      if (headers['grpc-status'] === undefined) return
      const message = decodeURIComponent(String(headers['grpc-message'] ?? ''))
      this.#status = { code: Number(headers['grpc-status']), message }
    }
    stream.on('response', take)
    stream.on('trailers', take)
    stream.on('error', () => {})
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('close', () => {
      this.#status ??= { code: -1, message: `reset ${stream.rstCode}` }
    })
  }

  send(message: Uint8Array): void {
    this.stream.write(grpc(message))
  }

  end(): void {
    this.stream.end()
  }

  /** Waits for message number `index`, from 0. */
  async message<T>(index: number, type: MessageType<T>): Promise<T> {
    return type.decode(await until(`message ${index}`, () => this.messages[index]))
  }

  status(): Promise<Status> {
    return until('the status', () => this.#status)
  }

  #onData(chunk: Buffer): void {
    this.#chunks.push(chunk)
    this.#bytes += chunk.length
    // Joined only when a message may be whole: chunks of a large one are many.
    if (this.#bytes < this.#wanted) return
    let bytes = Buffer.concat(this.#chunks)
    while (bytes.length >= 5 && bytes.length >= 5 + bytes.readUInt32BE(1)) {
      const end = 5 + bytes.readUInt32BE(1)
      this.messages.push(bytes.subarray(5, end))
      bytes = bytes.subarray(end)
    }
    this.#chunks = [bytes]
    this.#bytes = bytes.length
    this.#wanted = bytes.length >= 5 ? 5 + bytes.readUInt32BE(1) : 5
  }
}
