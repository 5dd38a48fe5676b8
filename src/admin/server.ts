import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { TLSSocket } from 'node:tls'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import type { Startable } from '../kernel/startable.ts'
import { parseTarget } from '../kernel/target.ts'

const bodyBytesMax = 64 * 1024
const requestTimeoutMs = 10_000
const adminGroup = 'system:masters'

/** One verb of the protocol. Throwing a RefusedError gives its status, anything else a 500. */
export type AdminHandler = (request: {
  readonly query: URLSearchParams
  readonly body: unknown
}) => Promise<unknown>

/** A request that is understood and not done; `message` says why and what to do. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError'
  readonly status: number
  constructor(message: string, status = 403) {
    super(message)
    this.status = status
  }
}

/** Key `GET /status`: the table of verbs. */
export type AdminHandlers = Readonly<Record<string, AdminHandler>>

/** The administrators' HTTPS server of one process. */
export class AdminServer implements Startable {
  readonly #server: Server
  readonly #address: { readonly host: string; readonly port: number }
  readonly #handlers: AdminHandlers
  readonly #logger: Logger

  constructor(options: {
    readonly address: { readonly host: string; readonly port: number }
    readonly tls: { readonly ca: string; readonly cert: string; readonly key: string }
    readonly handlers: AdminHandlers
    readonly logger: Logger
  }) {
    this.#address = options.address
    this.#handlers = options.handlers
    this.#logger = options.logger
    this.#server = createServer(
      { ...options.tls, requestCert: true, rejectUnauthorized: true, minVersion: 'TLSv1.2' },
      (request, response) => {
        void this.#serve(request, response)
      },
    )
    this.#server.requestTimeout = requestTimeoutMs
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  /** @throws Error with code EADDRINUSE when the port is taken. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(this.#address.port, this.#address.host, () => resolve())
    })
  }

  stop(): Promise<void> {
    return new Promise(resolve => {
      this.#server.close(() => resolve())
      this.#server.closeAllConnections()
    })
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const subject = (request.socket as TLSSocket).getPeerCertificate().subject
      if (![subject?.O ?? []].flat().includes(adminGroup)) {
        throw new RefusedError(`only members of ${adminGroup} may use the admin protocol`)
      }
      const target = parseTarget(request.url ?? '/')
      const verb = `${request.method} ${target?.path}`
      const handler = Object.hasOwn(this.#handlers, verb) ? this.#handlers[verb] : undefined
      if (!target || !handler) throw new RefusedError(`no such verb: ${verb}`, 404)
      const body = await readBody(request)
      reply(response, 200, (await handler({ query: target.query, body })) ?? {})
    } catch (error) {
      const status = error instanceof RefusedError ? error.status : 500
      if (status === 500) this.#logger.warn('admin request failed', { error: errorMessage(error) })
      reply(response, status, { error: errorMessage(error) })
    }
  }
}

function reply(response: ServerResponse, status: number, value: unknown): void {
  const body = JSON.stringify(value)
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(body)
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += chunk.length
    if (bytes > bodyBytesMax) throw new RefusedError('the body is too large', 413)
    chunks.push(chunk)
  }
  if (bytes === 0) return undefined
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new RefusedError('the body is not JSON', 400)
  }
}
