import { EventEmitter } from 'node:events'
import { PassThrough } from 'node:stream'
import { expect, test } from 'vitest'
import { BodyReader } from '../../../src/apiserver/http/read-body.ts'

const piece = Buffer.alloc(1_000, 'x')

/** A body of so many pieces, and the answer to it. */
function request(reader: BodyReader, pieces: number, bytesMax = 10_000) {
  const message = new PassThrough({ highWaterMark: 1 << 20 })
  const answer = new EventEmitter()
  const body = reader.read(message, answer, bytesMax)
  for (let n = 0; n < pieces; n++) message.write(piece)
  return { message, body, answered: () => answer.emit('close') }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

test('a body is whole, and weighs until it is answered', async () => {
  const reader = new BodyReader(100_000)
  const { message, body, answered } = request(reader, 3)
  message.end()
  expect(await body).toEqual(Buffer.concat([piece, piece, piece]))
  expect(reader.heldBytes).toBe(3_000)
  answered()
  expect(reader.heldBytes).toBe(0)
})

test('of one that is too long nothing is kept, and its end is waited for', async () => {
  const reader = new BodyReader(100_000)
  const { message, body } = request(reader, 11)
  await turn()
  expect(reader.heldBytes).toBe(0)
  message.end(piece)
  expect(await body).toBe('too long')
  expect(reader.heldBytes).toBe(0)
})

test('many that never end weigh no more than all may, and others come when they are gone', async () => {
  const reader = new BodyReader(100_000)
  const slow = Array.from({ length: 200 }, () => request(reader, 9))
  await turn()
  expect(reader.heldBytes).toBeLessThanOrEqual(100_000)
  expect(reader.heldBytes).toBeGreaterThan(90_000)
  const late = request(reader, 9)
  late.message.end()
  expect(await late.body).toBe('too many')
  for (const { message, body, answered } of slow) {
    body.catch(() => {})
    message.destroy()
    answered()
  }
  await turn()
  expect(reader.heldBytes).toBe(0)
  const next = request(reader, 9)
  next.message.end()
  expect(await next.body).toHaveLength(9_000)
})
