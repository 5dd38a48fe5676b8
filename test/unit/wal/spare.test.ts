import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { sleep } from '../../../src/kernel/clock.ts'
import { createDisk } from '../../../src/wal/disk.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-spare-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const bytes = 24 << 20

test('nobody writes into a spare any more that is in use', async () => {
  const disk = createDisk(folder)
  // Again and again until it is there, as a log does that fills segments faster.
  for (let time = 0; !existsSync(join(folder, 'spare')); time++) {
    if (time % 50 === 0) disk.prepare!('spare', bytes)
    await new Promise(resolve => setImmediate(resolve))
  }
  disk.rename('spare', 'log')
  const log = disk.open('log')
  log.write(Buffer.alloc(bytes, 1), 0)
  log.close()
  // Time for whoever would still write.
  await sleep(300)
  await disk.settle?.()
  expect(readFileSync(join(folder, 'log')).indexOf(0)).toBe(-1)
})
