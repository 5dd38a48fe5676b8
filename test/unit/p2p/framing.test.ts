import { Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { FrameWriter, queueBytesMax } from '../../../src/p2p/frame-writer.ts'
import { FrameReader, frameBytesMax, packFrames } from '../../../src/p2p/framing.ts'

const texts = (frames: readonly Uint8Array[]) => frames.map(frame => Buffer.from(frame).toString())

test('frames come back whole however the bytes were cut', () => {
  const sent = ['', 'a', 'bc', 'd'.repeat(300), '', 'e'.repeat(70_000)]
  const bytes = packFrames(sent.map(text => Buffer.from(text)))
  for (const size of [1, 2, 3, 5, 7, 64, 1_000, bytes.length]) {
    const reader = new FrameReader()
    const got: string[] = []
    for (let at = 0; at < bytes.length; at += size) {
      got.push(...texts(reader.push(bytes.subarray(at, at + size))))
    }
    expect(got).toEqual(sent)
  }
})

test('a frame beyond the limit is refused as soon as its length is known', () => {
  const header = Buffer.alloc(4)
  header.writeUInt32LE(frameBytesMax + 1)
  const reader = new FrameReader()
  expect(reader.push(header.subarray(0, 3))).toEqual([])
  expect(() => reader.push(header.subarray(3))).toThrow(RangeError)
})

/** A socket that takes bytes only when it is told to. */
class SlowSocket extends Writable {
  readonly writes: Buffer[] = []
  release: () => void = () => {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(chunk)
    this.release = done
  }
}

test('the first frame of a turn is written at once, the others together at its end', async () => {
  const socket = new SlowSocket()
  const writer = new FrameWriter(socket)
  for (const text of ['one', 'two', 'three']) writer.write(Buffer.from(text))
  expect(socket.writes.length).toBe(1)
  socket.release()
  await new Promise(resolve => setImmediate(resolve))
  expect(socket.writes.length).toBe(2)
  expect(texts(new FrameReader().push(Buffer.concat(socket.writes)))).toEqual([
    'one',
    'two',
    'three',
  ])
})

test('the queue counts what the socket has not flushed, and is bounded', async () => {
  const socket = new SlowSocket()
  const writer = new FrameWriter(socket)
  const frame = Buffer.alloc(10 * 1024 * 1024)
  expect([1, 2, 3, 4].map(() => writer.write(frame))).toEqual([true, true, true, false])
  await new Promise(resolve => setImmediate(resolve))
  expect(writer.queuedBytes).toBeGreaterThanOrEqual(3 * frame.length)
  expect(writer.queuedBytes).toBeLessThanOrEqual(queueBytesMax)
  socket.release()
  await new Promise(resolve => setImmediate(resolve))
  expect(writer.write(frame)).toBe(true)
})
