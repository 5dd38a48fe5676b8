import { createServer } from 'node:net'
import { portBlocks } from '../../src/config/ports.ts'

/**
 * A TCP port that is free on `host` now. Not one that the system gives to connections: until it is
 * taken, somebody else's may have it.
 */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const port = 8_000 + Math.floor(Math.random() * 3_900)
    if (await canBind(port, host)) return port
  }
  throw new Error('no free port')
}

/** Ports of one cluster with `peers` peers, all free now. */
export async function freePortBase(peers = 6): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const base = 12_000 + Math.floor(Math.random() * 18_000)
    const blocks = Object.values(portBlocks)
    const offsets = blocks.flatMap(at => Array.from({ length: peers }, (_, n) => at + n))
    const free = await Promise.all([0, 257, ...offsets].map(offset => canBind(base + offset)))
    if (free.every(Boolean)) return base
  }
  throw new Error('no free block of ports')
}

function canBind(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
