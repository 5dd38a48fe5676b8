import { connect, createServer, type Server, type Socket } from 'node:net'
import { freePort } from '../../support/ports.ts'

/** Connections for frames are TLS, and begin with this byte. */
const tlsHandshake = 0x16

/**
 * A host between two peers: passes TCP connections on to `port`, and can do to them what networks
 * do.
 */
export class Middle {
  readonly port: number
  readonly #server: Server
  readonly #pairs = new Set<{ near: Socket; far: Socket; isTls: boolean }>()

  private constructor(port: number, target: number) {
    this.port = port
    this.#server = createServer(near => this.#onConnection(near, target))
  }

  static async to(target: number): Promise<Middle> {
    const middle = new Middle(await freePort(), target)
    await new Promise<void>(resolve => middle.#server.listen(middle.port, '127.0.0.1', resolve))
    return middle
  }

  get connections(): { readonly tls: number; readonly other: number } {
    const tls = [...this.#pairs].filter(pair => pair.isTls).length
    return { tls, other: this.#pairs.size - tls }
  }

  /** Cuts the connections of one kind. */
  cut(kind: 'tls' | 'other'): void {
    for (const { near, far, isTls } of this.#pairs) {
      if (isTls !== (kind === 'tls')) continue
      near.destroy()
      far.destroy()
    }
  }

  /** Reads no more of what the dialling ends send, until `resume`. */
  pause(): void {
    for (const { near } of this.#pairs) near.pause()
  }

  resume(): void {
    for (const { near } of this.#pairs) near.resume()
  }

  close(): void {
    this.#server.close()
    this.cut('tls')
    this.cut('other')
  }

  #onConnection(near: Socket, target: number): void {
    const far = connect(target, '127.0.0.1')
    const pair = { near, far, isTls: false }
    this.#pairs.add(pair)
    near.once('data', (first: Buffer) => {
      pair.isTls = first[0] === tlsHandshake
    })
    near.pipe(far)
    far.pipe(near)
    for (const socket of [near, far]) {
      socket.on('error', () => {})
      socket.once('close', () => {
        this.#pairs.delete(pair)
        near.destroy()
        far.destroy()
      })
    }
  }
}
