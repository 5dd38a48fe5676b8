import { connect, type Socket } from 'node:net'
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
    const timer = setTimeout(() => socket.destroy(new Error('timeout')), timeoutMs)
    const fail = (error: Error) => {
      clearTimeout(timer)
      resolve({ code: errorCode(error) ?? 'ETIMEDOUT' })
    }
    socket.once('error', fail)
    socket.once('connect', () => {
      clearTimeout(timer)
      socket.off('error', fail)
      resolve({ socket })
    })
  })
}
