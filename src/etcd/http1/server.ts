import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../../kernel/clock.ts'
import type { Logger } from '../../kernel/logger.ts'
import { errorMessage } from '../../kernel/result.ts'
import type { Page, Pages } from './pages.ts'

/** How long a client may take for a request, and keep a connection without one, milliseconds. */
const requestMs = 10_000

const notFound: Page = {
  ...{ code: 404, type: 'text/plain; charset=utf-8', body: '404 page not found\n' },
}
const notAllowed: Page = {
  ...{ code: 405, type: 'text/plain; charset=utf-8', body: 'Method Not Allowed\n' },
}

/** Pages over HTTP/1.1, on sockets that somebody else has accepted. */
export class PageServer {
  readonly #server: Server
  readonly #pages: Pages
  readonly #clock: Clock
  readonly #logger: Logger
  /** How to call off the end of a connection that waits for a request. */
  readonly #waits = new WeakMap<TLSSocket, () => void>()

  constructor(pages: Pages, clock: Clock, logger: Logger) {
    this.#pages = pages
    this.#clock = clock
    this.#logger = logger
    this.#server = createServer({ maxHeaderSize: 16 << 10 }, (request, response) => {
      void this.#answer(request, response)
    })
    // Without a body in sight nobody waits for one.
    this.#server.on('checkContinue', (_request, response) => response.destroy())
    this.#server.on('clientError', (_error, socket) => socket.destroy())
  }

  /**
   * Serves a connection. Node looks after slow clients only where it listens itself: here each
   * request has its time from the moment when one could have come.
   */
  serve(socket: TLSSocket): void {
    socket.on('error', () => {})
    socket.once('close', () => this.#waits.get(socket)?.())
    this.#server.emit('connection', socket)
    this.#await(socket)
  }

  #await(socket: TLSSocket): void {
    const cancel = this.#clock.after(requestMs, () => socket.destroy())
    this.#waits.get(socket)?.()
    this.#waits.set(socket, cancel)
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const socket = request.socket as TLSSocket
    request.resume()
    const page = await this.#page(request)
    response.writeHead(page.code, {
      'content-type': page.type,
      'content-length': Buffer.byteLength(page.body),
      'x-content-type-options': 'nosniff',
      ...(page === notAllowed && { allow: 'GET' }),
    })
    response.end(request.method === 'HEAD' ? undefined : page.body)
    this.#await(socket)
  }

  async #page(request: IncomingMessage): Promise<Page> {
    if (request.method !== 'GET') return notAllowed
    try {
      const [path = '/', query = ''] = (request.url ?? '/').split('?', 2)
      return (await this.#pages(path, new URLSearchParams(query))) ?? notFound
    } catch (error) {
      this.#logger.warn('a page could not be served', { error: errorMessage(error) })
      return { code: 500, type: 'text/plain; charset=utf-8', body: 'Internal Server Error\n' }
    }
  }
}
