import { createServer } from 'node:net'
import { portBlocks } from '../../src/config/ports.ts'

/** A TCP port that is free on `host` now. */
export function freePort(host = '127.0.0.1'): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, host, () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('port')),
      )
    })
  })
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

function canBind(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
