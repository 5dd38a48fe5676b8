import * as http2 from 'node:http2'
import type { AddressInfo, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { type Clock, sleep } from '../../kernel/clock.ts'
import type { Startable } from '../../kernel/startable.ts'
import { Deframer, frameMessage } from './frames.ts'
import { codes, encodeStatusMessage, RpcError, rpcErrorOf, unknownMethod } from './status.ts'
import { parseTimeout } from './timeout.ts'
import {
  type Call,
  type Client,
  limits,
  type Method,
  type ServerStream,
  type StreamHandlers,
  type TransportOptions,
} from './types.ts'

/** gRPC over node:http2's stream events. Correct and slow: 43-70 us of CPU a call. */
export class NodeHttp2Transport implements Startable {
  readonly #options: TransportOptions
  readonly #server: http2.Http2SecureServer
  readonly #sessions = new Set<http2.ServerHttp2Session>()

  constructor(options: TransportOptions) {
    this.#options = options
    const { ca, cert, key } = options.tls
    this.#server = http2.createSecureServer({
      ...{ ca, cert, key, requestCert: true, rejectUnauthorized: true },
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.2',
      settings: {
        maxConcurrentStreams: limits.streamsMax,
        initialWindowSize: 1 << 20,
        maxHeaderListSize: limits.headerBytesMax,
      },
    })
    this.#server.maxConnections = limits.connectionsMax
    this.#server.on('session', session => {
      this.#sessions.add(session)
      session.setLocalWindowSize(16 << 20)
      session.on('error', () => {})
      session.on('close', () => this.#sessions.delete(session))
    })
    this.#server.on('sessionError', () => {})
    this.#server.on('stream', (stream, headers) => this.#onStream(stream, headers))
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? this.#options.port
  }

  start(): Promise<void> {
    const { host, port } = this.#options
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        this.#server.on('error', () => {})
        resolve()
      })
    })
  }

  async stop(): Promise<void> {
    const closed = new Promise<void>(resolve => {
      if (!this.#server.listening) resolve()
      else this.#server.close(() => resolve())
    })
    for (const session of this.#sessions) session.close()
    await Promise.race([closed, sleep(limits.drainMs)])
    for (const session of this.#sessions) session.destroy()
    await closed
  }

  #onStream(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): void {
    stream.on('error', () => {})
    const path = String(headers[':path'])
    const method = this.#options.methods.get(path)
    const call = callOf(stream, headers)
    const served = new ServedStream(stream, this.#options.clock)
    const type = String(headers['content-type'] ?? '')
    if (headers[':method'] !== 'POST' || !type.startsWith('application/grpc')) {
      stream.respond({ ':status': 415 }, { endStream: true })
    } else if (method === undefined) served.end(unknownMethod(path))
    else this.#serve(served, method, call)
  }

  #serve(served: ServedStream, method: Method, call: Call): void {
    if (method.kind === 'stream') {
      served.listen(method.open(served, call), call.timeoutMs)
      return
    }
    let request: Buffer | undefined
    served.listen({
      onMessage(message) {
        if (request === undefined) request = message
        else served.end(new RpcError('internal', 'a unary call has one message'))
      },
      onEnd: () => {
        if (request === undefined) served.end(new RpcError('internal', 'the call has no message'))
        else method.handle(request, call).then(served.finish, served.fail)
      },
    })
  }
}

function callOf(stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders): Call {
  const socket = stream.session?.socket as TLSSocket | undefined
  return {
    client: clientOf(socket),
    header(name) {
      const value = headers[name]
      return Array.isArray(value) ? value[0] : value
    },
    timeoutMs: parseTimeout(headers['grpc-timeout'] as string | undefined),
  }
}

const clients = new WeakMap<Socket, Client>()

/** The peer of a TLS socket; asked for once a connection. */
export function clientOf(socket: TLSSocket | undefined): Client {
  if (socket === undefined) return { commonName: '' }
  const known = clients.get(socket)
  if (known !== undefined) return known
  const name = socket.getPeerCertificate().subject?.CN
  const client = { commonName: typeof name === 'string' ? name : '' }
  clients.set(socket, client)
  return client
}

/** A ServerStream on a node:http2 stream. */
class ServedStream implements ServerStream {
  readonly #stream: http2.ServerHttp2Stream
  readonly #clock: Clock
  readonly #deframer = new Deframer()
  #handlers: StreamHandlers | undefined
  #hasHeaders = false
  #isOver = false
  #hasEnded = false
  #isBusy = false

  constructor(stream: http2.ServerHttp2Stream, clock: Clock) {
    this.#stream = stream
    this.#clock = clock
  }

  get queuedBytes(): number {
    return this.#stream.writableLength
  }

  get isOver(): boolean {
    return this.#isOver
  }

  listen(handlers: StreamHandlers, timeoutMs?: number): void {
    this.#handlers = handlers
    this.#stream.on('data', (chunk: Buffer) => {
      this.#deframer.push(chunk)
      this.#pump()
    })
    this.#stream.on('end', () => {
      this.#hasEnded = true
      this.#pump()
    })
    this.#stream.on('close', () => this.#onClose())
    if (timeoutMs === undefined) return
    const late = () => this.end(new RpcError('deadlineExceeded', 'context deadline exceeded'))
    this.#stream.on('close', this.#clock.after(timeoutMs, late))
  }

  write(message: Buffer): void {
    if (this.#isOver) return
    this.#respond()
    this.#stream.write(frameMessage(message))
  }

  end(error?: RpcError): void {
    if (this.#isOver) return
    this.#isOver = true
    const trailers = {
      'grpc-status': String(error === undefined ? codes.ok : codes[error.code]),
      ...(error && { 'grpc-message': encodeStatusMessage(error.message) }),
    }
    if (!this.#hasHeaders && !this.#stream.headersSent) {
      const headers = { ':status': 200, 'content-type': 'application/grpc', ...trailers }
      this.#stream.respond(headers, { endStream: true })
    } else {
      this.#stream.once('wantTrailers', () => this.#stream.sendTrailers(trailers))
      this.#stream.end()
    }
    // What the client still sends is of no interest, and must not keep the stream open.
    this.#stream.resume()
  }

  drained(): Promise<void> {
    if (this.#isOver || this.queuedBytes <= limits.drainedBytes) return Promise.resolve()
    return new Promise(resolve => {
      const done = () => {
        this.#stream.off('drain', done)
        this.#stream.off('close', done)
        resolve()
      }
      this.#stream.on('drain', done)
      this.#stream.on('close', done)
    })
  }

  /** The end of a unary call. */
  readonly finish = (response: Buffer): void => {
    this.write(response)
    this.end()
  }

  readonly fail = (error: unknown): void => this.end(rpcErrorOf(error))

  #respond(): void {
    if (this.#hasHeaders || this.#stream.headersSent) return
    this.#hasHeaders = true
    const headers = { ':status': 200, 'content-type': 'application/grpc' }
    this.#stream.respond(headers, { waitForTrailers: true })
  }

  /** Hands over whole messages, one at a time while the handler is busy. */
  #pump(): void {
    while (!this.#isBusy && !this.#isOver) {
      const message = this.#next()
      if (message === undefined) break
      const busy = this.#handlers?.onMessage(message)
      if (busy === undefined) continue
      this.#isBusy = true
      this.#stream.pause()
      void busy.finally(() => {
        this.#isBusy = false
        this.#stream.resume()
        this.#pump()
      })
    }
    if (!this.#hasEnded || this.#isBusy || this.#isOver) return
    this.#hasEnded = false
    this.#handlers?.onEnd?.()
  }

  #next(): Buffer | undefined {
    try {
      return this.#deframer.take()
    } catch (error) {
      this.fail(error)
      return undefined
    }
  }

  #onClose(): void {
    this.#isOver = true
    this.#handlers?.onClose?.()
    this.#handlers = undefined
  }
}
