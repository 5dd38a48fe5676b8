import { createServer, type Server, type Socket } from 'node:net'
import { type Listener, type ListenerEvents, TypedEventEmitter } from '@libp2p/interface'
import type { Multiaddr } from '@multiformats/multiaddr'

/** First byte of a TLS handshake record (RFC 8446, 5.1); multistream begins with its length, 19. */
const tlsHandshake = 0x16
/** A connection that says nothing has this long. */
const firstByteTimeoutMs = 3_000
const keepAliveMs = 1_000

/**
 * One port for everything a peer is told: TLS is frames, all else is libp2p's own negotiation. The
 * first byte tells which.
 */
export class MeshListener extends TypedEventEmitter<ListenerEvents> implements Listener {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  readonly #onTls: (raw: Socket) => void
  readonly #onOther: (socket: Socket) => void
  #address: Multiaddr | undefined

  /** `onTls` answers for its socket from then on; others are closed with the listener. */
  constructor(handlers: {
    readonly onTls: (raw: Socket) => void
    readonly onOther: (socket: Socket) => void
  }) {
    super()
    this.#onTls = handlers.onTls
    this.#onOther = handlers.onOther
    const options = { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveMs }
    this.#server = createServer(options, socket => this.#onSocket(socket))
  }

  /** @throws Error with code EADDRINUSE when the port is taken. */
  async listen(address: Multiaddr): Promise<void> {
    const { host, port } = address.toOptions()
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject)
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject)
        resolve()
      })
    })
    this.#server.on('error', error => this.safeDispatchEvent('error', { detail: error }))
    this.#address = address
    this.safeDispatchEvent('listening')
  }

  getAddrs(): Multiaddr[] {
    return this.#address ? [this.#address] : []
  }

  updateAnnounceAddrs(): void {}

  async close(): Promise<void> {
    if (!this.#server.listening) return
    const closed = new Promise<void>(resolve => this.#server.close(() => resolve()))
    for (const socket of this.#sockets) socket.destroy()
    this.safeDispatchEvent('close')
    await closed
  }

  #onSocket(socket: Socket): void {
    this.#sockets.add(socket)
    socket.once('close', () => this.#sockets.delete(socket))
    socket.on('error', () => {})
    socket.setTimeout(firstByteTimeoutMs, () => socket.destroy())
    socket.once('readable', () => {
      const first = socket.read(1) as Buffer | null
      if (first === null) return void socket.destroy()
      socket.setTimeout(0)
      socket.unshift(first)
      if (first[0] === tlsHandshake) {
        this.#sockets.delete(socket)
        this.#onTls(socket)
      } else this.#onOther(socket)
    })
  }
}
