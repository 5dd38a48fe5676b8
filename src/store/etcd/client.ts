import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { errorMessage } from '../../kernel/result.ts'
import type { MessageType } from './rpc/message.ts'

/** Where an etcd API listens and who asks; PEM texts. Without `tls`: in the clear. */
export interface EtcdEndpoint {
  /** `https://host:port` or `http://host:port`. */
  readonly url: string
  readonly tls?: { readonly ca: string; readonly cert: string; readonly key: string }
}

/** How a call ended other than with OK. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError'
  /** gRPC's status code; 14 (unavailable) when the connection was lost. */
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export const unavailable = 14
const deadlineExceeded = 4
const prefixBytes = 5
const messageBytesMax = 64 << 20

/** A stream of messages in both directions. */
export interface ClientStream<Request, Response> {
  send(request: Partial<Request>): void
  /** We send no more. */
  end(): void
  cancel(): void
  readonly responses: AsyncIterable<Response>
}

/**
 * A gRPC client of one etcd endpoint over one HTTP/2 connection, which is opened with the first
 * call and again after it was lost. For what is asked of a real etcd, and of ours by tools.
 */
export class EtcdClient {
  readonly #endpoint: EtcdEndpoint
  #session: ClientHttp2Session | undefined

  constructor(endpoint: EtcdEndpoint) {
    this.#endpoint = endpoint
  }

  /** @throws GrpcError */
  async unary<Request, Response>(
    path: string,
    types: { readonly request: MessageType<Request>; readonly response: MessageType<Response> },
    request: Partial<Request>,
    timeoutMs = 5_000,
  ): Promise<Response> {
    const stream = this.stream(path, types, timeoutMs)
    stream.send(request)
    stream.end()
    for await (const response of stream.responses) return response
    throw new GrpcError(13, `${path}: no response`)
  }

  /** `timeoutMs` 0: for as long as it takes. */
  stream<Request, Response>(
    path: string,
    types: { readonly request: MessageType<Request>; readonly response: MessageType<Response> },
    timeoutMs = 0,
  ): ClientStream<Request, Response> {
    const stream = this.#open().request({
      ':method': 'POST',
      ':path': path,
      te: 'trailers',
      'content-type': 'application/grpc',
      ...(timeoutMs > 0 ? { 'grpc-timeout': `${Math.ceil(timeoutMs)}m` } : {}),
    })
    if (timeoutMs > 0) {
      const late = new GrpcError(deadlineExceeded, 'context deadline exceeded')
      const timer = setTimeout(() => stream.destroy(late), timeoutMs)
      stream.once('close', () => clearTimeout(timer))
    }
    stream.on('error', () => {})
    return {
      send: request => void stream.write(frame(types.request.encode(request))),
      end: () => void stream.end(),
      cancel: () => stream.close(8),
      responses: responsesOf(stream, types.response),
    }
  }

  close(): void {
    this.#session?.destroy()
    this.#session = undefined
  }

  #open(): ClientHttp2Session {
    if (this.#session !== undefined && !this.#session.closed && !this.#session.destroyed) {
      return this.#session
    }
    const { url, tls } = this.#endpoint
    const session = connect(url, {
      ...tls,
      settings: { enablePush: false, initialWindowSize: 4 << 20 },
    })
    session.on('error', () => {})
    session.once('connect', () => session.setLocalWindowSize(16 << 20))
    this.#session = session
    return session
  }
}

async function* responsesOf<T>(stream: ClientHttp2Stream, type: MessageType<T>): AsyncGenerator<T> {
  const ended = statusOf(stream)
  ended.catch(() => {})
  let pending: Buffer = Buffer.alloc(0)
  try {
    for await (const chunk of stream) {
      pending = pending.length === 0 ? (chunk as Buffer) : Buffer.concat([pending, chunk as Buffer])
      for (;;) {
        if (pending.length < prefixBytes) break
        const length = pending.readUInt32BE(1)
        if (length > messageBytesMax) throw new GrpcError(8, `a message of ${length} bytes`)
        if (pending.length < prefixBytes + length) break
        yield type.decode(pending.subarray(prefixBytes, prefixBytes + length))
        pending = pending.subarray(prefixBytes + length)
      }
    }
  } catch (error) {
    throw error instanceof GrpcError ? error : new GrpcError(unavailable, errorMessage(error))
  } finally {
    if (!stream.closed) stream.close(8)
  }
  await ended
}

/** Resolves with the trailers' OK. */
function statusOf(stream: ClientHttp2Stream): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (headers: Readonly<Record<string, unknown>>) => {
      const status = headers['grpc-status']
      if (status === undefined) return
      const message = decodeURIComponent(String(headers['grpc-message'] ?? ''))
      if (Number(status) === 0) resolve()
      else reject(new GrpcError(Number(status), message))
    }
    stream.once('response', headers => {
      const status = Number(headers[':status'])
      settle(headers)
      if (status !== 200) reject(new GrpcError(unavailable, `HTTP status ${status}`))
    })
    stream.once('trailers', settle)
    stream.once('close', () => reject(new GrpcError(unavailable, 'the connection was lost')))
  })
}

function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(prefixBytes + message.length)
  framed[0] = 0
  framed.writeUInt32BE(message.length, 1)
  message.copy(framed, prefixBytes)
  return framed
}
