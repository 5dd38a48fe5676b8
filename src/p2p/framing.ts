/**
 * Frames on a byte stream: length as u32 little endian, then the payload.
 * ```
 * | len u32 | payload ... | len u32 | payload ... |
 * ```
 */
const headerBytes = 4

/** Largest frame: a slice of a snapshot or a batch of entries is far below. */
export const frameBytesMax = 16 * 1024 * 1024

/** Joins frames into one buffer: cost is per write, not per byte. */
export function packFrames(frames: readonly Uint8Array[]): Uint8Array {
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

/** Cuts a byte stream back into frames. Each frame is a view that no later chunk overwrites. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0)

  /** The frames that `chunk` completes. @throws RangeError when a length is beyond the limit. */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    let data = this.#pending.length === 0 ? bytes : Buffer.concat([this.#pending, bytes])
    const frames: Uint8Array[] = []
    while (data.length >= headerBytes) {
      const length = data.readUInt32LE(0)
      if (length > frameBytesMax) throw new RangeError(`frame of ${length} bytes`)
      if (data.length < headerBytes + length) break
      frames.push(data.subarray(headerBytes, headerBytes + length))
      data = data.subarray(headerBytes + length)
    }
    this.#pending = data
    return frames
  }
}
