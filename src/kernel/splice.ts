import type { Socket } from 'node:net'

/**
 * Joins two connections until both have ended. An end of one direction is passed on and the other
 * goes on (half-close), until nothing has come for `halfCloseIdleMs`. An error or a loss of one
 * side ends both at once, so that no half-open socket is left.
 */
export function splice(client: Socket, backend: Socket, halfCloseIdleMs: number): void {
  for (const [one, other] of [
    [client, backend],
    [backend, client],
  ] as const) {
    one.setNoDelay(true)
    one.setKeepAlive(true, 15_000)
    one.on('error', () => other.destroy())
    one.on('end', () => other.setTimeout(halfCloseIdleMs, () => other.destroy()))
    one.on('close', () => {
      // Closed without an end: whatever the other side still sends would go nowhere.
      if (!one.readableEnded || !one.writableFinished) other.destroy()
    })
    // It may have been lost while the other one was being made.
    if (one.destroyed) other.destroy()
    else one.pipe(other)
  }
}
