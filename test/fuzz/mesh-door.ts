import assert from 'node:assert/strict'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { Prng } from '../../src/kernel/prng.ts'
import { createHostCertificate, type HostCertificate } from '../../src/p2p/certificate.ts'
import type { Mesh } from '../../src/p2p/mesh.ts'
import { until } from '../support/until.ts'
import { numbered, numbersOf, Peers } from '../unit/p2p/peers.ts'
import { frames } from './corpus.ts'
import { mutate, pick, randomBytes } from './mutate.ts'
import type { Session, Target } from './target.ts'

/** Connections that are open at one time. */
const openMax = 16

/**
 * The mesh's port, from outside: bytes that are no TLS, TLS of somebody whom nobody knows, and the
 * connection of a worker, with frames that it must not send. Meanwhile two masters talk.
 */
export const meshDoor: Target = {
  name: 'mesh-door',
  async open() {
    const peers = new Peers()
    const a = await peers.make('a')
    const b = await peers.make('b')
    const w = await peers.make('w')
    const stranger = await peers.make('stranger')
    const worker = { ...w.member, role: 'worker' as const }
    const members = [a.member, b.member, worker]
    const meshA = await peers.start(a, members)
    const meshB = await peers.start(b, members)
    await until('links are up', () => meshA.connected('b') && meshB.connected('a'))
    return new DoorSession(peers, meshA, meshB, a.member.port, [
      await createHostCertificate(w.identity.privateKey),
      await createHostCertificate(stranger.identity.privateKey),
    ])
  },
}

class DoorSession implements Session {
  readonly #peers: Peers
  readonly #meshB: Mesh
  readonly #port: number
  readonly #certificates: readonly HostCertificate[]
  readonly #got: number[]
  readonly #open = new Set<Socket>()
  #sent = 0

  constructor(
    peers: Peers,
    meshA: Mesh,
    meshB: Mesh,
    port: number,
    certificates: readonly HostCertificate[],
  ) {
    this.#peers = peers
    this.#meshB = meshB
    this.#port = port
    this.#certificates = certificates
    this.#got = numbersOf(meshA)
  }

  async knock(prng: Prng): Promise<void> {
    const valid = pick(frames('w', 'a', 1), prng)
    const frame = prng.chance(0.5) ? valid : mutate(valid, prng)
    const length = Buffer.alloc(4)
    length.writeUInt32LE(prng.chance(0.8) ? frame.length : prng.below(2 ** 32))
    const framed = Buffer.concat([length, frame])
    if (prng.chance(0.5)) this.#call(randomBytes(1 + prng.below(64), prng))
    else this.#callSecurely(pick(this.#certificates, prng), framed)
    if (this.#sent - this.#got.length < 50) this.#meshB.send('a', numbered(++this.#sent))
    await until('a free connection', () => this.#open.size < openMax)
  }

  async inspect(): Promise<void> {
    await until('every frame of a master', () => this.#got.length === this.#sent)
    assert.deepEqual(
      this.#got,
      Array.from({ length: this.#sent }, (_, at) => at + 1),
      'frames of the other master, in order, and of nobody else',
    )
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await this.#peers.stopAll()
    this.#peers.close()
  }

  #call(bytes: Buffer): void {
    const socket = connectTcp({ host: '127.0.0.1', port: this.#port })
    this.#keep(socket)
    socket.end(bytes)
  }

  #callSecurely(certificate: HostCertificate, bytes: Buffer): void {
    const socket = connectTls({
      ...{ host: '127.0.0.1', port: this.#port, rejectUnauthorized: false },
      ...{ ALPNProtocols: ['quorate-frames/1'], ...certificate },
    })
    this.#keep(socket)
    socket.once('secureConnect', () => socket.end(bytes))
  }

  #keep(socket: Socket): void {
    this.#open.add(socket)
    socket.resume()
    socket.on('error', () => {})
    socket.once('close', () => this.#open.delete(socket))
  }
}
