import type { Readable, Writable } from 'node:stream'
import type { WebSocket } from 'ws'

/** Output that a slow client may leave unread before the program is held up. */
const unreadBytesMax = 1024 * 1024

/** Bytes that a client has not taken yet. */
export function unreadBytesOf(client: WebSocket): number {
  return client.readyState === client.OPEN ? client.bufferedAmount : 0
}

/** Hands on what a client has sent; he waits while nobody takes it. */
export function pass(client: WebSocket, to: Writable, data: Buffer): void {
  if (to.write(data)) return
  client.pause()
  const goOn = () => {
    to.off('drain', goOn)
    to.off('close', goOn)
    client.resume()
  }
  to.on('drain', goOn)
  to.on('close', goOn)
}

/** Copies output to the client, and waits while it is slow. Resolves when all of it is copied. */
export function copy(
  stream: Readable,
  send: (data: Buffer) => void,
  unreadBytes: () => number,
): Promise<void> {
  return new Promise(resolve => {
    stream.once('end', resolve)
    stream.once('close', resolve)
    stream.on('data', (data: Buffer | string) => {
      send(Buffer.from(data as Buffer))
      if (unreadBytes() < unreadBytesMax) return
      stream.pause()
      const timer = setInterval(() => {
        if (unreadBytes() >= unreadBytesMax) return
        clearInterval(timer)
        stream.resume()
      }, 10)
    })
  })
}
