import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { errorCode } from '../kernel/result.ts'
import { unprivilegedOffset } from './dial.ts'
import type { Backend } from './servicemap.ts'
import type { OpenPort, PortContext } from './tcp.ts'

/** A client that sends nothing for so long is forgotten. Source: conntrack's UDP timeout. */
const idleMs = 30_000

interface Session {
  readonly socket: Socket
  readonly backend: Backend
  readonly timer: NodeJS.Timeout
}

/** Opens a UDP port of a service: one socket to the endpoint for each client address. */
export async function openUdp(context: PortContext): Promise<OpenPort> {
  const { address, port } = context.listener
  const { socket, port: served } = await bind(address, port)
  const sessions = new Map<string, Session>()
  socket.on('error', () => undefined)
  socket.on('message', (data, client) => {
    const session = sessions.get(idOf(client)) ?? open(context, socket, client, sessions)
    if (!session) return
    session.timer.refresh()
    session.socket.send(data, session.backend.port, session.backend.ip)
  })
  return {
    port: served,
    refresh() {
      const backends = context.entry()?.backends ?? []
      for (const [id, session] of sessions) {
        if (backends.some(each => isSame(each, session.backend))) continue
        sessions.delete(id)
        end(session)
      }
    },
    async close() {
      for (const session of sessions.values()) end(session)
      sessions.clear()
      await new Promise<void>(resolve => socket.close(() => resolve()))
    },
  }
}

function open(
  context: PortContext,
  front: Socket,
  client: RemoteInfo,
  sessions: Map<string, Session>,
): Session | undefined {
  const entry = context.entry()
  if (!entry) return undefined
  const [backend] = context.balancer.order(entry, client.address, context.listener.nodeName)
  if (!backend || !context.admit()) return undefined
  context.balancer.connected(entry, client.address, backend)
  const socket = createSocket('udp4')
  const id = idOf(client)
  const close = () => {
    if (!sessions.delete(id)) return
    end(session)
  }
  const session: Session = { socket, backend, timer: setTimeout(close, idleMs) }
  sessions.set(id, session)
  socket.on('error', close)
  socket.on('close', () => context.release())
  socket.on('message', (data, from) => {
    if (from.address !== backend.ip || from.port !== backend.port) return
    session.timer.refresh()
    front.send(data, client.port, client.address)
  })
  return session
}

function end(session: Session): void {
  clearTimeout(session.timer)
  session.socket.close()
}

/**
 * UDP has no end of its own: a client that goes on sending would go on reaching nobody.
 * Source: pkg/proxy/conntrack/cleanup.go.
 */
function isSame(one: Backend, other: Backend): boolean {
  return one.ip === other.ip && one.port === other.port
}

function idOf(client: RemoteInfo): string {
  return `${client.address}:${client.port}`
}

async function bind(address: string, port: number): Promise<{ socket: Socket; port: number }> {
  try {
    return { socket: await bindOnce(address, port), port }
  } catch (error) {
    if (errorCode(error) !== 'EACCES' || port >= 1024) throw error
    const other = port + unprivilegedOffset
    return { socket: await bindOnce(address, other), port: other }
  }
}

function bindOnce(address: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = createSocket('udp4')
    socket.once('error', error => {
      socket.close()
      reject(error)
    })
    socket.bind({ address, port, exclusive: true }, () => {
      socket.removeAllListeners('error')
      resolve(socket)
    })
  })
}
