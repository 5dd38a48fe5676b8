import { expect, test } from 'vitest'
import { frameBytesMax } from '../../../src/p2p/framing.ts'
import type { Message } from '../../../src/raft/types.ts'
import { unpackFrame } from '../../../src/store/frames.ts'
import { Outgoing } from '../../../src/store/outgoing.ts'

function append(prevIndex: number, bytes: number): Message {
  const index = prevIndex + 1
  const entry = { index, term: 1, kind: 'command' as const, data: Buffer.alloc(bytes, 1) }
  const at = { type: 'append' as const, from: 'a', to: 'b', term: 1, prevIndex, prevTerm: 1 }
  return { ...at, entries: [entry], commit: 0 }
}

function sent(messages: readonly Message[]): Uint8Array[] {
  const frames: Uint8Array[] = []
  const outgoing = new Outgoing({
    ...{ now: () => 0, defer: () => {}, wake: () => {} },
    send: (_to, frame) => frames.push(frame),
  })
  outgoing.send(messages)
  return frames
}

test('what a follower lags behind in large entries leaves in frames that the mesh takes', () => {
  const messages = Array.from({ length: 14 }, (_, at) => append(at, 1_400_000))
  const frames = sent(messages)
  for (const frame of frames) expect(frame.length).toBeLessThan(frameBytesMax)
  const arrived = frames.flatMap(frame => unpackFrame(frame, 'a', 'b').r ?? [])
  expect(arrived.map(message => message.type === 'append' && message.prevIndex)).toEqual(
    messages.map((_, at) => at),
  )
})

test('small messages of a turn share a frame', () => {
  expect(sent(Array.from({ length: 100 }, (_, at) => append(at, 300)))).toHaveLength(1)
})
