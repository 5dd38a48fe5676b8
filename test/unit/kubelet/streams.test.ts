import { createServer as createHttpServer, request as httpRequest } from 'node:http'
import { createRequire } from 'node:module'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { type Duplex, PassThrough, Writable } from 'node:stream'
import { afterEach, describe, expect, test, vi } from 'vitest'
import WebSocket, { createWebSocketStream } from 'ws'
import { sleep } from '../../../src/kernel/clock.ts'
import { execProcess } from '../../../src/kubelet/runtime/process/exec.ts'
import type { ExecRequest, ExecSession } from '../../../src/kubelet/runtime/types.ts'
import { execOverSpdy, execOverWebSocket, exitStatus } from '../../../src/kubelet/server/exec.ts'
import {
  forwardOverSpdy,
  forwardOverWebSocket,
  portsOf,
} from '../../../src/kubelet/server/portforward.ts'
import { type Upgraded, upgrade } from '../../../src/kubelet/server/upgrade.ts'
import { until } from '../../support/until.ts'

const cleanUp: (() => unknown)[] = []
afterEach(() => {
  for (const each of cleanUp.splice(0).reverse()) each()
})

interface ClientStream extends Duplex {
  on(event: 'response', listener: (status: number) => void): this
  on(event: string, listener: (...values: never[]) => void): this
}
interface ClientConnection {
  start(version: number): void
  request(options: object, sent: () => void): ClientStream
  end(): void
  on(event: string, listener: () => void): void
}
const spdy = createRequire(import.meta.url)('spdy-transport') as {
  connection: { create(socket: Duplex, options: object): ClientConnection }
}

/** A server that does nothing but upgrades. */
async function serve(use: 'exec' | 'portForward', then: (upgraded: Upgraded) => void) {
  const sockets = new Set<Duplex>()
  const server = createHttpServer()
  server.on('upgrade', (request, socket, head) => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    upgrade(request, socket, head, use, then)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

/** What kubectl 1.27 to 1.30 does. */
function openSpdy(port: number, protocol: string): Promise<ClientConnection> {
  return new Promise((resolve, reject) => {
    const headers = {
      connection: 'Upgrade',
      upgrade: 'SPDY/3.1',
      'x-stream-protocol-version': protocol,
    }
    const outgoing = httpRequest({ host: '127.0.0.1', port, method: 'POST', headers })
    outgoing.once('upgrade', (answer, socket, head) => {
      if (head.length > 0) socket.unshift(head)
      expect(answer.headers['x-stream-protocol-version']).toBe(protocol.split(', ')[0])
      resolve(clientOn(socket))
    })
    outgoing.once('error', reject)
    outgoing.end()
  })
}

function clientOn(socket: Duplex): ClientConnection {
  const connection = spdy.connection.create(socket, { protocol: 'spdy', isServer: false })
  connection.on('error', () => undefined)
  connection.start(3.1)
  cleanUp.push(() => socket.destroy())
  return connection
}

/** One after the other: the package, as a client, would send streams out of order. */
async function openStream(
  connection: ClientConnection,
  headers: Record<string, string>,
): Promise<ClientStream> {
  return new Promise(resolve => {
    const options = { method: 'POST', path: '/', headers }
    const stream = connection.request(options, () => resolve(stream))
    stream.on('error', () => undefined)
  })
}

function read(stream: Duplex): Promise<string> {
  let text = ''
  stream.on('data', chunk => {
    text += chunk
  })
  return new Promise(resolve => stream.once('end', () => resolve(text)))
}

/** A pod that answers in capitals. */
async function pod(): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('data', data => socket.end(String(data).toUpperCase()))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  cleanUp.push(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return (server.address() as AddressInfo).port
}

const target = (served: number) => ({
  host: '127.0.0.1',
  portOf: (port: number) => (port === 80 ? served : port),
})

describe('SPDY', () => {
  test('exec: streams, end of input and exit code; output beyond any window', async () => {
    const bytes = 3_000_000
    const wanted: ExecRequest & { stderr: boolean } = {
      command: ['sh', '-c', `cat; head -c ${bytes} /dev/zero; echo err >&2; exit 6`],
      tty: false,
      stdin: true,
      stderr: true,
    }
    const port = await serve('exec', upgraded => {
      if (upgraded.kind !== 'spdy') throw new Error(upgraded.kind)
      const env = { PATH: process.env.PATH ?? '' }
      const start = () => execProcess({ ...wanted, cwd: '/', env })
      void execOverSpdy(upgraded.session, wanted, start, exitStatus)
    })
    const connection = await openSpdy(port, 'v4.channel.k8s.io, v3.channel.k8s.io')
    const open = (streamtype: string) => openStream(connection, { streamtype })
    const error = read(await open('error'))
    const stdin = await open('stdin')
    const stdout = read(await open('stdout'))
    const stderr = read(await open('stderr'))
    stdin.end('hello')
    expect(await stderr).toBe('err\n')
    const output = await stdout
    expect(output.slice(0, 5)).toBe('hello')
    expect(output.length).toBe(bytes + 5)
    expect(JSON.parse(await error).details.causes[0].message).toBe('6')
  })

  test('port-forward: a pair of streams each; a refusal is told on the error stream', async () => {
    const served = await pod()
    const port = await serve('portForward', upgraded => {
      if (upgraded.kind === 'spdy') forwardOverSpdy(upgraded.session, target(served))
    })
    const connection = await openSpdy(port, 'portforward.k8s.io')
    const pair = async (requestid: string, to: number) => {
      const headers = { port: String(to), requestid }
      const error = await openStream(connection, { streamtype: 'error', ...headers })
      const data = await openStream(connection, { streamtype: 'data', ...headers })
      return { error, data }
    }
    for (const id of ['1', '2']) {
      const { error, data } = await pair(id, 80)
      const failure = read(error)
      error.end()
      data.write('hello')
      expect(await read(data)).toBe('HELLO')
      expect(await failure).toBe('')
    }
    const refused = await pair('3', 1)
    expect(await read(refused.error)).toContain('error forwarding port 1 to pod')
  })

  test('port-forward to what is no port ends that pair, and nothing else', async () => {
    const served = await pod()
    const port = await serve('portForward', upgraded => {
      if (upgraded.kind === 'spdy') forwardOverSpdy(upgraded.session, target(served))
    })
    const connection = await openSpdy(port, 'portforward.k8s.io')
    for (const [id, no] of ['65536', '99999', '0', '9'.repeat(30), '-1'].entries()) {
      const headers = { port: no, requestid: String(id) }
      await openStream(connection, { streamtype: 'error', ...headers })
      await openStream(connection, { streamtype: 'data', ...headers })
    }
    const headers = { port: '80', requestid: 'x' }
    const error = await openStream(connection, { streamtype: 'error', ...headers })
    error.end()
    const data = await openStream(connection, { streamtype: 'data', ...headers })
    data.write('hello')
    expect(await read(data)).toBe('HELLO')
  })
})

describe('over WebSocket nobody is sent more than he takes', () => {
  const piece = Buffer.alloc(64 * 1024, 'x')
  const pieces = 1_000

  /** Sends 64 MB, as far as they can be sent. */
  async function flood(client: WebSocket): Promise<void> {
    await new Promise(resolve => client.once('open', resolve))
    for (let n = 0; n < pieces; n++) client.send(Buffer.concat([Buffer.from([0]), piece]))
  }

  test('a program that does not read', async () => {
    const stdin = new Writable({ write: () => {} })
    const session: ExecSession = {
      ...{ stdin, stdout: new PassThrough(), stderr: null, exit: new Promise<number>(() => {}) },
      ...{ resize: () => undefined, kill: () => undefined },
    }
    const port = await serve('exec', upgraded => {
      if (upgraded.kind !== 'websocket') throw new Error(upgraded.kind)
      void execOverWebSocket(upgraded.client, async () => session, exitStatus)
    })
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, ['v4.channel.k8s.io'])
    cleanUp.push(() => client.terminate())
    await flood(client)
    await until('something has come', () => stdin.writableLength > 0)
    await sleep(300)
    expect(stdin.writableLength).toBeLessThan(2 ** 20)
    expect(client.bufferedAmount).toBeGreaterThan(40 * 2 ** 20)
  })

  test('a pod that does not read, and a client that does not', async () => {
    const sockets: Socket[] = []
    const server = createServer(socket => {
      sockets.push(socket.pause())
      socket.on('error', () => {})
      for (let n = 0; n < pieces; n++) socket.write(piece)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    cleanUp.push(() => {
      for (const socket of sockets) socket.destroy()
      server.close()
    })
    const served = (server.address() as AddressInfo).port
    let theirs: WebSocket | undefined
    const port = await serve('portForward', upgraded => {
      if (upgraded.kind !== 'websocket') return
      theirs = upgraded.client
      forwardOverWebSocket(upgraded.client, [80], target(served))
    })
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, ['v4.channel.k8s.io'])
    cleanUp.push(() => client.terminate())
    await flood(client)
    client.pause()
    await until('something waits for it', () => (theirs?.bufferedAmount ?? 0) > 0)
    await sleep(500)
    expect(client.bufferedAmount).toBeGreaterThan(40 * 2 ** 20)
    expect(theirs?.bufferedAmount).toBeLessThan(8 * 2 ** 20)
    expect(sockets[0]?.writableLength).toBeGreaterThan(40 * 2 ** 20)
  })
})

describe('a client who leaves', () => {
  /** A program that is started when `begin` is called, and what has been done to it. */
  function program() {
    let begin: () => void = () => {}
    const session = {
      ...{
        stdin: null,
        stdout: new PassThrough(),
        stderr: null,
        exit: new Promise<number>(() => {}),
      },
      ...{ resize: () => undefined, kill: vi.fn() },
    } satisfies ExecSession
    const started = new Promise<void>(resolve => {
      begin = resolve
    })
    const start = vi.fn(() => started.then(() => session))
    return { session, start, begin: () => begin() }
  }

  test('over WebSocket, while his program is being started', async () => {
    const { session, start, begin } = program()
    const port = await serve('exec', upgraded => {
      if (upgraded.kind !== 'websocket') throw new Error(upgraded.kind)
      upgraded.client.once('close', () => setImmediate(begin))
      void execOverWebSocket(upgraded.client, start, exitStatus)
    })
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, ['v4.channel.k8s.io'])
    client.once('open', () => client.terminate())
    await until('it is ended', () => session.kill.mock.calls.length > 0)
  })

  test('over WebSocket, after his program could not be started', async () => {
    let theirs: WebSocket | undefined
    const port = await serve('exec', upgraded => {
      if (upgraded.kind !== 'websocket') throw new Error(upgraded.kind)
      theirs = upgraded.client
      const start = () => Promise.reject(new Error('no such program'))
      void execOverWebSocket(upgraded.client, start, exitStatus)
    })
    const client = new WebSocket(`ws://127.0.0.1:${port}/`, ['v4.channel.k8s.io'])
    await new Promise(resolve => client.once('close', resolve))
    await until('both sides are closed', () => theirs?.readyState === WebSocket.CLOSED)
  })

  const wanted = { command: ['x'], tty: false, stdin: false, stderr: false }

  test('over SPDY, while his program is being started', async () => {
    const { session, start, begin } = program()
    const port = await serve('exec', upgraded => {
      if (upgraded.kind !== 'spdy') throw new Error(upgraded.kind)
      upgraded.session.onClose(() => setImmediate(begin))
      void execOverSpdy(upgraded.session, wanted, start, exitStatus)
    })
    const connection = await openSpdy(port, 'v4.channel.k8s.io')
    for (const streamtype of ['error', 'stdout']) await openStream(connection, { streamtype })
    await until('it is being started', () => start.mock.calls.length > 0)
    cleanUp.pop()?.()
    await until('it is ended', () => session.kill.mock.calls.length > 0)
  })

  test('over SPDY, before he has opened his streams: nothing is started', async () => {
    const { start } = program()
    let over = false
    const port = await serve('exec', upgraded => {
      if (upgraded.kind !== 'spdy') throw new Error(upgraded.kind)
      void execOverSpdy(upgraded.session, wanted, start, exitStatus).then(() => {
        over = true
      })
    })
    await openSpdy(port, 'v4.channel.k8s.io')
    cleanUp.pop()?.()
    await until('nobody waits for his streams', () => over)
    expect(start).not.toHaveBeenCalled()
  })

  test('a port-forward takes its connections to the pod with it', async () => {
    let connections = 0
    const server = createServer(socket => {
      connections++
      socket.on('error', () => {})
      socket.once('close', () => connections--)
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    cleanUp.push(() => server.close())
    const served = (server.address() as AddressInfo).port
    const port = await serve('portForward', upgraded => {
      if (upgraded.kind === 'spdy') forwardOverSpdy(upgraded.session, target(served))
    })
    const connection = await openSpdy(port, 'portforward.k8s.io')
    const headers = { port: '80', requestid: '1' }
    await openStream(connection, { streamtype: 'error', ...headers })
    await openStream(connection, { streamtype: 'data', ...headers })
    await until('it is connected', () => connections === 1)
    cleanUp.pop()?.()
    await until('it is not any more', () => connections === 0)
  })

  test('by ending his side alone is left as well', async () => {
    const sockets: Duplex[] = []
    const server = createHttpServer()
    server.on('upgrade', (request, socket, head) => {
      sockets.push(socket)
      upgrade(request, socket, head, 'portForward', upgraded => {
        if (upgraded.kind === 'spdy') forwardOverSpdy(upgraded.session, target(1))
      })
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    cleanUp.push(() => server.close())
    const client = connect({ port: (server.address() as AddressInfo).port, allowHalfOpen: true })
    cleanUp.push(() => client.destroy())
    const head = ['GET / HTTP/1.1', 'host: x', 'connection: Upgrade', 'upgrade: SPDY/3.1']
    const offer = 'x-stream-protocol-version: portforward.k8s.io'
    client.write(`${[...head, offer].join('\r\n')}\r\n\r\n`)
    client.once('data', () => client.end())
    client.resume()
    await until('the socket is closed', () => sockets[0]?.closed === true)
  })
})

describe('WebSocket', () => {
  test('port-forward as SPDY inside, as kubectl 1.31 and later do it', async () => {
    const served = await pod()
    const port = await serve('portForward', upgraded => {
      if (upgraded.kind === 'spdy') forwardOverSpdy(upgraded.session, target(served))
    })
    const raw = new WebSocket(`ws://127.0.0.1:${port}/`, {
      // The library refuses a name that is no token; Go's clients send it all the same.
      finishRequest: outgoing => {
        outgoing.setHeader('sec-websocket-protocol', 'SPDY/3.1+portforward.k8s.io')
        outgoing.prependListener('upgrade', answer => {
          expect(answer.headers['sec-websocket-protocol']).toBe('SPDY/3.1+portforward.k8s.io')
          delete answer.headers['sec-websocket-protocol']
        })
        outgoing.end()
      },
    })
    await new Promise(resolve => raw.once('open', resolve))
    const connection = clientOn(createWebSocketStream(raw).on('error', () => undefined))
    const headers = { port: '80', requestid: '1' }
    const error = await openStream(connection, { streamtype: 'error', ...headers })
    error.end()
    const data = await openStream(connection, { streamtype: 'data', ...headers })
    data.write('inside')
    expect(await read(data)).toBe('INSIDE')
  })

  test('the older port-forward: two channels a port, named by their first bytes', async () => {
    const served = await pod()
    const port = await serve('portForward', upgraded => {
      if (upgraded.kind === 'websocket') {
        forwardOverWebSocket(upgraded.client, [80], target(served))
      }
    })
    const socket = new WebSocket(`ws://127.0.0.1:${port}/`, ['v4.channel.k8s.io'])
    const seen: Buffer[] = []
    socket.on('message', (data: Buffer) => seen.push(data))
    await new Promise(resolve => socket.once('open', resolve))
    socket.send(Buffer.concat([Buffer.from([0]), Buffer.from('old')]))
    await new Promise(resolve => socket.once('close', resolve))
    expect(seen.slice(0, 2)).toEqual([Buffer.from([0, 80, 0]), Buffer.from([1, 80, 0])])
    expect(seen[2]?.toString()).toBe('\0OLD')
  })

  test.each(['x', '', '-1', '0', '65536', '80,x', '8e1'])('ports=%s are refused', ports => {
    expect(() => portsOf(new URLSearchParams({ ports }))).toThrow('as a port')
  })

  test('ports come one by one, or with commas between them', () => {
    expect(portsOf(new URLSearchParams('ports=80,65535&ports=1'))).toEqual([80, 65_535, 1])
  })

  test('a client that offers nothing known is refused', () => {
    const offer = (headers: Record<string, string>) => () =>
      upgrade({ headers } as never, new PassThrough(), Buffer.alloc(0), 'exec', () => undefined)
    expect(offer({ upgrade: 'h2c' })).toThrow('unable to upgrade')
    expect(offer({ upgrade: 'SPDY/3.1' })).toThrow('unable to negotiate protocol')
  })
})
