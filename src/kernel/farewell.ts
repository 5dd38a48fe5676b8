import type { Duplex } from 'node:stream'

/** How long the other side may take to read the last words, and to go. */
const goodbyeMs = 5_000

/**
 * The last words on a raw connection, and its end. What still comes is thrown away: who leaves it
 * unread never hears that the other side has gone, and keeps its half for ever.
 */
export function farewell(socket: Duplex, words: string | Uint8Array): void {
  const timer = setTimeout(() => socket.destroy(), goodbyeMs)
  socket.once('close', () => clearTimeout(timer))
  socket.on('error', () => socket.destroy())
  socket.resume()
  socket.end(words)
}
