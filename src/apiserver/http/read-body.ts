import type { Readable } from 'node:stream'
import { requestBodyBytesMax } from '../../kernel/limits.ts'

/** A body that is longer than this is not heard to its end: the connection is cut. */
const drainBytesMax = 10 * requestBodyBytesMax

/** A whole body, or why it was not kept. */
export type Body = Uint8Array | 'too long' | 'too many'

/**
 * Reads the bodies of requests. Each is bounded, and so is what all of them together weigh, from
 * their first byte to their answer: thousands may be under way.
 */
export class BodyReader {
  readonly #bytesMax: number
  #held = 0

  /** `bytesMax`: of all bodies together. */
  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get heldBytes(): number {
    return this.#held
  }

  /**
   * The whole body. That it is not kept is said only at its end, and the rest is read and
   * forgotten: closing on a client that still writes resets the connection under the answer that it
   * has not read yet. The server's `requestTimeout` bounds the wait.
   * @param answered whose `close` event says that the body is not needed any more
   * @throws Error when the client goes away
   */
  read(message: Readable, answered: NodeJS.EventEmitter, bytesMax: number): Promise<Body> {
    return new Promise((resolve, reject) => {
      let pieces: Buffer[] = []
      let length = 0
      let held = 0
      let refused: 'too long' | 'too many' | undefined
      const letGo = () => {
        pieces = []
        this.#held -= held
        held = 0
      }
      answered.once('close', letGo)
      message.on('data', (piece: Buffer) => {
        length += piece.length
        if (length > drainBytesMax) message.destroy()
        if (refused !== undefined) return
        if (length > bytesMax) refused = 'too long'
        else if (this.#held + piece.length > this.#bytesMax) refused = 'too many'
        if (refused !== undefined) return letGo()
        pieces.push(piece)
        held += piece.length
        this.#held += piece.length
      })
      message.once('end', () => {
        resolve(refused ?? (pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)))
      })
      message.once('error', reject)
      message.once('close', () => reject(new Error('the client went away')))
    })
  }
}
