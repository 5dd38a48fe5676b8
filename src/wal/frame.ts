import { crc32 } from 'node:zlib'

/**
 * A frame is what one write and one fsync make durable:
 *
 *     magic u32 | length u32 | number u32 | crc32 u32 | payload, padded to 8 bytes
 *
 * The checksum covers length, number, the file's seed and the payload. Numbers go up by one within
 * a file, so what an earlier use of the space left behind is never taken for the next frame.
 */
export const frameHeaderBytes = 16

const magic = 0x51574c31

/** Bytes that a payload takes on disk. */
export function framedBytes(payloadBytes: number): number {
  return frameHeaderBytes + ((payloadBytes + 7) & ~7)
}

/** Makes a frame of the payload that lies in `buffer` from frameHeaderBytes on. */
export function sealFrame(buffer: Buffer, length: number, number: number, seed: number): void {
  buffer.writeUInt32LE(magic, 0)
  buffer.writeUInt32LE(length, 4)
  buffer.writeUInt32LE(number >>> 0, 8)
  const payload = buffer.subarray(frameHeaderBytes, frameHeaderBytes + length)
  buffer.writeUInt32LE(checksum(payload, length, number, seed), 12)
}

/** The payload of the frame at `offset`; undefined when there is no whole frame of this number. */
export function readFrame(
  data: Buffer,
  offset: number,
  number: number,
  seed: number,
): Buffer | undefined {
  const found = frameAt(data, offset, seed)
  return found !== undefined && found.number === number >>> 0 ? found.payload : undefined
}

/** The first offset from `from` on at which a whole frame numbered above `number` begins. */
export function findLaterFrame(
  data: Buffer,
  from: number,
  number: number,
  seed: number,
): number | undefined {
  for (let offset = from; offset + frameHeaderBytes <= data.length; offset += 8) {
    if (data.readUInt32LE(offset) !== magic) continue
    const found = frameAt(data, offset, seed)
    if (found !== undefined && found.number > number) return offset
  }
  return undefined
}

function frameAt(data: Buffer, offset: number, seed: number) {
  if (offset + frameHeaderBytes > data.length || data.readUInt32LE(offset) !== magic) {
    return undefined
  }
  const length = data.readUInt32LE(offset + 4)
  const number = data.readUInt32LE(offset + 8)
  const start = offset + frameHeaderBytes
  if (start + length > data.length) return undefined
  const payload = data.subarray(start, start + length)
  const good = data.readUInt32LE(offset + 12) === checksum(payload, length, number, seed)
  return good ? { number, payload } : undefined
}

function checksum(payload: Buffer, length: number, number: number, seed: number): number {
  const mixed = Math.imul(length, 0x9e3779b1) ^ Math.imul(number + 1, 0x85ebca6b) ^ seed
  return crc32(payload, mixed >>> 0)
}
