import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDisk } from '../../../src/wal/disk.ts'
import { until } from '../../support/until.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'quorate-spare-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const bytes = 24 << 20

test('nobody writes into a spare any more that is in use', async () => {
  const disk = createDisk(folder)
  for (let time = 0; time < 4; time++) disk.prepare!('spare', bytes)
  await until('the spare is there', () => disk.list().includes('spare'))
  disk.rename('spare', 'log')
  const log = disk.open('log')
  log.write(Buffer.alloc(bytes, 1), 0)
  log.sync()
  log.close()
  // What else was begun comes to its end: a file that was asked for now is the last one.
  await until('no other is being made', () => !existsSync(join(folder, 'spare.tmp')))
  disk.prepare!('spare', bytes)
  await until('another spare', () => disk.list().includes('spare'))
  await disk.settle?.()
  expect(readFileSync(join(folder, 'log')).every(byte => byte === 1)).toBe(true)
})
