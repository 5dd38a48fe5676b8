import { limits } from '../grpc/types.ts'
import { ConnectionError, frameBytesMax, windowMax } from './codes.ts'

/** Source: RFC 9113, 6.5.2. */
const ids = {
  enablePush: 2,
  concurrentStreams: 3,
  initialWindow: 4,
  frameBytes: 5,
  headerListBytes: 6,
} as const

/** Bytes a client may send on one stream, and on a connection, before we have taken them. */
export const ownWindows = { stream: 1 << 20, connection: 16 << 20 } as const

/** The payload of our SETTINGS. */
export function ownSettings(): Buffer {
  const rows = [
    [ids.concurrentStreams, limits.streamsMax],
    [ids.initialWindow, ownWindows.stream],
    [ids.headerListBytes, limits.headerBytesMax],
  ] as const
  const payload = Buffer.alloc(6 * rows.length)
  for (const [at, [id, value]] of rows.entries()) {
    payload.writeUInt16BE(id, 6 * at)
    payload.writeUInt32BE(value, 6 * at + 2)
  }
  return payload
}

/** What a client's SETTINGS change; absent: nothing said. */
export interface PeerSettings {
  readonly initialWindow?: number
  readonly frameBytes?: number
}

/** @throws ConnectionError for values out of range. */
export function readSettings(bytes: Buffer, from: number, to: number): PeerSettings {
  const settings: { initialWindow?: number; frameBytes?: number } = {}
  for (let at = from; at < to; at += 6) {
    const id = bytes.readUInt16BE(at)
    const value = bytes.readUInt32BE(at + 2)
    if (id === ids.enablePush && value > 1) {
      throw new ConnectionError('protocolError', 'ENABLE_PUSH is 0 or 1')
    }
    if (id === ids.initialWindow) {
      if (value > windowMax) throw new ConnectionError('flowControlError', 'window is too large')
      settings.initialWindow = value
    }
    if (id === ids.frameBytes) {
      if (value < frameBytesMax || value > 2 ** 24 - 1) {
        throw new ConnectionError('protocolError', 'frame size is out of range')
      }
      settings.frameBytes = value
    }
  }
  return settings
}
