import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { ensureIdentity, type MeshIdentity } from '../../../src/p2p/identity.ts'
import { Mesh } from '../../../src/p2p/mesh.ts'
import type { MeshMember } from '../../../src/p2p/types.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/until.ts'

/** Who takes part in a test: a place in the list of members, and the key to prove it. */
export interface Peer {
  readonly member: MeshMember
  readonly identity: MeshIdentity
}

/** Peers of one test file; `close` stops what was started and removes the keys. */
export class Peers {
  readonly #folder = mkdtempSync(join(tmpdir(), 'mesh-'))
  readonly #running: Mesh[] = []

  /** A peer with a key of its own and a free port. */
  async make(name: string): Promise<Peer> {
    const identity = await ensureIdentity(join(this.#folder, `${name}-${process.hrtime.bigint()}`))
    const port = await freePort()
    const { peerId } = identity
    return { member: { id: name, name, peerId, host: '127.0.0.1', port }, identity }
  }

  async start(self: Peer, members: readonly MeshMember[]): Promise<Mesh> {
    const mesh = new Mesh({
      ...{ self: self.member.id, members, identity: self.identity },
      ...{ clock: systemClock, logger: silentLogger },
    })
    this.#running.push(mesh)
    await mesh.start()
    return mesh
  }

  /** Two peers, each with a link to the other. */
  async pair(): Promise<{ a: Peer; b: Peer; meshA: Mesh; meshB: Mesh; members: MeshMember[] }> {
    const a = await this.make('a')
    const b = await this.make('b')
    const members = [a.member, b.member]
    const meshA = await this.start(a, members)
    const meshB = await this.start(b, members)
    await until('links are up', () => meshA.connected('b') && meshB.connected('a'))
    return { a, b, meshA, meshB, members }
  }

  async stopAll(): Promise<void> {
    for (const mesh of this.#running.splice(0)) await mesh.stop()
  }

  close(): void {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** A frame of `size` bytes that begins with its number. */
export function numbered(n: number, size = 8): Buffer {
  const frame = Buffer.alloc(size)
  frame.writeUInt32LE(n, 0)
  return frame
}

/** The numbers of the frames that `mesh` receives, as they come. */
export function numbersOf(mesh: Mesh): number[] {
  const numbers: number[] = []
  mesh.onFrame((_from, frame) => numbers.push(Buffer.from(frame).readUInt32LE(0)))
  return numbers
}
