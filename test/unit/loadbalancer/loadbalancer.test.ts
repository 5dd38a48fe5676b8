import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createLoadBalancer } from '../../../src/loadbalancer/loadbalancer.ts'
import { printHaproxy, printNginx } from '../../../src/loadbalancer/print.ts'
import type { Backend, HealthProbe, LoadBalancerOptions } from '../../../src/loadbalancer/types.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each()
})
const within = { timeout: 4_000, interval: 10 }

interface TestBackend extends Backend {
  readonly server: Server
  readonly sockets: Set<Socket>
  kill(): void
}

/** Greets with its name, and ends when the client ends. */
async function backend(name: string, port = 0): Promise<TestBackend> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.write(name)
    socket.on('end', () => socket.end('!'))
    socket.resume()
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const kill = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  cleanUp.push(kill)
  const address = server.address() as AddressInfo
  return { name, host: '127.0.0.1', port: address.port, server, sockets, kill }
}

const up: HealthProbe = async () => ({ state: 'ready' })

async function balance(backends: readonly Backend[], more: Partial<LoadBalancerOptions> = {}) {
  const lb = createLoadBalancer({
    host: '127.0.0.1',
    port: 0,
    backends,
    logger: silentLogger,
    healthCheck: { probe: up },
    ...more,
  })
  await lb.start()
  cleanUp.push(() => lb.stop())
  return lb
}

function open(port: number): { socket: Socket; greeting: Promise<string>; closed: Promise<void> } {
  const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
  socket.on('error', () => undefined)
  const greeting = new Promise<string>(resolve => {
    socket.once('data', data => resolve(String(data)))
    socket.once('close', () => resolve(''))
  })
  const closed = new Promise<void>(resolve => socket.once('close', () => resolve()))
  cleanUp.push(() => socket.destroy())
  return { socket, greeting, closed }
}

/** A probe that finds all ready, and one of them leading. */
function leads(leader: string): HealthProbe {
  return async ({ name }) => ({ state: 'ready', isLeader: name === leader })
}

describe('load balancer', () => {
  test('gives new connections to followers, in turn', async () => {
    const backends = [await backend('a'), await backend('b'), await backend('c')]
    const lb = await balance(backends, { healthCheck: { probe: leads('b') } })
    const seen: string[] = []
    for (let count = 0; count < 4; count++) seen.push(await open(lb.port).greeting)
    expect(seen.sort()).toEqual(['a', 'a', 'c', 'c'])
    expect(lb.connections()).toEqual({ a: 2, b: 0, c: 2 })
  })

  test('a refused connection goes to the next peer at once, also to the leader', async () => {
    const backends = [await backend('a'), await backend('b'), await backend('c')]
    const lb = await balance(backends, { healthCheck: { probe: leads('b') } })
    backends[0]!.kill()
    for (let count = 0; count < 3; count++) expect(await open(lb.port).greeting).toBe('c')
    backends[2]!.kill()
    expect(await open(lb.port).greeting).toBe('b')
  })

  test('half-close passes through, and the end of a peer reaches the client', async () => {
    const only = await backend('a')
    const lb = await balance([only])
    const first = open(lb.port)
    expect(await first.greeting).toBe('a')
    const last = new Promise(resolve => first.socket.once('data', data => resolve(String(data))))
    first.socket.end()
    expect(await last).toBe('!')
    await first.closed
    const second = open(lb.port)
    await second.greeting
    second.socket.on('end', () => second.socket.end())
    only.kill()
    await second.closed
  })

  test('a paused peer loses its connections and gets no new ones until it is back', async () => {
    const backends = [await backend('a'), await backend('b')]
    let paused = ''
    const probe: HealthProbe = ({ name }, signal) =>
      name === paused
        ? new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
        : up({ name, host: '', port: 0 }, signal)
    const healthCheck = { probe, intervalMs: 20, retryMs: 20, timeoutMs: 50 }
    const lb = await balance(backends, { healthCheck, preferred: () => ['a', 'b'] })
    const held = open(lb.port)
    expect(await held.greeting).toBe('a')
    paused = 'a'
    await held.closed
    expect(await open(lb.port).greeting).toBe('b')
    paused = ''
    await vi.waitFor(async () => expect(await open(lb.port).greeting).toBe('a'), within)
  })

  test('a peer that is not ready comes after the leader; the real check needs TLS', async () => {
    const backends = [await backend('a'), await backend('b')]
    const probe: HealthProbe = async ({ name }) =>
      name === 'a' ? { state: 'unready' } : { state: 'ready', isLeader: true }
    const lb = await balance(backends, { healthCheck: { probe } })
    await vi.waitFor(async () => expect(await open(lb.port).greeting).toBe('b'), within)
    expect(await open(lb.port).greeting).toBe('b')
  })

  test('without any peer the client is let go; it waits for one that comes soon', async () => {
    const gone = await backend('a')
    gone.kill()
    const lb = await balance([gone])
    await open(lb.port).closed
    const waiting = open(lb.port)
    await backend('a', gone.port)
    expect(await waiting.greeting).toBe('a')
  })
})

describe('printed configuration', () => {
  const backends = [
    { name: 'peer-1', host: '127.0.0.1', port: 6_441 },
    { name: 'peer-2', host: '127.0.0.1', port: 6_442 },
  ]

  test('HAProxy: TCP mode, redispatch, sessions end with their server', () => {
    const text = printHaproxy(backends, { bind: '127.0.0.1:6443' })
    expect(text).toContain('mode tcp')
    expect(text).toContain('option redispatch')
    expect(text).toContain('bind 127.0.0.1:6443')
    const servers = text.split('\n').filter(line => line.trim().startsWith('server '))
    expect(servers).toHaveLength(2)
    for (const line of servers) {
      expect(line).toContain('observe layer4')
      expect(line).toContain('on-marked-down shutdown-sessions')
    }
  })

  test('Nginx: the stream module with quick failover', () => {
    const text = printNginx(backends)
    expect(text).toContain('server 127.0.0.1:6442 max_fails=1 fail_timeout=2s; # peer-2')
    expect(text).toContain('proxy_next_upstream on;')
    expect(text.split('{')).toHaveLength(text.split('}').length)
  })
})
