import type { ClientRequest, IncomingMessage } from 'node:http'
import { Agent, type RequestOptions, request } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { ApiRequest, ApiResponse, Transport } from '../api/http.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import { errorMessage } from '../kernel/result.ts'
import { readAll } from './lines.ts'
import { TransportError } from './types.ts'

/** Where and as whom. PEM texts; times have defaults. */
export interface HttpsTransportOptions {
  /** `https://host:port`, tried in this order, starting at the one that worked last. */
  readonly servers: readonly string[]
  readonly ca: string
  readonly cert?: string
  readonly key?: string
  /** Bearer token, instead of a certificate. */
  readonly token?: string
  /** To connect and finish TLS; default 2 s. */
  readonly connectTimeoutMs?: number
  /** Until the headers of an answer; default 30 s. */
  readonly answerTimeoutMs?: number
  /** Silence on open streams after which the server's health is asked; default 3 s. */
  readonly streamCheckMs?: number
  readonly clock?: Clock
}

/** A transport over HTTPS, with a way to let go of its connections. */
export interface HttpsTransport extends Transport {
  close(): void
}

interface Server {
  readonly url: URL
  readonly agent: Agent
  readonly streams: Set<IncomingMessage>
  lastHeard: number
}

/** Requests that may be sent twice without harm. */
const repeatable: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])

/**
 * Kubernetes API over keep-alive HTTPS. A server that can't be reached before the request is sent
 * is passed over for the next; requests without side effects also go to the next when a connection
 * breaks. Streams of a server that no longer answers are cut, so that no watch hangs on a paused
 * or vanished machine (as kubernetes#125530 did for 30 s).
 */
export function httpsTransport(options: HttpsTransportOptions): HttpsTransport {
  return new FailoverTransport(options)
}

class FailoverTransport implements HttpsTransport {
  readonly #options: HttpsTransportOptions
  readonly #clock: Clock
  readonly #servers: readonly Server[]
  #preferred = 0
  #cancelCheck: (() => void) | undefined

  constructor(options: HttpsTransportOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    const { ca, cert, key } = options
    this.#servers = options.servers.map(url => ({
      url: new URL(url),
      agent: new Agent({ keepAlive: true, keepAliveMsecs: 10_000, maxSockets: 256, ca, cert, key }),
      streams: new Set(),
      lastHeard: 0,
    }))
  }

  async request(apiRequest: ApiRequest): Promise<ApiResponse> {
    let failure: TransportError | undefined
    const first = this.#preferred
    for (let tried = 0; tried < this.#servers.length; tried++) {
      const position = (first + tried) % this.#servers.length
      const server = this.#servers[position]!
      try {
        const answer = await this.#send(server, apiRequest)
        // A server without a leader, or that shuts down, is not the one to ask next.
        this.#preferred = answer.status === 503 ? position + 1 : position
        return this.#track(server, apiRequest, answer)
      } catch (error) {
        apiRequest.signal?.throwIfAborted()
        if (!(error instanceof TransportError)) throw error
        failure = error
        this.#preferred = position + 1
        if (error.sent && !repeatable.has(apiRequest.method)) throw error
      }
    }
    throw failure ?? new TransportError('no API server is configured', { sent: false })
  }

  close(): void {
    this.#cancelCheck?.()
    for (const server of this.#servers) {
      for (const stream of server.streams) stream.destroy()
      server.agent.destroy()
    }
  }

  #send(server: Server, apiRequest: ApiRequest): Promise<IncomingAnswer> {
    return new Promise((resolve, reject) => {
      const search = apiRequest.query.toString()
      const outgoing = request(server.url, this.#requestOptions(server, apiRequest, search))
      const timers = new RequestTimers(this.#clock, this.#options, outgoing)
      outgoing.on('response', message => {
        timers.clear()
        server.lastHeard = this.#clock.now()
        resolve({ status: message.statusCode ?? 500, message })
      })
      outgoing.on('error', cause => {
        timers.clear()
        const text = `${server.url.host}: ${errorMessage(cause)}`
        reject(new TransportError(text, { sent: timers.sent, cause }))
      })
      outgoing.end(apiRequest.body)
    })
  }

  #requestOptions(server: Server, apiRequest: ApiRequest, search: string): RequestOptions {
    const headers: Record<string, string> = { ...apiRequest.headers }
    if (this.#options.token) headers.authorization = `Bearer ${this.#options.token}`
    if (apiRequest.body) headers['content-length'] = String(apiRequest.body.length)
    return {
      method: apiRequest.method,
      path: search ? `${apiRequest.path}?${search}` : apiRequest.path,
      headers,
      agent: server.agent,
      signal: apiRequest.signal,
    }
  }

  async #track(server: Server, request: ApiRequest, answer: IncomingAnswer): Promise<ApiResponse> {
    const { status, message } = answer
    const headers = flatten(message)
    if (!isStream(request)) {
      try {
        return { status, headers, body: await readWithin(message, this.#answerTimeoutMs) }
      } catch (cause) {
        const text = `${server.url.host}: ${errorMessage(cause)}`
        throw new TransportError(text, { sent: true, cause })
      }
    }
    server.streams.add(message)
    message.once('close', () => server.streams.delete(message))
    this.#cancelCheck ??= this.#clock.every(this.#checkMs, () => this.#checkStreams())
    return { status, headers, body: this.#pieces(server, message) }
  }

  async *#pieces(server: Server, message: IncomingMessage): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of message) {
        server.lastHeard = this.#clock.now()
        yield chunk
      }
    } catch (cause) {
      throw new TransportError(`${server.url.host}: ${errorMessage(cause)}`, { sent: true, cause })
    } finally {
      message.destroy()
    }
  }

  get #checkMs(): number {
    return this.#options.streamCheckMs ?? 3_000
  }

  get #answerTimeoutMs(): number {
    return this.#options.answerTimeoutMs ?? 30_000
  }

  #checkStreams(): void {
    const open = this.#servers.filter(server => server.streams.size > 0)
    if (open.length === 0) {
      this.#cancelCheck?.()
      this.#cancelCheck = undefined
    }
    for (const server of open) {
      if (this.#clock.now() - server.lastHeard < this.#checkMs) continue
      this.#ping(server).catch(error => {
        for (const stream of server.streams) stream.destroy(error)
        server.agent.destroy()
      })
    }
  }

  async #ping(server: Server): Promise<void> {
    const signal = AbortSignal.timeout(this.#checkMs)
    const ping = {
      method: 'GET',
      path: '/livez',
      query: new URLSearchParams(),
      headers: {},
    } as const
    const { message } = await this.#send(server, { ...ping, signal })
    message.resume()
  }
}

interface IncomingAnswer {
  readonly status: number
  readonly message: IncomingMessage
}

/** Limits the phases of one request, and knows whether any of it can have reached the server. */
class RequestTimers {
  sent = false
  readonly #outgoing: ClientRequest
  readonly #timers: (() => void)[] = []

  constructor(clock: Clock, options: HttpsTransportOptions, outgoing: ClientRequest) {
    this.#outgoing = outgoing
    const connectMs = options.connectTimeoutMs ?? 2_000
    const answerMs = options.answerTimeoutMs ?? 30_000
    const connect = clock.after(connectMs, () => this.#expire('connect', connectMs))
    this.#timers.push(connect)
    this.#timers.push(clock.after(answerMs, () => this.#expire('answer', answerMs)))
    outgoing.on('socket', socket => {
      const onSecure = () => {
        this.sent = true
        connect()
      }
      if (outgoing.reusedSocket) onSecure()
      else (socket as TLSSocket).once('secureConnect', onSecure)
    })
  }

  clear(): void {
    for (const cancel of this.#timers) cancel()
  }

  #expire(phase: string, ms: number): void {
    this.#outgoing.destroy(new Error(`no ${phase} within ${ms} ms`))
  }
}

function isStream(request: ApiRequest): boolean {
  return request.query.get('watch') !== null || request.query.get('follow') !== null
}

async function readWithin(message: IncomingMessage, ms: number): Promise<Buffer> {
  const late = () => message.destroy(new Error(`no end within ${ms} ms`))
  const cancel = systemClock.after(ms, late)
  try {
    return await readAll(message)
  } finally {
    cancel()
  }
}

function flatten(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value
  }
  return headers
}
