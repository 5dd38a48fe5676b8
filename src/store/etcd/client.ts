import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { systemClock } from '../../kernel/clock.ts'
import { errorMessage } from '../../kernel/result.ts'
import { percentDecoded } from '../../kernel/target.ts'
import type { MessageType } from './rpc/message.ts'

/** Where an etcd API listens and who asks; PEM texts. Without `tls`: in the clear. */
export interface EtcdEndpoint {
  /** `https://host:port` or `http://host:port`. */
  readonly url: string
  readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string }
}

/** gRPC metadata of a call, beside what every call has. */
export type CallHeaders = Readonly<Record<string, string>>

/** How a call ended other than with OK. */
export class GrpcError extends Error {
  override readonly name = 'GrpcError'
  /** gRPC's status code; 14 (unavailable) when the connection was lost. */
  readonly code: number
  /** False when the server surely has not seen the call. */
  readonly sent: boolean

  constructor(code: number, message: string, sent = true) {
    super(message)
    this.code = code
    this.sent = sent
  }
}

export const unavailable = 14
export const deadlineExceeded = 4
/** A connection that is not up after this is given up. */
const connectMs = 1_000
/** HTTP/2's REFUSED_STREAM: the server has not looked at the request. */
const refusedStream = 7
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

/** A connection; calls that it fails before it is up were never sent. */
interface Connection {
  readonly session: ClientHttp2Session
  isUp: boolean
}

/**
 * A gRPC client of one etcd endpoint over one HTTP/2 connection, which is opened with the first
 * call and again after it was lost. For what is asked of a real etcd, and of ours by tools.
 */
export class EtcdClient {
  readonly #endpoint: EtcdEndpoint
  #connection: Connection | undefined

  constructor(endpoint: EtcdEndpoint) {
    this.#endpoint = endpoint
  }

  /** @throws GrpcError */
  async unary<Request, Response>(
    path: string,
    types: { readonly request: MessageType<Request>; readonly response: MessageType<Response> },
    request: Partial<Request>,
    timeoutMs = 5_000,
    headers: CallHeaders = {},
  ): Promise<Response> {
    const stream = this.stream(path, types, timeoutMs, headers)
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
    headers: CallHeaders = {},
  ): ClientStream<Request, Response> {
    const connection = this.#open()
    let stream: ClientHttp2Stream
    try {
      stream = connection.session.request({
        ...headers,
        ':method': 'POST',
        ':path': path,
        te: 'trailers',
        'content-type': 'application/grpc',
        ...(timeoutMs > 0 ? { 'grpc-timeout': `${Math.ceil(timeoutMs)}m` } : {}),
      })
    } catch (error) {
      // The server has just said that it takes no more on this connection.
      return refusedStreamOf(new GrpcError(unavailable, errorMessage(error), false))
    }
    if (timeoutMs > 0) {
      const late = new GrpcError(deadlineExceeded, 'context deadline exceeded')
      const cancel = systemClock.after(timeoutMs, () => stream.destroy(late))
      stream.once('close', cancel)
    }
    stream.on('error', () => {})
    return {
      send: request => void stream.write(frame(types.request.encode(request))),
      end: () => void stream.end(),
      cancel: () => stream.close(8),
      responses: responsesOf(stream, types.response, () => connection.isUp),
    }
  }

  close(): void {
    this.#connection?.session.destroy()
    this.#connection = undefined
  }

  /** The next call opens another connection; calls under way end as they may. */
  retire(): void {
    this.#connection?.session.close()
    this.#connection = undefined
  }

  #open(): Connection {
    const known = this.#connection
    if (known !== undefined && !known.session.closed && !known.session.destroyed) return known
    const { url, tls } = this.#endpoint
    const session = connect(url, {
      ...tls,
      settings: { enablePush: false, initialWindowSize: 4 << 20 },
    })
    const connection = { session, isUp: false }
    const late = new Error(`${url}: no connection within ${connectMs} ms`)
    const timer = setTimeout(() => session.destroy(late), connectMs)
    session.on('error', () => {})
    session.once('close', () => clearTimeout(timer))
    session.once('connect', () => {
      clearTimeout(timer)
      connection.isUp = true
      // It may have been given up in the same moment.
      if (!session.destroyed) session.setLocalWindowSize(16 << 20)
    })
    this.#connection = connection
    return connection
  }
}

function refusedStreamOf<Request, Response>(error: GrpcError): ClientStream<Request, Response> {
  const responses = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }
  return { send() {}, end() {}, cancel() {}, responses }
}

async function* responsesOf<T>(
  stream: ClientHttp2Stream,
  type: MessageType<T>,
  wasUp: () => boolean,
): AsyncGenerator<T> {
  const isSent = () => wasUp() && stream.rstCode !== refusedStream
  const ended = statusOf(stream, isSent)
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
    if (error instanceof GrpcError) throw error
    throw new GrpcError(unavailable, errorMessage(error), isSent())
  } finally {
    if (!stream.closed) stream.close(8)
  }
  await ended
}

/** Resolves with the trailers' OK. */
function statusOf(stream: ClientHttp2Stream, isSent: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (headers: Readonly<Record<string, unknown>>) => {
      const status = headers['grpc-status']
      if (status === undefined) return
      const text = String(headers['grpc-message'] ?? '')
      const message = percentDecoded(text) ?? text
      if (Number(status) === 0) resolve()
      else reject(new GrpcError(Number(status), message))
    }
    stream.once('response', headers => {
      const status = Number(headers[':status'])
      settle(headers)
      if (status !== 200) reject(new GrpcError(unavailable, `HTTP status ${status}`))
    })
    stream.once('trailers', settle)
    stream.once('close', () =>
      reject(new GrpcError(unavailable, 'the connection was lost', isSent())),
    )
  })
}

function frame(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(prefixBytes + message.length)
  framed[0] = 0
  framed.writeUInt32BE(message.length, 1)
  message.copy(framed, prefixBytes)
  return framed
}
