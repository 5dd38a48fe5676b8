import type { TLSSocket } from 'node:tls'
import type { Logger } from '../kernel/logger.ts'
import { errorMessage } from '../kernel/result.ts'
import { FrameReader, frameBytesMax } from './framing.ts'
import type { MeshRole } from './types.ts'

/** The answer to a ping, and the only thing that is written here. */
const pong = Buffer.from([1])

/** Bytes of the largest frame from each: more ends the connection before it is kept. */
const bytesMax: Readonly<Record<MeshRole, number>> = {
  master: frameBytesMax,
  removed: 64 * 1024,
  worker: 0,
}

/**
 * What members send: one connection from each. A newer one takes the place of the older, which is
 * the half-open rest of one that the member has given up; so frames stay in order, and come once.
 */
export class Inbox {
  readonly #sockets = new Map<string, TLSSocket>()
  readonly #logger: Logger
  readonly #onFrame: (peerId: string, frame: Uint8Array) => void

  constructor(logger: Logger, onFrame: (peerId: string, frame: Uint8Array) => void) {
    this.#logger = logger
    this.#onFrame = onFrame
  }

  /** Reads the frames of `socket`, whose other end has proved to be `peerId`. */
  add(peerId: string, socket: TLSSocket, role: MeshRole): void {
    this.drop(peerId)
    this.#sockets.set(peerId, socket)
    const reader = new FrameReader(bytesMax[role])
    socket.on('data', (chunk: Buffer) => {
      // A socket that was replaced may still have chunks to tell of.
      if (this.#sockets.get(peerId) !== socket) return
      for (const frame of this.#read(reader, chunk, peerId)) {
        if (frame.length === 0) socket.write(pong)
        else this.#onFrame(peerId, frame)
      }
    })
    socket.once('close', () => {
      if (this.#sockets.get(peerId) === socket) this.#sockets.delete(peerId)
    })
  }

  /** Ends the connection from `peerId`, if there is one: nothing of it is delivered any more. */
  drop(peerId: string): void {
    const socket = this.#sockets.get(peerId)
    this.#sockets.delete(peerId)
    socket?.destroy()
  }

  #read(reader: FrameReader, chunk: Buffer, peerId: string): Uint8Array[] {
    try {
      return reader.push(chunk)
    } catch (error) {
      this.#logger.warn('unreadable frames', { peerId, error: errorMessage(error) })
      this.drop(peerId)
      return []
    }
  }
}
