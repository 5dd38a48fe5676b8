import { ConnectionError, frameBytesMax, frameHeadBytes, preface } from './codes.ts'

/** Told of each whole frame; the payload is `bytes[from, to)`. */
export type OnFrame = (
  type: number,
  flags: number,
  stream: number,
  bytes: Buffer,
  from: number,
  to: number,
) => void

/** Cuts what a socket reads into frames; views, not copies. */
export class FrameReader {
  readonly #onFrame: OnFrame
  #rest: Buffer | undefined
  #hasPreface = false

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame
  }

  /**
   * Takes a chunk; `goOn` is asked before each frame.
   * @throws ConnectionError for what is no HTTP/2.
   */
  push(chunk: Buffer, goOn: () => boolean): void {
    const bytes = this.#rest === undefined ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = undefined
    let at = 0
    if (!this.#hasPreface) {
      const length = Math.min(bytes.length, preface.length)
      if (preface.compare(bytes, 0, length, 0, length) !== 0) {
        throw new ConnectionError('protocolError', 'no HTTP/2 preface')
      }
      this.#hasPreface = length === preface.length
      at = this.#hasPreface ? length : 0
    }
    while (this.#hasPreface && bytes.length - at >= frameHeadBytes && goOn()) {
      const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!
      if (length > frameBytesMax) throw new ConnectionError('frameSizeError', 'frame is too large')
      const from = at + frameHeadBytes
      if (bytes.length - from < length) break
      const stream = bytes.readUInt32BE(at + 5) & 0x7fff_ffff
      this.#onFrame(bytes[at + 3]!, bytes[at + 4]!, stream, bytes, from, from + length)
      at = from + length
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at)
  }
}
