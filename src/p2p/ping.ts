import type { TLSSocket } from 'node:tls'
import type { Cancel, Clock } from '../kernel/clock.ts'
import type { FrameWriter } from './frame-writer.ts'
import { pingFrame } from './framing.ts'

const pingMs = 500
/** Pings without an answer after which the connection is given up. */
const unansweredMax = 3

/**
 * Gives a connection up that leads nowhere. Where packets are lost without a word TCP notices after
 * minutes, and once the network has healed it may wait as long again as it was down: until then
 * this member is cut off one way, and a second fault leaves no majority. Bytes that the
 * kernel takes are as good as an answer, for a ping may stand behind a long queue.
 */
export function ping(socket: TLSSocket, writer: FrameWriter, clock: Clock): Cancel {
  let unanswered = 0
  let sentBytes = 0
  socket.on('data', () => {
    unanswered = 0
  })
  return clock.every(pingMs, () => {
    const sent = socket.bytesWritten - socket.writableLength
    const isMoving = socket.writableLength > 0 && sent > sentBytes
    sentBytes = sent
    if (isMoving) return
    if (unanswered++ === unansweredMax) socket.destroy()
    else writer.write(pingFrame)
  })
}
