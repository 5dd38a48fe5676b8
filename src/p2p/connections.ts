import type { Socket } from 'node:net'
import {
  type AbortOptions,
  type Logger,
  type MultiaddrConnection,
  type StreamMuxer,
  type StreamMuxerFactory,
  UnsupportedProtocolError,
} from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** The bytes of a connection as libp2p 2.x moves them. */
type Traffic = Pick<MultiaddrConnection, 'source' | 'sink'>

/** A TCP socket whose bytes libp2p reads and writes. */
export function openConnection(
  socket: Socket,
  remoteAddr: Multiaddr,
  log: Logger,
): MultiaddrConnection {
  return connectionOf(socket, remoteAddr, log, {
    source: chunksOf(socket),
    sink: source => writeAll(socket, source),
  })
}

/** A socket that libp2p counts, lists and closes, but whose bytes are none of its business. */
export function closedConnection(
  socket: Socket,
  remoteAddr: Multiaddr,
  log: Logger,
): MultiaddrConnection {
  const closed = closing(socket)
  return connectionOf(socket, remoteAddr, log, {
    // biome-ignore lint/correctness/useYield: it ends with the socket, and says nothing before
    source: (async function* () {
      await closed
    })(),
    sink: drain,
  })
}

/** The muxer of a closed connection: libp2p wants one, and there are no streams. */
export const noStreams: StreamMuxerFactory = {
  protocol: '/quorate/frames/1',
  createStreamMuxer(): StreamMuxer {
    let end = () => {}
    const ended = new Promise<void>(resolve => {
      end = resolve
    })
    return {
      protocol: '/quorate/frames/1',
      streams: [],
      newStream() {
        // Identify takes this error for "the peer is fine, and does not offer it".
        throw new UnsupportedProtocolError('a connection for frames has no streams')
      },
      // biome-ignore lint/correctness/useYield: it ends when the connection does
      source: (async function* () {
        await ended
      })(),
      sink: drain,
      async close() {
        end()
      },
      abort: () => end(),
    }
  },
}

function connectionOf(
  socket: Socket,
  remoteAddr: Multiaddr,
  log: Logger,
  traffic: Traffic,
): MultiaddrConnection {
  const connection: MultiaddrConnection = {
    ...traffic,
    remoteAddr,
    log,
    timeline: { open: Date.now() },
    async close({ signal }: AbortOptions = {}) {
      if (socket.closed) return
      const destroy = () => socket.destroy()
      signal?.addEventListener('abort', destroy, { once: true })
      const closed = closing(socket)
      socket.destroySoon()
      await closed.finally(() => signal?.removeEventListener('abort', destroy))
    },
    abort(error) {
      log('aborted - %e', error)
      socket.destroy()
      connection.timeline.close ??= Date.now()
    },
  }
  // The upgrader watches this field to learn that a connection has ended.
  socket.once('close', () => {
    connection.timeline.close ??= Date.now()
  })
  return connection
}

async function* chunksOf(socket: Socket): AsyncGenerator<Uint8Array> {
  yield* socket as AsyncIterable<Uint8Array>
}

async function writeAll(
  socket: Socket,
  source: Parameters<MultiaddrConnection['sink']>[0],
): Promise<void> {
  for await (const chunk of source) {
    if (socket.destroyed) return
    if (!socket.write(chunk.subarray())) await drained(socket)
  }
  socket.end()
}

function closing(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    if (socket.closed) resolve()
    else socket.once('close', () => resolve())
  })
}

/** Resolves when the socket wants more, or will never want anything again. */
function drained(socket: Socket): Promise<void> {
  return new Promise(resolve => {
    const done = () => {
      socket.off('drain', done)
      socket.off('close', done)
      resolve()
    }
    socket.on('drain', done)
    socket.on('close', done)
  })
}

async function drain(source: AsyncIterable<unknown> | Iterable<unknown>): Promise<void> {
  for await (const _ of source) {
    // nothing comes
  }
}
