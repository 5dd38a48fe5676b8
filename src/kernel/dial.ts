import { connect, type Socket } from 'node:net'
import { systemClock } from './clock.ts'
import { errorCode } from './result.ts'

/**
 * Connects within `timeoutMs`. Never throws: `code` is the system error (`ECONNREFUSED`) or
 * `ETIMEDOUT`.
 * The socket stays half-open when the other side ends its direction.
 */
export function dial(
  host: string,
  port: number,
  timeoutMs: number,
): Promise<{ readonly socket: Socket } | { readonly code: string }> {
  return new Promise(resolve => {
    const socket = connect({ host, port, allowHalfOpen: true })
    const cancel = systemClock.after(timeoutMs, () => socket.destroy(new Error('timeout')))
    const fail = (error: Error) => {
      cancel()
      resolve({ code: errorCode(error) ?? 'ETIMEDOUT' })
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      cancel()
      socket.off('error', fail)
      resolve({ socket })
    })
  })
}
