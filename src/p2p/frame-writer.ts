import type { Writable } from 'node:stream'
import { frameBytesMax, packFrames } from './framing.ts'

/** Frames that wait for the connection; beyond it they are lost, and Raft sends again. */
export const queueBytesMax = 32 * 1024 * 1024

/**
 * Writes frames to a socket. The first frame of a turn is handed to the kernel at once, so that a
 * leader's appends are on their way while its own fsync blocks the thread; what follows in the same
 * turn leaves in one write at its end.
 */
export class FrameWriter {
  readonly #socket: Writable
  #inTurn = false
  #held: Uint8Array[] = []
  #heldBytes = 0

  constructor(socket: Writable) {
    this.#socket = socket
  }

  /** Bytes held back here, and bytes that the socket has not handed to the kernel. */
  get queuedBytes(): number {
    return this.#heldBytes + this.#socket.writableLength
  }

  /** @returns whether the frame was taken: not when it is too large, or the queue is full. */
  write(frame: Uint8Array): boolean {
    if (frame.length > frameBytesMax) return false
    if (this.queuedBytes + frame.length > queueBytesMax) return false
    if (this.#inTurn) {
      this.#held.push(frame)
      this.#heldBytes += frame.length
      return true
    }
    this.#inTurn = true
    process.nextTick(() => this.#endTurn())
    this.#socket.write(packFrames([frame]))
    return true
  }

  #endTurn(): void {
    this.#inTurn = false
    if (this.#held.length === 0) return
    const frames = this.#held
    this.#held = []
    this.#heldBytes = 0
    if (!this.#socket.destroyed) this.#socket.write(packFrames(frames))
  }
}
