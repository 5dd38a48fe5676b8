import type { Socket } from 'node:net'
import { dial as dialOnce } from '../kernel/dial.ts'
import type { Backend } from './servicemap.ts'

/** Added to a port that may not be bound. See design.md, Addresses of the process runtime. */
export const unprivilegedOffset = 20_000

/** Endpoints tried for one connection. */
const attemptsMax = 4

/** Longest wait for one endpoint. */
const connectTimeoutMs = 2_000

/** Ports that turned out to be served elsewhere: `ip:port` -> port. Bounded. */
const remapped = new Map<string, number>()
const remappedMax = 10_000

/** Connects to the first endpoint that takes the connection; undefined when none did. */
export async function dial(
  order: readonly Backend[],
): Promise<{ readonly socket: Socket; readonly backend: Backend } | undefined> {
  for (const backend of order.slice(0, attemptsMax)) {
    const socket = await dialOne(backend)
    if (socket) return { socket, backend }
  }
  return undefined
}

/** A pod that asked for a port below 1024 may serve it 20000 higher: then it is found there. */
async function dialOne({ ip, port }: Backend): Promise<Socket | undefined> {
  const key = `${ip}:${port}`
  const known = remapped.get(key)
  const other = port < 1024 ? port + unprivilegedOffset : undefined
  const ports = known ? [known, port] : other ? [port, other] : [port]
  for (const candidate of ports) {
    const result = await dialOnce(ip, candidate, connectTimeoutMs)
    if (!('code' in result)) {
      remember(key, port, candidate)
      return result.socket
    }
    if (result.code !== 'ECONNREFUSED') return undefined
  }
  return undefined
}

function remember(key: string, port: number, served: number): void {
  if (port === served) remapped.delete(key)
  else if (remapped.size < remappedMax) remapped.set(key, served)
}
