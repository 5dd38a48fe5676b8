import type { EventEmitter } from 'node:events'
import { createRequire } from 'node:module'
import type { Duplex } from 'node:stream'

/** One stream of a SPDY connection. The client opens them; `streamtype` says what it is for. */
export interface SpdyStream extends Duplex {
  readonly headers: Readonly<Record<string, string>>
  respond(status: number, headers: Record<string, string>): void
}

/** A SPDY/3.1 connection as the server sees it. */
export interface SpdySession {
  onStream(listener: (stream: SpdyStream) => void): void
  /** Calls at once, in a later turn, when it is closed already. */
  onClose(listener: () => void): void
  readonly isClosed: boolean
  /** Bytes that the client has not taken yet. */
  unreadBytes(): number
  /** Says good-bye and closes, once everything is sent. */
  end(): void
}

interface WindowSide {
  update(bytes: number, done?: () => void): void
}
interface SpdyState {
  readonly parser: {
    parseKVs(data: unknown, done: (error: Error | null, headers?: Headers) => void): void
  }
  readonly framer: { readonly readableLength: number }
  readonly window: { readonly send: WindowSide }
}
type Headers = Record<string, string>
interface Connection extends EventEmitter {
  readonly _spdyState: SpdyState
  start(version: number): void
  end(): void
}
interface SpdyTransport {
  readonly connection: {
    create(socket: Duplex, options: { protocol: 'spdy'; isServer: boolean }): Connection
  }
}

// The package has neither types nor an ES module.
const transport = createRequire(import.meta.url)('spdy-transport') as SpdyTransport

/** Upgrades that speak it. Source: k8s.io/apimachinery util/httpstream/spdy. */
export const spdyProtocol = 'SPDY/3.1'

/**
 * Speaks SPDY/3.1 with a Go client on `socket`. Two things differ from what the package expects:
 * Kubernetes opens streams without `:method` and `:path`, and moby/spdystream never sends
 * WINDOW_UPDATE, so our sending windows must not shrink; the socket holds back instead.
 */
export function serveSpdy(socket: Duplex): SpdySession {
  const connection = transport.connection.create(socket, { protocol: 'spdy', isServer: true })
  const { parser, framer, window } = connection._spdyState
  const parseKVs = parser.parseKVs.bind(parser)
  parser.parseKVs = (data, done) =>
    parseKVs(data, (error, headers) => {
      done(error, headers && { ':method': 'POST', ':path': '/', ...headers })
    })
  neverShrink(window.send)
  connection.on('error', () => socket.destroy())
  // Who says no more does not listen either: a Go client ends both ways at once.
  socket.once('end', () => socket.end())
  connection.start(3.1)
  return {
    onStream: listener =>
      void connection.on('stream', (stream: SpdyStream & { readonly _spdyState: SpdyState }) => {
        neverShrink(stream._spdyState.window.send)
        stream.on('error', () => undefined)
        listener(stream)
      }),
    onClose: listener => {
      if (socket.closed) queueMicrotask(listener)
      else socket.once('close', listener)
    },
    get isClosed() {
      return socket.destroyed
    },
    unreadBytes: () => framer.readableLength + socket.writableLength,
    end: () => connection.end(),
  }
}

function neverShrink(side: WindowSide): void {
  side.update = (_bytes, done) => {
    if (done) process.nextTick(done)
  }
}
