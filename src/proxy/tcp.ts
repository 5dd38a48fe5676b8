import { createServer, type Server, type Socket } from 'node:net'
import type { Logger } from '../kernel/logger.ts'
import { errorCode } from '../kernel/result.ts'
import { splice } from '../kernel/splice.ts'
import type { Balancer } from './balancer.ts'
import { dial, unprivilegedOffset } from './dial.ts'
import type { Listener, ServicePortEntry } from './servicemap.ts'

/** A connection of which one direction has ended may be quiet for so long. */
const halfCloseIdleMs = 300_000

/** What a listening socket of a service needs. */
export interface PortContext {
  readonly listener: Listener
  readonly balancer: Balancer
  readonly logger: Logger
  /** The entry as it is now; undefined once the service is gone. */
  entry(): ServicePortEntry | undefined
  /** Counts a connection; false when there are too many. */
  admit(): boolean
  release(): void
}

/** An open socket of a service. `port` is where it really listens. */
export interface OpenPort {
  readonly port: number
  /** The entry may have other endpoints now: what leads to one that is gone ends. */
  refresh?(): void
  close(): Promise<void>
}

/**
 * Opens a TCP port of a service. Where the port is below 1024 and may not be bound, it is opened
 * 20000 higher. @throws Error with a code (EADDRINUSE, EADDRNOTAVAIL) when it can't be opened.
 */
export async function openTcp(context: PortContext): Promise<OpenPort> {
  const { address, port } = context.listener
  const connections = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, client => {
    connections.add(client)
    client.once('close', () => connections.delete(client))
    void serve(context, client)
  })
  const served = await listen(server, address, port)
  return {
    port: served,
    async close() {
      for (const client of connections) client.destroy()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

async function serve(context: PortContext, client: Socket): Promise<void> {
  client.on('error', () => client.destroy())
  if (!context.admit()) {
    client.resetAndDestroy()
    return
  }
  client.once('close', () => context.release())
  const entry = context.entry()
  const clientIp = client.remoteAddress ?? ''
  const order = entry ? context.balancer.order(entry, clientIp, context.listener.nodeName) : []
  const connection = await dial(order)
  if (!connection || !entry) {
    client.resetAndDestroy()
    return
  }
  if (client.destroyed) {
    connection.socket.destroy()
    return
  }
  context.balancer.connected(entry, clientIp, connection.backend)
  splice(client, connection.socket, halfCloseIdleMs)
  client.resume()
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  try {
    await listenOnce(server, host, port)
    return port
  } catch (error) {
    if (errorCode(error) !== 'EACCES' || port >= 1024) throw error
    await listenOnce(server, host, port + unprivilegedOffset)
    return port + unprivilegedOffset
  }
}

function listenOnce(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port, exclusive: true }, () => {
      server.off('error', reject)
      server.on('error', () => undefined)
      resolve()
    })
  })
}
