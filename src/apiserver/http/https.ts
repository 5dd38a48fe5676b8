import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { createGzip } from 'node:zlib'
import type { ApiRequest, ApiResponse, UserInfo } from '../../api/http.ts'
import {
  requestEntityTooLarge,
  type StatusError,
  tooManyRequests,
  unauthorized,
} from '../../api/status.ts'
import { requestBodyBytesMax } from '../../kernel/limits.ts'
import type { Logger } from '../../kernel/logger.ts'
import { errorMessage } from '../../kernel/result.ts'
import { anonymous, authenticate } from '../filters/authentication.ts'
import type { ApiServerOptions } from '../types.ts'
import { type Body, BodyReader } from './read-body.ts'
import { statusResponse } from './respond.ts'

/** Answers above this are compressed for clients that ask. Source: apiserver responsewriters. */
const gzipBytesMin = 128 * 1024
const headersTimeoutMs = 20_000
const requestTimeoutMs = 60_000
/** Idle connections are kept longer than clients keep theirs: Go's default is 90 s. */
const keepAliveMs = 120_000
/** What the bodies of all requests under way may weigh; who comes then is to come again. */
const bodiesBytesMax = 256 << 20
/** Of somebody without a certificate, who can ask to join and nothing else. */
const anonymousBytesMax = 64 << 10
const stopGraceMs = 2_000

/** What the front end needs of the server behind it. */
export interface FrontEnd {
  /** Answer `Connection: close`: this peer leads or knows no leader, clients go elsewhere. */
  movesClients(): boolean
  serve(request: ApiRequest, user: UserInfo): Promise<ApiResponse>
  /** Takes over a connection that asks for an upgrade. */
  upgrade(request: ApiRequest, user: UserInfo, socket: Duplex, head: Buffer): Promise<void>
}

/** The HTTPS face: TLS, client certificates, bounded bodies, streamed answers. */
export class HttpsFace {
  readonly #options: ApiServerOptions
  readonly #front: FrontEnd
  readonly #logger: Logger
  readonly #server: Server
  readonly #sockets = new Set<Duplex>()
  readonly #bodies = new BodyReader(bodiesBytesMax)

  constructor(options: ApiServerOptions, front: FrontEnd) {
    this.#options = options
    this.#front = front
    this.#logger = options.logger
    this.#server = createServer({
      cert: options.tls.cert,
      key: options.tls.key,
      ca: options.ca,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      ALPNProtocols: ['http/1.1'],
      keepAliveTimeout: keepAliveMs,
      headersTimeout: headersTimeoutMs,
      // For the request's own bytes; answers may take as long as they do.
      requestTimeout: requestTimeoutMs,
    })
    this.#server.on('request', (message, response) => void this.#onRequest(message, response))
    this.#server.on(
      'upgrade',
      (message, socket, head) => void this.#onUpgrade(message, socket, head),
    )
    this.#server.on('connection', socket => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('tlsClientError', error => {
      this.#logger.debug('TLS handshake failed', { error: errorMessage(error) })
    })
  }

  get port(): number {
    return (this.#server.address() as AddressInfo | null)?.port ?? 0
  }

  listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#options.port, this.#options.host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
  }

  /** No new connections; idle ones close at once, busy ones have a moment. */
  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    this.#server.closeIdleConnections()
    const cancel = this.#options.clock.after(stopGraceMs, () => {
      for (const socket of this.#sockets) socket.destroy()
    })
    await closed
    cancel()
  }

  async #onRequest(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the client went away')))
    try {
      const user = authenticate(message)
      if (user === undefined) {
        message.resume()
        await this.#send(message, response, statusResponse(unauthorized()))
        return
      }
      const bytesMax = user === anonymous ? anonymousBytesMax : requestBodyBytesMax
      const body = await this.#bodies.read(message, response, bytesMax)
      if (typeof body !== 'string') {
        const request = requestOf(message, body, gone.signal)
        await this.#send(message, response, await this.#front.serve(request, user))
        return
      }
      response.setHeader('connection', 'close')
      await this.#send(message, response, statusResponse(refusals[body](bytesMax)))
    } catch (error) {
      this.#logger.debug('a connection broke', { error: errorMessage(error) })
      response.destroy()
    }
  }

  async #send(
    message: IncomingMessage,
    response: ServerResponse,
    answer: ApiResponse,
  ): Promise<void> {
    const { body } = answer
    const whole = body instanceof Uint8Array
    // A leader's death must cut few clients: they go to followers for their next request.
    if (this.#front.movesClients()) response.setHeader('connection', 'close')
    const accepts = String(message.headers['accept-encoding'] ?? '').includes('gzip')
    // What comes bit by bit, a watch or a followed log, must not wait for a full block.
    const live =
      /[?&]watch=(true|1)/.test(message.url ?? '') ||
      !String(answer.headers['content-type'] ?? '').includes('json')
    const zipped = accepts && !live && (!whole || body.length > gzipBytesMin)
    const headers: Record<string, string> = {
      'cache-control': 'no-cache, private',
      ...answer.headers,
    }
    if (zipped) headers['content-encoding'] = 'gzip'
    else if (whole) headers['content-length'] = String(body.length)
    response.writeHead(answer.status, headers)
    if (message.method === 'HEAD') {
      response.end()
    } else if (zipped) {
      const gzip = createGzip({ level: 1 })
      gzip.pipe(response)
      await writeAll(gzip, whole ? [body] : body)
    } else if (whole) {
      response.end(body)
    } else {
      response.flushHeaders()
      await writeAll(response, body)
    }
  }

  async #onUpgrade(message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', error => {
      this.#logger.debug('an upgraded connection broke', { error: errorMessage(error) })
    })
    const user = authenticate(message)
    const gone = new AbortController()
    socket.once('close', () => gone.abort())
    try {
      await this.#front.upgrade(
        requestOf(message, new Uint8Array(), gone.signal),
        user ?? anonymous,
        socket,
        head,
      )
    } catch (error) {
      this.#logger.debug('an upgrade failed', { error: errorMessage(error) })
      socket.destroy()
    }
  }
}

/** Why a body was not kept, to whoever sent it. */
const refusals: Readonly<Record<Body & string, (bytesMax: number) => StatusError>> = {
  'too long': bytesMax => requestEntityTooLarge(`limit is ${bytesMax}`),
  'too many': () => tooManyRequests('too many large requests; please try again', 1),
}

function requestOf(message: IncomingMessage, body: Uint8Array, signal: AbortSignal): ApiRequest {
  const url = message.url ?? '/'
  const mark = url.indexOf('?')
  const path = mark < 0 ? url : url.slice(0, mark)
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return {
    method: (message.method ?? 'GET') as ApiRequest['method'],
    path: path.length > 1 ? path.replace(/\/+$/, '') : path,
    query: new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)),
    headers,
    ...(body.length > 0 ? { body } : {}),
    signal,
  }
}

async function writeAll(
  to: NodeJS.WritableStream & { destroyed?: boolean },
  body: AsyncIterable<Uint8Array> | readonly Uint8Array[],
): Promise<void> {
  for await (const piece of body) {
    if (to.destroyed) return
    if (!to.write(piece)) {
      await new Promise<void>(resolve => {
        const go = () => {
          to.off('drain', go)
          to.off('close', go)
          resolve()
        }
        to.on('drain', go)
        to.on('close', go)
      })
    }
  }
  to.end()
}
