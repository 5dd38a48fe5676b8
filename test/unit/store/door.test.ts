import { Packr } from 'msgpackr'
import { afterEach, expect, test } from 'vitest'
import { isPlain } from '../../../src/kernel/plain.ts'
import type { Message } from '../../../src/raft/types.ts'
import { joinCommands, packCommand } from '../../../src/store/command.ts'
import { type Frame, packFrame, type Refusal, unpackFrame } from '../../../src/store/frames.ts'
import type { Replica } from '../../../src/store/replica.ts'
import { put, TestCluster, until } from './cluster.ts'

/** What comes over the mesh is checked for who sends it, and for every field of it. */
let cluster: TestCluster
const refused: Refusal[] = []
afterEach(async () => {
  refused.length = 0
  await cluster.close()
})

async function open(): Promise<Replica> {
  cluster = new TestCluster(['a', 'b', 'c'], { onRefused: refusal => refused.push(refusal) })
  await cluster.openAll()
  return cluster.leader()
}

/** Sends frames as `from`, then one put: when it is done, all of them have been seen. */
async function send(from: string, to: Replica, frames: readonly (Frame | Uint8Array)[]) {
  const channel = cluster.network.channel(from)
  for (const frame of frames) {
    channel.send(to.core.id, frame instanceof Uint8Array ? frame : packFrame(frame))
  }
  return to.txn(put('after'))
}

function forgeries(from: string, { core }: Replica): Frame[] {
  const envelope = { from, to: core.id, term: core.term + 5 }
  const vote = { pre: false, lastIndex: 1e6, lastTerm: core.term + 5, force: true }
  const command = packCommand({
    ...{ origin: 'b', incarnation: 9, sequence: 1, settledBelow: 1, fence: 0 },
    action: { type: 'member-remove', id: 'b' },
  })
  const messages: Message[] = [
    { ...envelope, type: 'vote', ...vote },
    { ...envelope, type: 'heartbeat', commit: 0, round: 0, late: 0 },
  ]
  return [
    ...messages.map(message => ({ r: [message] })),
    { x: { reason: 'removed' } },
    { p: [command], t: core.term },
    { p: [Buffer.from([0xc1])], t: core.term },
    { s: { id: 1, n: 0, term: core.term + 5, data: Buffer.from([0xc1]), last: true } },
    {
      q: { id: 1, request: { type: 'change', change: { kind: 'remove', id: 'b' }, strict: false } },
    },
  ]
}

test('nothing that a worker sends reaches consensus', async () => {
  const leader = await open()
  const { term } = leader.core
  expect(await send('worker', leader, forgeries('worker', leader))).toMatchObject({ ok: true })
  expect(refused).toEqual([])
  expect([leader.core.term, leader.core.role]).toEqual([term, 'leader'])
  expect(leader.machine.roster.isRemoved('b')).toBe(false)
  const { refusedFrames } = (await leader.status()).counters
  expect(refusedFrames).toBe(forgeries('worker', leader).length)
})

test('nothing that a removed peer sends reaches consensus: it is told that it was removed', async () => {
  const leader = await open()
  const { id } = cluster.follower().core
  await cluster.stop(id)
  await until('removal', () => leader.memberRemove(id).then(({ ok }) => ok || undefined))
  const told: Frame[] = []
  const channel = cluster.network.channel(id)
  channel.onFrame((from, frame) => told.push(unpackFrame(frame, from, id)))
  const { term } = leader.core
  for (const frame of forgeries(id, leader)) channel.send(leader.core.id, packFrame(frame))
  await until('an answer', () => told.some(({ x }) => x?.reason === 'removed'))
  expect(await leader.txn(put('after'))).toMatchObject({ ok: true })
  expect([leader.core.term, refused]).toEqual([term, []])
})

test('a removal is not believed from one follower, and is from a majority of the others', async () => {
  const leader = await open()
  const [left, right] = ['a', 'b', 'c'].filter(id => id !== leader.core.id)
  const forged: Frame = { x: { reason: 'removed' } }
  expect(await send(left!, leader, [forged, forged])).toMatchObject({ ok: true })
  expect(refused).toEqual([])
  cluster.network.channel(right!).send(leader.core.id, packFrame(forged))
  await until('a refusal', () => refused.length > 0)
})

test('a follower proposes for itself only, and nothing that can not be read', async () => {
  const leader = await open()
  const { id } = cluster.follower().core
  const identity = { incarnation: 99, sequence: 1, settledBelow: 1, fence: 0 }
  const action = { type: 'member-remove', id: 'x' } as const
  const foreign = packCommand({ origin: 'mallory', ...identity, action })
  const wrong = packCommand({ origin: id, ...identity, action: { type: 'nonsense' } as never })
  const joined = joinCommands([foreign])
  const { term: t } = leader.core
  const before = leader.machine.counters.applied
  await send(id, leader, [{ p: [foreign, wrong, joined, Buffer.alloc(3)], t }])
  // The put above, and nothing else but what members publish of themselves.
  expect(leader.machine.roster.removed).toEqual([])
  expect(leader.machine.counters.applied).toBeGreaterThan(before)
  expect((await leader.status()).counters.refusedFrames).toBe(4)
})

test('a snapshot that can not be read ends its transfer, and nothing else', async () => {
  const leader = await open()
  const follower = cluster.follower()
  const { term } = leader.core
  const data = Buffer.from([0xc1])
  const slices = [data, packr.pack({ index: -1 }), packr.pack('text')]
  const frames = slices.map((each, at): Frame => {
    return { s: { id: at + 1, n: 0, term, data: each, last: true } }
  })
  // As the leader, and as one that is none.
  expect(await send(leader.core.id, follower, frames)).toMatchObject({ ok: true })
  expect(await follower.txn(put('and on'))).toMatchObject({ ok: true })
})

test('an action that no member could apply is refused where it is proposed', async () => {
  const leader = await open()
  const bad = { key: 'k', value: 'text, not bytes' as unknown as Uint8Array, type: 'put' as const }
  const result = await leader.compact('everything' as unknown as number)
  expect(result).toMatchObject({ ok: false, why: 'invalid' })
  const request = { compares: [], success: [bad], failure: [] }
  expect(await cluster.follower().txn(request)).toMatchObject({ ok: false, why: 'invalid' })
})

const packr = new Packr({ useRecords: false })

test.each<[string, unknown]>([
  ['a list', []],
  ['a message without its fields', { r: [[0, 1]] }],
  ['an unknown message', { r: [[99, 1]] }],
  ['a term that is no integer', { r: [[2, 1.5, 0]] }],
  ['a term beyond all terms', { r: [[2, 2 ** 40, 0]] }],
  ['a negative index', { r: [[2, 1, -1]] }],
  ['an append with a gap', { r: [[0, 2, 4, 1, [9, 1, 0, Buffer.alloc(0)], 3]] }],
  ['an append whose terms fall', { r: [[0, 2, 4, 2, [5, 1, 0, Buffer.alloc(0)], 3]] }],
  ['an entry of a later term', { r: [[0, 2, 4, 1, [5, 3, 0, Buffer.alloc(0)], 3]] }],
  ['a config entry that is none', { r: [[0, 2, 4, 1, [5, 2, 2, Buffer.from('{}')], 3]] }],
  ['entries without data', { r: [[0, 2, 4, 1, [5, 2, 1, 'text'], 3]] }],
  ['a proposal that is no bytes', { p: ['text'], t: 1 }],
  ['a request without a name', { q: { id: 1, request: { type: 'toString' } } }],
  ['a request of a prototype', { q: { id: 1, request: { type: 'constructor' } } }],
  ['a refusal without a reason', { x: {} }],
  ['a date', { t: new Date() }],
  ['a map', { m: new Map() }],
])('%s is no frame', (_, value) => {
  expect(() => unpackFrame(packr.pack(value), 'a', 'b')).toThrow()
})

test('plain MessagePack has no lengths beyond its end, no depth without end, no extensions', () => {
  expect(isPlain(packr.pack({ a: [1, -7, 2 ** 40, 1.5, 'x', undefined, null, true, {}] }))).toBe(
    true,
  )
  expect(isPlain(packr.pack(['x'.repeat(300), Buffer.alloc(70_000), 'y'.repeat(70_000)]))).toBe(
    true,
  )
  expect(isPlain(Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]))).toBe(false)
  expect(isPlain(Buffer.alloc(100, 0x91))).toBe(false)
  expect(isPlain(Buffer.from([0xc6, 0, 0, 1, 0, 1]))).toBe(false)
  expect(isPlain(new Packr({ structuredClone: true }).pack(new Set([1])))).toBe(false)
  expect(isPlain(Buffer.concat([packr.pack(1), packr.pack(2)]))).toBe(false)
  expect(isPlain(new Uint8Array(0))).toBe(false)
})
