import { createServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readyzProbe, tlsProbe } from '../../../src/loadbalancer/health.ts'
import { createClusterCa, issueCertificate, type KeyPair } from '../../../src/pki/authority.ts'

let ca: KeyPair
let status = 200
let role = 'follower'
let port = 0
let mutePort = 0
const servers: Server[] = []

beforeAll(async () => {
  ca = await createClusterCa('test')
  const pair = await issueCertificate(ca, { user: 's', hosts: ['127.0.0.1'], usages: ['server'] })
  const server = createServer(pair, (_request, response) => {
    response.writeHead(status, { 'x-quorate-role': role }).end('ok')
  })
  // Accepts and says nothing, as the kernel does for a paused process.
  const mute = createTcpServer(socket => socket.on('error', () => undefined))
  for (const each of [server, mute]) {
    await new Promise<void>(resolve => each.listen(0, '127.0.0.1', resolve))
    servers.push(each)
  }
  port = (server.address() as AddressInfo).port
  mutePort = (mute.address() as AddressInfo).port
})
afterAll(() => {
  for (const server of servers) server.close()
})

const backend = (at: number) => ({ name: 'a', host: '127.0.0.1', port: at })

test('the TLS probe tells a server that works from one that only accepts', async () => {
  expect(await tlsProbe(backend(port), AbortSignal.timeout(2_000))).toEqual({ state: 'ready' })
  await expect(tlsProbe(backend(mutePort), AbortSignal.timeout(50))).rejects.toThrow('in time')
  await expect(tlsProbe(backend(1), AbortSignal.timeout(2_000))).rejects.toThrow('ECONNREFUSED')
})

test('the readyz probe tells readiness and the leader', async () => {
  const probe = readyzProbe({ ca: ca.cert })
  const ask = () => probe(backend(port), AbortSignal.timeout(2_000))
  expect(await ask()).toEqual({ state: 'ready', isLeader: false })
  role = 'leader'
  expect(await ask()).toEqual({ state: 'ready', isLeader: true })
  status = 500
  expect(await ask()).toEqual({ state: 'unready', isLeader: true })
  await expect(probe(backend(mutePort), AbortSignal.timeout(50))).rejects.toThrow()
})
