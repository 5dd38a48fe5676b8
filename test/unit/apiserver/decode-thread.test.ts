import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { packageRoot } from '../../../src/api/schema/files.ts'
import type { DecodeJob } from '../../../src/apiserver/http/decode.ts'
import type { BodyDecoder } from '../../../src/apiserver/http/decoder.ts'
import { systemClock } from '../../../src/kernel/clock.ts'

/** Threads run from what the build made. */
const built = join(packageRoot(), 'dist', 'src', 'apiserver', 'http', 'decoder.js')
const { BodyDecoder: Built } = (await import(pathToFileURL(built).href)) as {
  BodyDecoder: typeof BodyDecoder
}
const decoder = new Built(systemClock)
afterAll(() => decoder.stop())

function jobOf(text: string, type: string): DecodeJob {
  const expected = { apiVersion: 'v1', kind: 'ConfigMap' }
  return { body: Buffer.from(text), type, fieldValidation: 'Warn', expected }
}

test('a large body is read beside the main thread, to the same value', async () => {
  expect(existsSync(built)).toBe(true)
  const keys = Array.from({ length: 20_000 }, (_, at) => `  k${at}: "v"`).join('\n')
  let turns = 0
  let done = false
  const spin = () => {
    turns++
    if (!done) setImmediate(spin)
  }
  spin()
  const reading = decoder.decode(jobOf(`data:\n${keys}\n  __proto__: "1"\n`, 'application/yaml'))
  const { value } = await reading.finally(() => {
    done = true
  })
  const { data } = value as { data: Record<string, string> }
  expect(Object.keys(data)).toHaveLength(20_001)
  expect(Object.hasOwn(data, '__proto__')).toBe(true)
  // Hundreds of milliseconds of work: on this thread it would have been one turn.
  expect(turns).toBeGreaterThan(20)
})

test('what it refuses is refused with the same Status, and integers keep their digits', async () => {
  const long = jobOf(`{"data":{"a":"${'x'.repeat(200_000)}"},"x":1`, 'application/json')
  await expect(decoder.decode(long)).rejects.toMatchObject({
    status: { code: 400, reason: 'BadRequest' },
  })
  const generation = '{"metadata":{"generation":9007199254740993},'
  const whole = `${generation}"data":{"a":"${'x'.repeat(200_000)}"}}`
  const { value } = await decoder.decode(jobOf(whole, 'application/json'))
  expect((value as { metadata: { generation: bigint } }).metadata.generation).toBe(
    9007199254740993n,
  )
})
