import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../../../src/kernel/clock.ts'
import { silentLogger } from '../../../src/kernel/logger.ts'
import { ensureIdentity, type MeshIdentity } from '../../../src/p2p/identity.ts'
import { Mesh } from '../../../src/p2p/mesh.ts'
import type { MeshMember } from '../../../src/p2p/types.ts'
import { freePort } from '../../support/ports.ts'
import { until } from '../../support/until.ts'

const folder = mkdtempSync(join(tmpdir(), 'mesh-'))
const running: Mesh[] = []

afterEach(async () => {
  for (const mesh of running.splice(0)) await mesh.stop()
  rmSync(folder, { recursive: true, force: true })
})

async function member(name: string): Promise<{ member: MeshMember; identity: MeshIdentity }> {
  const identity = await ensureIdentity(join(folder, `${name}.key`))
  const port = await freePort()
  return { member: { id: name, name, peerId: identity.peerId, host: '127.0.0.1', port }, identity }
}

async function start(self: string, identity: MeshIdentity, members: MeshMember[]): Promise<Mesh> {
  const mesh = new Mesh({ self, members, identity, clock: systemClock, logger: silentLogger })
  running.push(mesh)
  await mesh.start()
  return mesh
}

test('members exchange frames in order, faults drop them, a dead peer is reported lost', async () => {
  const a = await member('a')
  const b = await member('b')
  const members = [a.member, b.member]
  const meshA = await start('a', a.identity, members)
  const meshB = await start('b', b.identity, members)
  const got: number[] = []
  meshB.onFrame((from, frame) => {
    expect(from).toBe('a')
    got.push(Buffer.from(frame).readUInt32LE(0))
  })
  const lost: string[] = []
  meshA.onPeerLost(peer => lost.push(peer))
  await until('links are up', () => meshA.connected('b') && meshB.connected('a'))

  const numbered = (n: number, size: number) => {
    const frame = Buffer.alloc(size)
    frame.writeUInt32LE(n, 0)
    return frame
  }
  for (let n = 0; n < 500; n++) meshA.send('b', numbered(n, n % 7 === 0 ? 100_000 : 8))
  await until('all frames', () => got.length === 500)
  expect(got).toEqual(Array.from({ length: 500 }, (_, n) => n))

  meshB.faults.set('a', { drop: true })
  meshA.send('b', numbered(1_000, 8))
  meshB.faults.set('a', { drop: true })
  meshB.gossip.subscribe('t', () => {})
  meshB.faults.heal()
  await until('delivery after healing', () => {
    meshA.send('b', numbered(2_000, 8))
    return got.includes(2_000)
  })

  await meshB.stop()
  await until('the loss is seen', () => lost.includes('b'))
})

test('gossip reaches the other member', async () => {
  const a = await member('a')
  const b = await member('b')
  const members = [a.member, b.member]
  const meshA = await start('a', a.identity, members)
  const meshB = await start('b', b.identity, members)
  const heard: unknown[] = []
  meshB.gossip.subscribe('status', (_peer, value) => heard.push(value))
  meshA.gossip.subscribe('status', () => {})
  await until('gossip', () => {
    meshA.gossip.publish('status', { term: 3 })
    return heard.length > 0
  })
  expect(heard[0]).toEqual({ term: 3 })
})

test('a stranger who knows the address gets no link', async () => {
  const a = await member('a')
  const b = await member('b')
  const stranger = await ensureIdentity(join(folder, 'stranger.key'))
  const meshA = await start('a', a.identity, [a.member, b.member])
  let frames = 0
  meshA.onFrame(() => {
    frames++
  })
  const posing = { ...b.member, peerId: stranger.peerId }
  const meshX = await start('b', stranger, [a.member, posing])
  let everUp = false
  meshX.onPeerUp(() => {
    everUp = true
  })
  for (let n = 0; n < 30; n++) {
    meshX.send('a', Buffer.from('hello'))
    await new Promise(resolve => setTimeout(resolve, 20))
  }
  expect(everUp).toBe(false)
  expect(frames).toBe(0)
})
