import { connect, createServer, type Server, type Socket } from 'node:net'

/** A TCP relay to a port of this machine whose connections can be cut. */
export interface Cuttable {
  readonly port: number
  /** Resets every connection; new ones are served. */
  cut(): void
  stop(): void
}

export function startCuttable(target: number): Promise<Cuttable> {
  const sockets = new Set<Socket>()
  const server: Server = createServer(client => {
    const upstream = connect(target, '127.0.0.1')
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(one)
      one.pipe(other)
      one.on('error', () => {})
      one.once('close', () => {
        sockets.delete(one)
        other.destroy()
      })
    }
  })
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy()
  }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      const port = typeof address === 'object' && address ? address.port : 0
      resolve({
        ...{ port, cut },
        stop() {
          server.close()
          cut()
        },
      })
    })
  })
}
