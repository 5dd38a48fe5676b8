import { createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto'
import { connect as connectTcp } from 'node:net'
import { connect, type TLSSocket } from 'node:tls'
import { noise } from '@chainsafe/libp2p-noise'
import { yamux } from '@chainsafe/libp2p-yamux'
import { identify } from '@libp2p/identify'
import { tcp } from '@libp2p/tcp'
import { multiaddr } from '@multiformats/multiaddr'
import { createLibp2p } from 'libp2p'
import { afterAll, afterEach, expect, test } from 'vitest'
import { sleep } from '../../../src/kernel/clock.ts'
import { createHostCertificate, pem, selfSigned } from '../../../src/p2p/certificate.ts'
import type { Mesh } from '../../../src/p2p/mesh.ts'
import type { Refusal } from '../../../src/p2p/refusals.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/until.ts'
import { libp2pExtensionOf } from './forge.ts'
import { numbered, numbersOf, type Peer, Peers } from './peers.ts'

/** Who gets in: a real mesh, and callers that know the protocol as well as we do. */
const peers = new Peers()
afterEach(() => peers.stopAll())
afterAll(() => peers.close())

/** A caller with the given credentials. @returns what the mesh said: its one byte, or nothing. */
async function call(port: number, options: object = {}): Promise<Buffer> {
  const socket: TLSSocket = connect({
    ...{ host: '127.0.0.1', port, rejectUnauthorized: false },
    ...{ ALPNProtocols: ['quorate-frames/1'], ...options },
  })
  const chunks: Buffer[] = []
  socket.on('data', chunk => chunks.push(chunk))
  socket.on('error', () => {})
  socket.once('secureConnect', () => socket.write(Buffer.from([4, 0, 0, 0, 1, 2, 3, 4])))
  await Promise.race([new Promise(resolve => socket.once('close', resolve)), sleep(400)])
  socket.destroy()
  return Buffer.concat(chunks)
}

/** A mesh of `a` with a member `b` that is not there, and what it hears and refuses. */
async function open(): Promise<{ a: Peer; b: Peer; mesh: Mesh; got: number[]; told: Refusal[] }> {
  const a = await peers.make('a')
  const b = await peers.make('b')
  const mesh = await peers.start(a, [a.member, b.member])
  const told: Refusal[] = []
  mesh.onRefused(refusal => told.push(refusal))
  return { a, b, mesh, got: numbersOf(mesh), told }
}

const welcome = Buffer.from([1])

test('a member is welcome', async () => {
  const { a, b, got, told } = await open()
  const own = await createHostCertificate(b.identity.privateKey)
  expect(await call(a.member.port, own)).toEqual(welcome)
  expect(got.length).toBe(1)
  expect(told).toEqual([])
})

test('a non-member is refused, and told of once', async () => {
  const { a, got, told } = await open()
  const stranger = await peers.make('stranger')
  const own = await createHostCertificate(stranger.identity.privateKey)
  for (let n = 0; n < 3; n++) expect((await call(a.member.port, own)).length).toBe(0)
  expect(got).toEqual([])
  expect(told.map(({ peerId }) => peerId)).toEqual([stranger.member.peerId])
  expect(told[0]?.address).toContain('/ip4/127.0.0.1/tcp/')
})

test('without a certificate, or with another protocol, nobody gets in', async () => {
  const { a, b, got } = await open()
  expect((await call(a.member.port)).length).toBe(0)
  const own = await createHostCertificate(b.identity.privateKey)
  expect((await call(a.member.port, { ...own, ALPNProtocols: ['h2'] })).length).toBe(0)
  expect((await call(a.member.port, { ...own, ALPNProtocols: undefined })).length).toBe(0)
  expect((await call(a.member.port, { ...own, maxVersion: 'TLSv1.2' })).length).toBe(0)
  expect(got).toEqual([])
})

test('a proof taken from a member’s certificate does not work in another', async () => {
  const { a, b, got } = await open()
  const member = await createHostCertificate(b.identity.privateKey)
  const proof = libp2pExtensionOf(new X509Certificate(member.cert).raw)
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' })
  const forged = selfSigned(publicKey, privateKey, [proof])
  expect((await call(a.member.port, { cert: pem('CERTIFICATE', forged), key })).length).toBe(0)
  expect(got).toEqual([])
})

test('a certificate that another one has issued does not work, even with its chain', async () => {
  const { a, b, got } = await open()
  const member = await createHostCertificate(b.identity.privateKey)
  const proof = libp2pExtensionOf(new X509Certificate(member.cert).raw)
  const ca = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const issued = pem(
    'CERTIFICATE',
    selfSigned(createPublicKey(member.cert), ca.privateKey, [proof]),
  )
  const chain = issued + pem('CERTIFICATE', selfSigned(ca.publicKey, ca.privateKey, []))
  expect((await call(a.member.port, { cert: chain, key: member.key })).length).toBe(0)
  expect(got).toEqual([])
})

test('a member’s address where another peer answers gets no link', async () => {
  const a = await peers.make('a')
  const b = await peers.make('b')
  const other = await peers.make('other')
  const meshA = await peers.start(a, [a.member, b.member])
  const impostor = { ...other, member: { ...other.member, id: 'b', port: b.member.port } }
  const meshB = await peers.start(impostor, [a.member, impostor.member])
  const got = numbersOf(meshB)
  for (let n = 0; n < 10; n++) {
    meshA.send('b', numbered(n))
    await sleep(30)
  }
  expect([meshA.connected('b'), meshB.connected('a')]).toEqual([false, false])
  expect(got).toEqual([])
})

test('libp2p of others gets in by noise as a member, and not as a stranger', async () => {
  const { a, b, told } = await open()
  const stranger = await peers.make('stranger')
  const target = multiaddr(`/ip4/127.0.0.1/tcp/${a.member.port}/p2p/${a.member.peerId}`)
  const stock = (peer: Peer) =>
    createLibp2p({
      privateKey: peer.identity.privateKey,
      transports: [tcp() as never],
      connectionEncrypters: [noise() as never],
      streamMuxers: [yamux() as never],
      services: { identify: identify() },
    })
  const refused = await stock(stranger)
  // The dialling end may believe in the connection for a moment: it is the first to finish.
  await refused.dial(target as never).catch(() => {})
  await until('no connection', () => refused.getConnections().length === 0)
  await refused.stop()
  expect(told.map(({ peerId }) => peerId)).toEqual([stranger.member.peerId])
  const welcomed = await stock(b)
  const protocols: string[] = []
  welcomed.addEventListener('peer:identify', ({ detail }) => protocols.push(...detail.protocols))
  await welcomed.dial(target as never)
  await until('the mesh has said what it is', () => protocols.includes('/meshsub/1.2.0'))
  await welcomed.stop()
})

test('frames beyond the limit end the connection', async () => {
  const { a, b, got } = await open()
  const own = await createHostCertificate(b.identity.privateKey)
  const socket = connect({
    ...{ host: '127.0.0.1', port: a.member.port, rejectUnauthorized: false },
    ...{ ALPNProtocols: ['quorate-frames/1'], ...own },
  })
  socket.on('error', () => {})
  await new Promise(resolve => socket.once('data', resolve))
  const closed = new Promise(resolve => socket.once('close', resolve))
  socket.write(Buffer.from([0xff, 0xff, 0xff, 0xff, 0]))
  await closed
  expect(got).toEqual([])
})

test('callers that stop half-way are hung up on, and stopping among them is clean', async () => {
  const { a, mesh } = await open()
  const { port } = a.member
  const silent = connectTcp(port, '127.0.0.1')
  const halfTls = connectTcp(port, '127.0.0.1', () => {
    halfTls.write(Buffer.from([0x16, 3, 1]))
  })
  const halfNoise = connectTcp(port, '127.0.0.1', () => {
    halfNoise.write(Buffer.from([0x13, 0x2f]))
  })
  const callers = [silent, halfTls, halfNoise]
  for (const caller of callers) caller.on('error', () => {}).resume()
  await until('hung up on', () => callers.every(caller => caller.closed), 6_000)

  const late = connectTcp(port, '127.0.0.1', () => late.write(Buffer.from([0x16, 3, 1])))
  late.on('error', () => {}).resume()
  await sleep(100)
  await mesh.stop()
  await until('hung up on', () => late.closed, 2_000)
})

test('a taken port is said', async () => {
  const a = await peers.make('a')
  await peers.start(a, [a.member])
  await expect(peers.start(a, [a.member])).rejects.toThrow('EADDRINUSE')
  expect(await freePort()).toBeGreaterThan(0)
})
