/**
 * Frames on a byte stream: length as u32 little endian, then the payload.
 * ```
 * | len u32 | payload ... | len u32 | payload ... |
 * ```
 */
const headerBytes = 4

/** Largest frame: a slice of a snapshot or a batch of entries is far below. */
export const frameBytesMax = 16 * 1024 * 1024

/** The empty frame asks the receiver for a byte: is anybody there? */
export const pingFrame: Uint8Array = new Uint8Array(0)

/** Joins frames, headers and all, into one buffer: cost is per write, not per byte. */
export function packFrames(frames: readonly Uint8Array[]): Buffer {
  let total = 0
  for (const frame of frames) total += headerBytes + frame.length
  const packed = Buffer.allocUnsafe(total)
  let at = 0
  for (const frame of frames) {
    packed.writeUInt32LE(frame.length, at)
    packed.set(frame, at + headerBytes)
    at += headerBytes + frame.length
  }
  return packed
}

/**
 * Cuts a byte stream back into frames. Each frame is a view that no later chunk overwrites. Chunks
 * of an unfinished frame are kept as they came and joined once.
 */
export class FrameReader {
  #chunks: Buffer[] = []
  #bytes = 0
  /** Bytes that must be there before there is anything to cut. */
  #wanted = headerBytes
  readonly #bytesMax: number

  /** @param bytesMax of one frame */
  constructor(bytesMax = frameBytesMax) {
    this.#bytesMax = bytesMax
  }

  /** The frames that `chunk` completes. @throws RangeError when a length is beyond the limit. */
  push(chunk: Uint8Array): Uint8Array[] {
    this.#chunks.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength))
    this.#bytes += chunk.byteLength
    if (this.#bytes < this.#wanted) return []
    const data = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks)
    const frames: Uint8Array[] = []
    let at = 0
    this.#wanted = headerBytes
    while (data.length - at >= headerBytes) {
      const length = data.readUInt32LE(at)
      if (length > this.#bytesMax) throw new RangeError(`frame of ${length} bytes`)
      this.#wanted = headerBytes + length
      if (data.length - at < this.#wanted) break
      frames.push(data.subarray(at + headerBytes, at + this.#wanted))
      at += this.#wanted
      this.#wanted = headerBytes
    }
    this.#chunks = at < data.length ? [data.subarray(at)] : []
    this.#bytes = data.length - at
    return frames
  }
}
