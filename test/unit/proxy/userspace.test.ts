import { spawnSync } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { createClient } from '../../../src/client/client.ts'
import { InformerFactory } from '../../../src/client/informer.ts'
import { createRecorder } from '../../../src/client/recorder.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { createUserspaceProxy } from '../../../src/proxy/userspace.ts'
import { FakeApi } from '../client/fakeapi.ts'

const cleanUp: (() => unknown)[] = []
afterEach(async () => {
  for (const each of cleanUp.splice(0).reverse()) await each()
})
const within = { timeout: 4_000, interval: 10 }

/** Addresses of this file; other tests use others. */
const clusterIp = '127.93.1.1'
const nodeIp = '127.93.2.1'
const podIp = (number: number) => `127.93.3.${number}`
const port = 8_080
const servicePath = '/api/v1/namespaces/default/services/web'
const slicePath = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices/web-1'

/** A pod that answers with its address once the client has ended its side. */
async function backend(ip: string, at = port): Promise<() => void> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true }, socket => {
    sockets.add(socket)
    let text = ''
    socket.on('error', () => socket.destroy())
    socket.on('data', chunk => {
      text += chunk
    })
    socket.on('end', () => socket.end(`${ip} got ${text}`))
  })
  await new Promise<void>(resolve => server.listen(at, ip, resolve))
  const close = () => {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
  cleanUp.push(close)
  return close
}

function ask(host: string, at: number, text = 'hi'): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port: at, allowHalfOpen: true })
    let answer = ''
    socket.on('connect', () => socket.end(text))
    socket.on('data', chunk => {
      answer += chunk
    })
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

async function setUp(ports: object[], ips: string[], target = port, protocol = 'TCP') {
  const api = new FakeApi()
  const client = createClient(api, { userAgent: 'proxy' })
  const factory = new InformerFactory(client)
  const metadata = { name: 'web', namespace: 'default' }
  const type = 'NodePort'
  api.put(servicePath, { metadata, spec: { clusterIP: clusterIp, type, ports } })
  const putSlice = (list: string[]) =>
    api.put(slicePath, {
      metadata: {
        name: 'web-1',
        namespace: 'default',
        labels: { 'kubernetes.io/service-name': 'web' },
      },
      addressType: 'IPv4',
      endpoints: list.map(ip => ({ addresses: [ip] })),
      ports: [{ name: '', port: target, protocol }],
    })
  putSlice(ips)
  api.put('/api/v1/nodes/n1', {
    metadata: { name: 'n1' },
    status: { addresses: [{ type: 'InternalIP', address: nodeIp }] },
  })
  const recorder = createRecorder(client, { component: 'proxy' })
  const proxy = createUserspaceProxy({ factory, recorder, logger: silentLogger })
  await factory.start()
  await proxy.start()
  cleanUp.push(() => factory.stop())
  cleanUp.push(() => proxy.stop())
  return { api, proxy, putSlice }
}

describe('userspace proxy', () => {
  test('spreads connections of cluster address and node port; half-close works', async () => {
    await backend(podIp(2))
    await backend(podIp(3))
    await setUp([{ port: 8_000, nodePort: 30_081 }], [podIp(2), podIp(3)])
    const answers = [await ask(clusterIp, 8_000), await ask(clusterIp, 8_000)]
    expect(answers.sort()).toEqual([`${podIp(2)} got hi`, `${podIp(3)} got hi`])
    expect(await ask(nodeIp, 30_081)).toContain('got hi')
    await expect(ask('127.93.2.9', 30_081)).rejects.toThrow('ECONNREFUSED')
  })

  test('an endpoint that refuses is passed over; without any the connection is reset', async () => {
    await backend(podIp(3))
    const { putSlice } = await setUp([{ port: 8_000 }], [podIp(2), podIp(3)])
    for (let count = 0; count < 4; count++) {
      expect(await ask(clusterIp, 8_000)).toBe(`${podIp(3)} got hi`)
    }
    putSlice([])
    await vi.waitFor(() => expect(ask(clusterIp, 8_000)).rejects.toThrow(), within)
  })

  test('a UDP client whose endpoint is gone goes to another, though it never pauses', async () => {
    const echo = async (ip: string) => {
      const socket = createSocket('udp4')
      socket.on('message', (_data, from) => socket.send(ip, from.port, from.address))
      await new Promise<void>(resolve => socket.bind(port, ip, resolve))
      cleanUp.push(() => socket.close())
    }
    await echo(podIp(2))
    await echo(podIp(3))
    const { putSlice } = await setUp([{ port: 8_000, protocol: 'UDP' }], [podIp(2)], port, 'UDP')
    const client = createSocket('udp4')
    const seen = new Set<string>()
    client.on('message', data => seen.add(data.toString()))
    const timer = setInterval(() => client.send('x', 8_000, clusterIp), 10)
    cleanUp.push(() => {
      clearInterval(timer)
      client.close()
    })
    await vi.waitFor(() => expect([...seen]).toEqual([podIp(2)]), within)
    putSlice([podIp(3)])
    await vi.waitFor(() => expect([...seen]).toEqual([podIp(2), podIp(3)]), within)
  })

  test('an object that breaks one run does not break the next', async () => {
    await backend(podIp(2))
    const { api } = await setUp([{ port: 8_000 }], [podIp(2)])
    const path = '/api/v1/namespaces/default/services/broken'
    // Nothing that the API server would take: as it was, it ended the proxy's work for good.
    api.put(path, { metadata: { name: 'broken', namespace: 'default' }, spec: null })
    const metadata = { name: 'web', namespace: 'default' }
    const ports = [{ port: 8_001 }]
    api.put(servicePath, { metadata, spec: { clusterIP: clusterIp, type: 'NodePort', ports } })
    await new Promise(resolve => setTimeout(resolve, 100))
    api.remove(path)
    await vi.waitFor(async () => expect(await ask(clusterIp, 8_001)).toContain('got hi'), within)
  })

  test('endpoints and services that change are followed; a deleted one is closed', async () => {
    await backend(podIp(2))
    await backend(podIp(3))
    const { api, putSlice } = await setUp([{ port: 8_000 }], [podIp(2)])
    expect(await ask(clusterIp, 8_000)).toContain(podIp(2))
    putSlice([podIp(3)])
    await vi.waitFor(async () => {
      expect(await ask(clusterIp, 8_000)).toContain(podIp(3))
    }, within)
    api.remove(servicePath)
    await vi.waitFor(async () => {
      await expect(ask(clusterIp, 8_000)).rejects.toThrow('ECONNREFUSED')
    }, within)
  })

  test('a pod that serves its low port 20000 higher is found', async () => {
    await backend(podIp(4), 20_080)
    await setUp([{ port: 8_000 }], [podIp(4)], 80)
    expect(await ask(clusterIp, 8_000)).toBe(`${podIp(4)} got hi`)
    expect(await ask(clusterIp, 8_000)).toBe(`${podIp(4)} got hi`)
  })

  test('UDP goes there and back', async () => {
    const server = createSocket('udp4')
    server.on('message', (data, from) => server.send(`echo ${data}`, from.port, from.address))
    await new Promise<void>(resolve => server.bind(port, podIp(5), resolve))
    cleanUp.push(() => server.close())
    await setUp([{ port: 5_353, protocol: 'UDP' }], [podIp(5)], port, 'UDP')
    const socket = createSocket('udp4')
    cleanUp.push(() => socket.close())
    const answer = new Promise(resolve => socket.once('message', data => resolve(String(data))))
    socket.send('ping', 5_353, clusterIp)
    expect(await answer).toBe('echo ping')
  })

  test('without privilege a low port is served 20000 higher, and said so', async () => {
    if (process.getuid?.() !== 0) return
    const start = spawnSync('cat', ['/proc/sys/net/ipv4/ip_unprivileged_port_start'])
    if (Number(start.stdout) <= 80) return
    await backend(podIp(2))
    process.seteuid?.(65_534)
    try {
      const { api, proxy } = await setUp([{ port: 80 }], [podIp(2)])
      expect(proxy.remapped()).toEqual([
        { service: 'default/web:', address: clusterIp, port: 80, served: 20_080 },
      ])
      expect(await ask(clusterIp, 20_080)).toBe(`${podIp(2)} got hi`)
      await vi.waitFor(() => {
        const event = [...api.objects.values()].find(each => each.reason === 'PortRemapped')
        expect(event?.message).toContain('sysctl net.ipv4.ip_unprivileged_port_start=80')
      }, within)
    } finally {
      process.seteuid?.(0)
    }
  })
})
